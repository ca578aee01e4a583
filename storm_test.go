package main

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// TestStorm asks for backups while sockets are cut, envelopes come late and more than once, and Slack answers with 429,
// 5xx and nothing. Every command that was acknowledged is done exactly once, and each has one card, which is true. Only
// one is not done: that which comes while a run is under way whose own acknowledgement was lost; it is refused, once.
func TestStorm(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, err := stage.Start(ctx, stage.Options{Dir: t.TempDir(), Scale: 0.01, Folder: true, Approvals: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	c, err := config.Load(s.ConfigFile())
	require.NoError(t, err)
	a, err := app.Open(ctx, c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	runner, err := a.Runner(nil) // only to look
	require.NoError(t, err)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	defer func() {
		stop()
		require.NoError(t, <-ended)
	}()
	<-ready

	s.Slack.Faults().RepeatEnvelopes(2)
	s.Slack.Faults().DelayEnvelopes(30 * time.Millisecond)
	storming, calm := context.WithCancel(ctx)
	var weather sync.WaitGroup
	weather.Go(func() { storm(storming, s.Slack.Faults()) })
	deliveries := askOften(t, s, runner, a.Events)
	calm()
	weather.Wait()
	s.Slack.Faults().Reset()
	runs, err := runner.List(ctx, jobs.Filter{})
	require.NoError(t, err)
	byRequest := map[string]jobs.Run{}
	for _, run := range runs {
		require.NotContains(t, byRequest, run.Request, "two runs for one request")
		byRequest[run.Request] = run
	}
	for _, id := range deliveries {
		run, done := byRequest["envelope/"+id]
		if refused(t, a.Events, id) {
			require.False(t, done, "the refused command %s was done", id)
			continue
		}
		require.True(t, done, "the acknowledged command %s was not done", id)
		require.Equal(t, jobs.Succeeded, run.Status, run.Reason)
	}
	for _, run := range runs {
		require.Equal(t, 1, cardsOf(t, s, run), "run %s", run.ID)
	}
}

// storm lets something go wrong every few moments until ctx ends.
func storm(ctx context.Context, f *slacksandbox.Faults) {
	troubles := []func(){
		func() { f.DropSockets(1) },
		func() { f.RateLimit("chat.postMessage", 1, time.Second) },
		func() { f.ServerError("chat.update", 2, http.StatusServiceUnavailable) },
		func() { f.Disconnect("refresh_requested", 1) },
		func() { f.LoseAnswers("chat.postMessage", 1) },
		func() { f.ServerError("chat.postMessage", 2, http.StatusInternalServerError) },
		func() { f.RateLimit("chat.update", 1, time.Second) },
		func() { f.DropSockets(-1) },
		func() { f.LoseAnswers("chat.update", 1) },
		func() { f.ServerError("users.info", 1, http.StatusBadGateway) },
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
			troubles[i%len(troubles)]()
		case <-ctx.Done():
			return
		}
	}
}

// askOften asks for three backups of each database, one after the other, and answers the acknowledged envelopes.
func askOften(t *testing.T, s *stage.Stage, runner *jobs.Runner, log *events.Log) []string {
	var all sync.WaitGroup
	var mu sync.Mutex
	var acknowledged []string
	unheard := map[string]int{} // commands whose acknowledgement was lost, by database
	for _, d := range s.Databases {
		all.Go(func() {
			for range 3 {
				delivery, err := s.Slack.As(s.Anna).Slash(s.Ops, "/backup now "+d.Name)
				if err != nil {
					mu.Lock()
					unheard[d.Name]++
					mu.Unlock()
					continue // the person was told that it failed, although it may be under way
				}
				mu.Lock()
				acknowledged = append(acknowledged, delivery.EnvelopeID)
				mu.Unlock()
				// The next one would be refused while this one is under way, which is not what is tried here.
				ended := func() bool {
					mu.Lock()
					mayBeRefused := unheard[d.Name] > 0
					mu.Unlock()
					if mayBeRefused && refused(t, log, delivery.EnvelopeID) {
						return true
					}
					runs, err := runner.List(t.Context(), jobs.Filter{Target: "database/" + d.Name})
					return err == nil && slices.ContainsFunc(runs, func(run jobs.Run) bool {
						return run.Request == "envelope/"+delivery.EnvelopeID && run.Status.Ended()
					})
				}
				if !waitFor(time.Minute, ended) {
					t.Errorf("the acknowledged command %s came to nothing", delivery.EnvelopeID)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d commands were acknowledged", len(acknowledged))
	require.NotEmpty(t, acknowledged)
	return acknowledged
}

// refused says that the command was recorded as refused, which is done once.
func refused(t *testing.T, log *events.Log, envelope string) bool {
	all, err := log.Query(t.Context(), events.Filter{What: "command"})
	all = slices.DeleteFunc(all, func(e events.Event) bool { return e.Key != "command/envelope/"+envelope })
	if err != nil || len(all) > 1 { // no require: this is asked from several goroutines
		t.Errorf("the command %s is recorded %d times (%v)", envelope, len(all), err)
	}
	return len(all) == 1 && all[0].Outcome == events.Refused
}

func waitFor(most time.Duration, happened func() bool) bool {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if happened() {
			return true
		}
	}
	return happened()
}

// cardsOf counts the messages about a run once one of them shows its end.
func cardsOf(t *testing.T, s *stage.Stage, run jobs.Run) (n int) {
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	_, err := s.Slack.WaitMessage(ctx, s.Ops, func(m slacksandbox.Message) bool {
		return strings.Contains(m.Plain(), run.ID) && strings.Contains(m.Plain(), "✅ Backup of")
	})
	require.NoError(t, err)
	for _, m := range s.Slack.Messages(s.Ops) {
		if !m.Ephemeral && strings.Contains(m.Plain(), run.ID) {
			n++
		}
	}
	return n
}
