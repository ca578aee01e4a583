package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/state"
)

// scaleRules are four severities, and services to choose from.
func scaleRules() incidents.Rules {
	r := incidents.Rules{Location: time.UTC, FirstResponse: []string{"Triage", "Notify", "Isolate"}, Prefix: "inc", DrillPrefix: "drill"}
	for n := range 4 {
		r.Severities = append(r.Severities, incidents.Severity{Name: fmt.Sprint("sev", n+1), When: "It is bad.", UpdateEvery: time.Hour, PostMortem: n < 2})
	}
	return r
}

// plantIncidents leaves open incidents in the state, with everything about them brought about already: n with as many
// entries each on their timelines, and as many private ones as there are channels for them.
func plantIncidents(ctx context.Context, store state.Store, n, entries int, private []string) error {
	desk := incidents.New(incidents.Options{Store: store, Events: events.New(store), Rules: scaleRules()})
	by := chat.User{ID: "U0AUTHOR0", Name: "author"}
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(256) // what is written at the same time shares a sync of the disk
	for i := range n {
		at := time.Now().Add(-time.Duration(n-i) * 3 * time.Hour)
		act := func(what string) incidents.Act {
			return incidents.Act{Request: fmt.Sprint(what, i), By: by, At: at.Add(time.Duration(i%40+1) * time.Minute)}
		}
		declared := incidents.Declaration{Title: strings.Repeat("Payments are failing & slow ", 4), Severity: fmt.Sprint("sev", i%4+1),
			Services: []string{fmt.Sprint("service-", i%30), "shop"}, Seen: strings.Repeat("Much is seen. ", 100), Private: i < len(private)}
		made, err := desk.Declare(ctx, incidents.Act{Request: fmt.Sprint("declare", i), By: by, At: at}, declared)
		if err != nil {
			return err
		}
		_, err = desk.Change(ctx, made.Number, act("mitigate"), func(i *incidents.Incident) error {
			return i.Advance(desk.Rules(), act("mitigate"), incidents.Mitigated, "")
		})
		if err != nil {
			return err
		}
		if err := settle(ctx, store, made.Number, append(private, make([]string, n)...)[i]); err != nil {
			return err
		}
		for e := range entries {
			writers.Go(func() error {
				return desk.Enter(ctx, incidents.Entry{ID: fmt.Sprint("note/", e), Incident: made.Number, At: at.Add(time.Duration(e) * time.Minute),
					Source: incidents.FromNote, By: by, Text: strings.Repeat("What somebody saw. ", 20)})
			})
		}
	}
	return writers.Wait()
}

// settle notes that all is brought about, in a channel.
func settle(ctx context.Context, store state.Store, number int, channel string) error {
	record, err := store.Get(ctx, "incident", fmt.Sprintf("%08d", number))
	if err != nil {
		return err
	}
	var value map[string]any
	if err := json.Unmarshal(record.Value, &value); err != nil {
		return err
	}
	if channel == "" {
		channel = fmt.Sprintf("C0SCALE%03d", number)
	}
	value["place"] = map[string]any{"channel": channel, "name": fmt.Sprint("inc-", number)}
	delete(value, "lanes")
	record.Fields["channel"] = channel
	maps.DeleteFunc(record.Fields, func(name, _ string) bool { return strings.HasPrefix(name, "due ") })
	if record.Value, err = json.Marshal(value); err != nil {
		return err
	}
	return store.Update(ctx, record)
}

