package checkup

import (
	"context"
	"slices"
	"strings"
)

// SlashCommands says what can be known of the registration of the commands: the scope, and not the names. Slack tells
// them only to whoever holds a configuration token of the app.
// https://docs.slack.dev/reference/methods/apps.manifest.export
func (s *Slack) SlashCommands(prefix string, names []string) Probe {
	return Probe{Section: slackTitle, Run: func(ctx context.Context, found *Rows) {
		grant, ok := s.signedIn(ctx, found, "commands")
		if !ok {
			return
		}
		if len(grant.Scopes) > 0 && !slices.Contains(grant.Scopes, "commands") {
			found.Skip("commands", "because the scope `commands` is missing")
			return
		}
		shown := make([]string, len(names))
		for i, name := range names {
			shown[i] = "/" + prefix + name
		}
		found.Skip("commands", "because Slack tells no bot which are registered; the manifest must hold "+strings.Join(shown, ", "))
	}}
}
