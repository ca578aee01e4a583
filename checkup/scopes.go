package checkup

import (
	"context"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

const reinstall = "Add them under OAuth & Permissions, Bot Token Scopes, and install the app again."

// Scopes compares the scopes that were granted with those that are needed.
func (s *Slack) Scopes(needed []bot.Scope) Probe {
	return Probe{Section: slackTitle, Run: func(ctx context.Context, found *Rows) {
		grant, ok := s.signedIn(ctx, found, "scopes")
		if !ok {
			return
		}
		if len(grant.Scopes) == 0 {
			found.Skip("scopes", "because Slack did not say which were granted")
			return
		}
		var missing, wanting, more []string
		known := map[string]bool{}
		for _, scope := range needed {
			known[scope.Name] = true
			switch has := slices.Contains(grant.Scopes, scope.Name); {
			case !has && scope.Optional:
				wanting = append(wanting, scope.String())
			case !has:
				missing = append(missing, scope.String())
			}
		}
		for _, scope := range grant.Scopes {
			if !known[scope] {
				more = append(more, chat.Literal(scope))
			}
		}
		if len(missing) > 0 {
			found.Fail("scopes", "missing: "+strings.Join(missing, ", "), escaped(reinstall))
		} else {
			found.OK("scopes", "all that are needed are granted")
		}
		if len(wanting) > 0 {
			found.Remark("scopes", "opsbot works without, but not as well: "+strings.Join(wanting, ", "), escaped(reinstall))
		}
		if len(more) > 0 {
			found.Remark("scopes", "granted and not needed: "+some(more), "Take them away if no other part of the app uses them.")
		}
	}}
}

func escaped(s string) string { return chat.Escape(s) }
