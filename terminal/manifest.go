package terminal

import (
	"bytes"
	"encoding/json"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/config"
)

// manifest prints what Slack needs in order to make the app. It comes before there are tokens, so it asks for none.
func (t *terminal) manifest() *cobra.Command {
	format := "yaml"
	cmd := &cobra.Command{
		Use: "manifest", Short: "Print the manifest from which Slack makes the app", Args: cobra.NoArgs,
		Long: "Prints the manifest from which Slack makes the app: api.slack.com/apps, Create New App, From a manifest.\n" +
			"It reads the commands' prefix and the roles; tokens and other secrets need not be there yet.",
		RunE: func(*cobra.Command, []string) error {
			if format != "yaml" && format != "json" {
				return usageError{chat.Unknown("format", format, []string{"yaml", "json"})}
			}
			c, err := config.LoadForManifest(t.config)
			if err != nil {
				return usageError{err}
			}
			m, err := app.Manifest(c)
			if err != nil {
				return err
			}
			text, err := json.MarshalIndent(m, "", "  ")
			if err != nil {
				return err
			}
			if format == "yaml" {
				if text, err = yaml.JSONToYAML(text); err != nil {
					return err
				}
			}
			say(t.Out, "%s\n", bytes.TrimSpace(text))
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "yaml or json")
	return cmd
}
