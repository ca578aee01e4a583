package checklists

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
)

// TestPressedInSlack has two people tick in the message itself: what they choose comes through Slack and the bot.
func TestPressedInSlack(t *testing.T) {
	o := newOffice(t, nil)
	dora := o.server.AddUser("dora")
	listener, err := bot.New(bot.Options{Slack: o.slack, Store: o.o.Store, Events: o.o.Events, Commands: []bot.Command{{
		Name: "checklist", Summary: "lists", Role: bot.Anyone, Run: o.press, Actions: []bot.Action{{Name: "checklist.tick", Role: bot.Anyone, Run: o.press}},
	}}})
	require.NoError(t, err)
	o.run(listener.Run)
	require.NoError(t, o.server.Faults().WaitSockets(t.Context(), 1))
	require.NoError(t, o.Scheduled(t.Context(), "daily", nine, false))
	o.at(nine)
	l, err := o.Get(t.Context(), 1)
	require.NoError(t, err)
	choose := func(who string, want []int, items ...string) {
		require.NoError(t, o.server.As(who).Choose(l.Place.Channel, l.Place.TS, o.boxes(), items...))
		require.Eventually(t, func() bool {
			l, err := o.Get(t.Context(), 1)
			require.NoError(t, err)
			return slicesEqual(ticked(l), want)
		}, 10*time.Second, 10*time.Millisecond)
		require.NoError(t, o.Step(t.Context()))
	}
	first := o.boxes()
	choose(o.anna.ID, []int{1, 2}, "2")
	require.NotEqual(t, first, o.boxes(), "the group is drawn anew")
	choose(dora, []int{1, 2, 3}, "2", "3")
	choose(o.anna.ID, []int{1, 3}, "3")
	choose(dora, []int{1})
	require.Contains(t, o.said(false)[0], "1 of 4")
}

func slicesEqual(a, b []int) bool { return joined(a) == joined(b) }

// press is what a handler of the checkboxes does.
func (o *office) press(ctx context.Context, r bot.Request) (bot.Reply, error) {
	number, g, chosen, err := ParseGroup(r.Value, r.Picked)
	if err != nil {
		return bot.Reply{}, err
	}
	act := Act{Request: r.ID, By: r.User, At: r.At}
	_, err = o.Change(ctx, number, act, func(l *List) error { return l.Choose(act, g, chosen) })
	return bot.Reply{}, err
}

// boxes is the action of the first group as it stands in the message.
func (o *office) boxes() string {
	o.t.Helper()
	var blocks []struct {
		Elements []struct {
			Type     string `json:"type"`
			ActionID string `json:"action_id"`
		} `json:"elements"`
	}
	for _, m := range o.server.Messages(o.server.Channel("ops")) {
		if strings.Contains(string(m.Blocks), "checkboxes") {
			require.NoError(o.t, json.Unmarshal(m.Blocks, &blocks))
		}
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			if e.Type == "checkboxes" {
				return e.ActionID
			}
		}
	}
	o.t.Fatal("no checkboxes stand in the channel")
	return ""
}
