package commands_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

// TestHealthOfManyChecks has the list of 500 checks, most of which are down, in one message with a file of all of them.
func TestHealthOfManyChecks(t *testing.T) {
	server, err := slack.Start(slack.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	server.AddChannel("ops", server.AddUser("anna"))
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	rules := health.Rules{Channel: "ops"}
	standings := state.NewCollection[health.Standing](store, "health-standing", nil)
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	for n := range 500 {
		name := fmt.Sprintf("a-check-with-quite-a-long-name-%03d", n)
		c := health.Check{Name: name, Every: time.Minute, Timeout: time.Second, FailAfter: 2, RecoverAfter: 2, Target: strings.Repeat("https://example.com/ ", 10)}
		s := health.Standing{Check: name, Status: []health.Status{health.Up, health.Down, health.Blind, health.Down, health.Up}[n%5], Since: now.Add(-time.Duration(n) * time.Minute)}
		if n%5 == 3 {
			c.DependsOn = []string{"a-check-with-quite-a-long-name-001"}
		}
		if n%10 == 4 {
			s.Mute = health.Mute{Until: now.Add(time.Hour), By: chat.User{ID: "U0AAAAAAA"}, Reason: strings.Repeat("why ", 50)}
		}
		s.Last = []health.Result{{At: now.Add(-time.Minute), Took: time.Second, Outcome: health.Failed, Say: strings.Repeat("<no> & ", 25)}}
		rules.Checks = append(rules.Checks, c)
		require.NoError(t, standings.Insert(t.Context(), name, s))
	}
	m := health.New(health.Options{Store: store, Events: events.New(store), Rules: rules, Now: func() time.Time { return now }})
	p := commands.Parts{Health: m, Checks: true, Now: func() time.Time { return now }}
	var command bot.Command
	for _, c := range commands.All(p) {
		if c.Name == "health" {
			command = c
		}
	}
	reply, err := command.Run(t.Context(), bot.Request{})
	require.NoError(t, err)
	require.Equal(t, "🔴 100 down, 100 down because of others, 100 unknown, 50 muted or in maintenance, 150 up", reply.Message.Summary)
	require.True(t, reply.Message.Private)

	voice := bot.NewSlack(bot.SlackOptions{BotToken: server.BotToken(), AppToken: server.AppToken(), APIURL: server.APIURL(), Store: store, EditEvery: time.Millisecond})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- voice.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	reply.Message.Private = false
	_, err = voice.Post(t.Context(), "ops", *reply.Message)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(server.Messages(server.Channel("ops"))) == 2 }, 20*time.Second, 10*time.Millisecond, "the message and its file")
	said := server.Messages(server.Channel("ops"))[0].Plain()
	require.Contains(t, said, "🔴 *a-check-with-quite-a-long-name-496*", "what is down for longest comes first")
	require.Contains(t, said, "… and 95 more that are unknown")
	require.Contains(t, said, "🟢 150 are up")
	require.Contains(t, said, "Look again")
	for _, part := range reply.Message.Parts {
		if sheet, ok := part.(chat.Sheet); ok {
			require.Equal(t, 501, strings.Count(sheet.Whole, "\n"))
		}
	}
}

// TestButtonsOfAnAlertThatHasEnded has every button of an old alert say in plain words that it is over, and change nothing.
func TestButtonsOfAnAlertThatHasEnded(t *testing.T) {
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	ended := health.Alert{ID: "api/1", Check: "api", Began: now.Add(-time.Hour), Stretch: now.Add(-time.Hour), At: now.Add(-time.Hour), Ended: now.Add(-time.Minute)}
	declared := health.Alert{ID: "api/2", Check: "api", Began: now, Stretch: now, At: now, Incident: 7}
	records := state.NewCollection[health.Alert](store, "health-alert", nil)
	require.NoError(t, records.Insert(t.Context(), ended.ID, ended))
	require.NoError(t, records.Insert(t.Context(), declared.ID, declared))
	m := health.New(health.Options{Store: store, Events: events.New(store), Now: func() time.Time { return now },
		Rules: health.Rules{Checks: []health.Check{{Name: "api", Every: time.Minute}}}})
	actions := map[string]bot.Action{}
	for _, c := range commands.All(commands.Parts{Health: m, Checks: true, Incidents: true, Now: func() time.Time { return now }}) {
		for _, a := range c.Actions {
			actions[a.Name] = a
		}
	}
	for _, c := range []struct {
		action, value string
		picked        []string
		say           string
	}{
		{"health.ack", "api/1", nil, "`api` is well again already."},
		{"health.mute", "api/1", []string{"1h"}, "`api` is well again since"},
		{"health.ack", "api/0", nil, "not known any more"},
		{"incident.declare", "alert api/1", nil, "`api` is well again since"},
		{"incident.declare", "alert api/2", nil, "Incident #7 was declared for it already."},
	} {
		reply, err := actions[c.action].Run(t.Context(), bot.Request{ID: "r1", At: now, User: chat.User{ID: "U0AAAAAAA"}, Value: c.value, Picked: c.picked})
		if err == nil && reply.Load != nil {
			_, err = reply.Load(t.Context())
		}
		var problem *chat.Problem
		require.ErrorAs(t, err, &problem, "%s %s", c.action, c.value)
		require.Contains(t, problem.Say, c.say)
		require.NotEmpty(t, problem.Try)
	}
	kept, _, err := records.Get(t.Context(), ended.ID)
	require.NoError(t, err)
	require.Equal(t, ended, kept)
	stand, err := m.Standings(t.Context())
	require.NoError(t, err)
	require.False(t, stand["api"].Mute.Holds(now))
}
