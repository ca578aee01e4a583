package terminal

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/config"
)

// health asks the running bot how it is, for containers that have no other program.
func (t *terminal) health() *cobra.Command {
	ready := false
	c := &cobra.Command{
		Use: "health", Short: "Ask the running bot whether it is well", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(t.config)
			if err != nil {
				return usageError{err}
			}
			host, port, err := net.SplitHostPort(c.HTTP.Listen)
			if err != nil {
				return usageError{errors.New("http.listen is not set in the configuration, so there is nobody to ask")}
			}
			if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
				host = "localhost"
			}
			path := "/healthz"
			if ready {
				path = "/readyz"
			}
			request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
			if err != nil {
				return err
			}
			answer, err := (&http.Client{Timeout: 5 * time.Second}).Do(request)
			if err != nil {
				return fmt.Errorf("the bot does not answer: %w", err)
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(io.LimitReader(answer.Body, 10_000))
			if err != nil {
				return err
			}
			if answer.StatusCode != http.StatusOK {
				return errors.New(strings.TrimSpace(string(text)))
			}
			say(t.Out, "%s", text)
			return nil
		},
	}
	c.Flags().BoolVar(&ready, "ready", false, "ask whether it can work too: state, Slack and object store")
	return c
}
