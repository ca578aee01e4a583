// Package terminal is opsbot's command line: the bot itself, and the same jobs without Slack.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/config"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it was tried and did not succeed
	exitUsage  = 2 // the words or the configuration are wrong; nothing was tried
)

// Streams are where the program reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main runs the program with the arguments after its name and answers its exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	t := &terminal{Streams: s}
	root := t.root()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	t.explain(err)
	var problems *config.Problems
	var usage usageError
	if errors.As(err, &problems) || errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// terminal is what the commands share: the streams and the flags of all of them.
type terminal struct {
	Streams
	config string
}

// usageError is a mistake in the words of the command line.
type usageError struct{ error }

func (t *terminal) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "opsbot",
		Short:         "Backups, restores and the routine jobs of a backend, from Slack and from here",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.PersistentFlags().StringVarP(&t.config, "config", "c", "opsbot.yaml", "the configuration file")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.SuggestionsMinimumDistance = 3
	root.AddCommand(t.run(), t.backup(), t.restore(), t.jobs(), t.approvalCode(), t.version())
	return root
}

func (t *terminal) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which opsbot this is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			say(t.Out, "opsbot %s\n", app.Version)
			return nil
		},
	}
}

// explain tells a person what went wrong and what to try.
func (t *terminal) explain(err error) {
	var problem *chat.Problem
	if errors.As(err, &problem) {
		say(t.Err, "%s\n", plainText(problem.Say))
		if problem.Try != "" {
			say(t.Err, "%s\n", plainText(problem.Try))
		}
		if problem.Err != nil {
			say(t.Err, "Cause: %v\n", problem.Err)
		}
		return
	}
	say(t.Err, "%v\n", err)
}

// say writes for the person at the terminal. When that has gone there is nobody left to tell, so errors are dropped.
func say(to io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(to, format, args...)
}

// open loads the configuration and opens what jobs need.
func (t *terminal) open(ctx context.Context) (*app.App, error) {
	c, err := config.Load(t.config)
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, c, t.logger(c.Log))
}

func (t *terminal) logger(l config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(t.Err, options))
	}
	return slog.New(slog.NewTextHandler(t.Err, options))
}

// person is who sits at the terminal, as far as the system knows.
func person() chat.User {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return chat.User{ID: "terminal:" + name + "@" + host, Name: name + " (terminal)"}
}
