package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/incidents"
)

// TestIncidentsWithoutWhatSlackLacks tells incidents to their end where Slack does less than it could. What could not be
// done is said once in #ops: not again for the next incident, nor by the next process.
func TestIncidentsWithoutWhatSlackLacks(t *testing.T) {
	t.Parallel() // it waits more than it works
	for _, lacking := range []struct {
		name string
		take func(*story)
		said []string
	}{
		{"methods", func(s *story) {
			s.Slack.Faults().Unknown("pins.*", "bookmarks.*", "conversations.setTopic", "conversations.setPurpose", "usergroups.*", "conversations.invite", "reactions.*")
		}, []string{
			"pin an incident's card", "put bookmarks into an incident's channel", "set the topic of an incident's channel", "set the purpose of an incident's channel",
			"read who is in user groups", "invite people into an incident's channel", "mark the messages that are on a timeline",
		}},
		{"optional scopes", func(s *story) {
			c, err := config.Load(s.ConfigFile())
			require.NoError(s, err)
			var needed []string
			for _, scope := range app.Scopes(c) {
				if !scope.Optional {
					needed = append(needed, scope.Name)
				}
			}
			s.Slack.Faults().KeepScopes(needed...)
		}, []string{"pin an incident's card", "put bookmarks into an incident's channel", "read who is in user groups",
			"see private channels"}},
	} {
		t.Run(lacking.name, func(t *testing.T) {
			s := openStory(t)
			lacking.take(s)
			s.tell()
			i, err := s.desk.Get(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, incidents.Closed, i.Status)
			require.Len(t, s.GitHub.Issues("kampyn/backend"), 3, "its post-mortem, its action and an old one")
			once := s.reports()
			for _, what := range lacking.said {
				require.Equal(t, 1, strings.Count(once, "I could not "+what), "%s:\n%s", what, once)
			}
			require.Equal(t, len(lacking.said), strings.Count(once, "I could not"), once)

			s.kill()
			s.start()
			s.Ops = s.ops
			s.does("declare another", func() error { return s.Says(s.Anna, "/incident sev1 Nobody can log in") })
			require.Eventually(t, func() bool {
				i, err := s.desk.Get(t.Context(), 2)
				return err == nil && s.followed(i)
			}, s.Patience, pause)
			require.Equal(t, once, s.reports())
			t.Log(once)
		})
	}
}

// reports are what was said in #ops to everybody.
func (s *story) reports() string {
	var all []string
	for _, m := range s.Slack.Messages(s.ops) {
		if !m.Ephemeral && strings.Contains(m.Plain(), "I could not") {
			all = append(all, m.Plain())
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