// BenchmarkScale asks for what people ask for while 200 incidents are open with 1,000 timeline entries each.
func BenchmarkScale(b *testing.B) {
	ctx := b.Context()
	store, err := state.OpenSQLite(ctx, filepath.Join(b.TempDir(), "state.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	require.NoError(b, plantIncidents(ctx, store, 200, 1000, nil))
	desk := incidents.New(incidents.Options{Store: store, Events: events.New(store), Rules: scaleRules()})
	parts := commands.Parts{Desk: desk, Incidents: true, Now: time.Now, Events: events.New(store)}
	parts.ShowPicture = func(context.Context, string, string, bot.Picture) error { return nil }
	all := commands.All(parts)
	incident := all[slices.IndexFunc(all, func(c bot.Command) bool { return c.Name == "incident" })]
	ask := func(b *testing.B, word string, words ...string) bot.Reply {
		b.Helper()
		at := slices.IndexFunc(incident.Words, func(w bot.Word) bool { return w.Name == word })
		reply, err := incident.Words[at].Run(ctx, bot.Request{ID: "bench", At: time.Now(), User: chat.User{ID: "U0SOMEONE"}, Channel: "C0OPS",
			Action: "incident " + word, Words: words})
		require.NoError(b, err)
		require.NotEmpty(b, reply.Message.Parts)
		return reply
	}
	for _, line := range []string{"list", "show #100", "timeline #100", "report 30d", "status", "actions"} {
		words := strings.Fields(line)
		b.Run(line, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ask(b, words[0], words[1:]...)
			}
		})
	}
	b.Run("Show in channel", func(b *testing.B) {
		b.ReportAllocs()
		report := ask(b, "report").Message.Parts
		button := report[len(report)-1].(chat.Actions)[0]
		at := slices.IndexFunc(incident.Actions, func(a bot.Action) bool { return a.Name == button.Action })
		for b.Loop() {
			_, err := incident.Actions[at].Run(ctx, bot.Request{ID: "bench", User: chat.User{ID: "U0SOMEONE"}, Channel: "C0OPS", Value: button.Value})
			require.NoError(b, err)
		}
	})
	home := commands.Home(parts)
	section := home.Sections[slices.IndexFunc(home.Sections, func(s bot.Section) bool { return s.Name == "Incidents" })]
	b.Run("App Home", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := section.Draw(ctx, bot.Viewer{User: chat.User{ID: "U0SOMEONE"}})
			require.NoError(b, err)
		}
	})
}

// TestManyIncidents holds that Slack takes what is shown of 200 open incidents, and is asked little for it.
func TestManyIncidents(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	s, err := stage.Start(ctx, stage.Options{Dir: dir, Scale: 0.02, Folder: true, Approvals: 1, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	var private []string
	for n := range 30 {
		private = append(private, s.Slack.AddPrivateChannel(fmt.Sprint("inc-private-", n), s.Ben, s.Slack.BotUserID()))
	}
	c, err := config.Load(s.ConfigFile())
	require.NoError(t, err)
	a, err := app.Open(ctx, c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	require.NoError(t, plantIncidents(ctx, a.State, 200, 30, private))
	running, stop := context.WithCancel(ctx)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(running, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	<-ready

	talk := &stage.Conversation{Stage: s, Patience: 20 * time.Second, Out: t.Output()}
	asked := func() (n int) {
		for _, call := range s.Slack.Calls() {
			if call.Method == "conversations.members" || call.Method == "users.conversations" {
				n++
			}
		}
		return n
	}
	before := asked()
	require.NoError(t, talk.Says(s.Chitra, "/incident list"))
	require.NoError(t, talk.Hears(s.Chitra, `🔒 \*#1\* sev1 · private`, `185 more`))
	require.LessOrEqual(t, asked()-before, 1, "one call says it of all private ones")
	require.NoError(t, talk.Says(s.Ben, "/incident list"))
	require.NoError(t, talk.Hears(s.Ben, `\*#1\* sev1 · Payments are failing`))
	require.NoError(t, talk.Presses(s.Ben, "185 more ▶"))
	require.NoError(t, talk.HearsAgain(s.Ben, `170 more`))
	require.NoError(t, talk.Says(s.Chitra, "/incident status mitigated"))
	require.NoError(t, talk.Hears(s.Chitra, `Which incident is meant`))
	require.NoError(t, talk.Says(s.Chitra, "/incident show #100"))
	require.NoError(t, talk.Hears(s.Chitra, `#100 Payments`))
	require.NoError(t, talk.Says(s.Chitra, "/incident timeline #100"))
	require.NoError(t, talk.Hears(s.Chitra, `Timeline of #100`, `What somebody saw`))
	require.NoError(t, talk.Says(s.Chitra, "/incident report"))
	require.NoError(t, talk.Hears(s.Chitra, `200 incidents: 200 going on. 30 of them are private`, `and 23 others`, `mitigate   200`))
	require.NoError(t, talk.Presses(s.Chitra, "Show in channel"))
	require.NoError(t, talk.Sees(`200 incidents`))
	require.NoError(t, talk.OpensHome(s.Chitra))
	require.NoError(t, talk.HomeShows(s.Chitra, `Payments are failing`))
}
