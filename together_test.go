package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/incidents"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// TestPressedAtOnce has two people press the same buttons at the same moment, and old ones once the incident is closed:
// each has one effect at most, and everybody hears what is true. Slack gives each press to any of the bot's processes.
func TestPressedAtOnce(t *testing.T) {
	t.Parallel() // it waits more than it works
	for name, processes := range map[string]int{"one process": 1, "two processes": 2} {
		t.Run(name, func(t *testing.T) {
			s := openStory(t)
			s.start()
			if processes == 2 {
				s.startAnother()
			}
			s.does("declare", func() error { return s.Says(s.Anna, "/incident sev3 Payments fail") })
			require.NoError(t, s.GoesTo("inc-1-"))

			s.pressBoth("Acknowledge")
			require.Equal(t, 1, s.moments("acknowledged", ""))
			require.Equal(t, 1, s.heard("is acknowledged already"))
			s.pressBoth("Take command")
			require.Equal(t, 1, s.moments("role", "commander"))
			require.Equal(t, 1, s.heard("commander of #1 already"))

			before := map[string][2]string{}
			for _, label := range []string{"Take scribe", "Update…", "Severity…", "Resolve…"} {
				before[label] = [2]string{s.panel(s.Anna), s.panel(s.Ben)}
			}
			s.both(func(user string) error {
				_, err := s.Slack.As(user).Slash(s.Ops, "/incident resolve We renewed the certificate")
				return err
			})
			require.Equal(t, 1, s.moments("status", "resolved"))
			s.does("ask for the findings", func() error { return s.Says(s.Ben, "/incident resolve") })
			s.does("find", func() error {
				return errors.Join(s.Fills(s.Ben, map[string]any{"cause": "A certificate ran out", "impact": "No payments for an hour"}), s.Submits(s.Ben))
			})
			s.pressBoth("File post-mortem")
			require.Len(t, s.GitHub.Issues(stage.Repository), 2, "one was there before")
			s.pressBoth("Close")
			require.Equal(t, 1, s.moments("status", "*closed*"))
			require.Equal(t, 1, s.heard("is closed already, since"))

			i, err := s.desk.Get(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, incidents.Closed, i.Status)
			end, heard := s.ending(), s.heard("was closed")
			for label, panels := range before {
				s.both(func(user string) error {
					return s.Slack.As(user).Click(s.Ops, panels[slices.Index([]string{s.Anna, s.Ben}, user)], label)
				})
				heard += 2
				require.Equal(t, heard, s.heard("was closed"), label)
			}
			require.Equal(t, end, s.ending())
		})
	}
}

// startAnother runs a second process on the same state.
func (s *story) startAnother() {
	first := s.bot
	select {
	case <-s.launch():
	case <-time.After(30 * time.Second):
		s.Fatal("the second process did not connect")
	}
	second := s.bot
	s.bot = first
	s.Cleanup(func() {
		require.NoError(s, second.Process.Kill())
		_ = second.Wait() // it was killed, and says so
	})
}

// panel asks for the incident with its buttons, and answers where only that person sees it.
func (s *story) panel(user string) string {
	before := len(s.panels(user))
	require.NoError(s, s.Says(user, "/incident show #1"))
	require.Eventually(s, func() bool { return len(s.panels(user)) > before }, s.Patience, pause)
	return s.panels(user)[before]
}

func (s *story) panels(user string) (all []string) {
	for _, m := range s.Slack.Messages(s.Ops) {
		if m.EphemeralTo == user && strings.Contains(m.Plain(), "[Timeline]") {
			all = append(all, m.TS)
		}
	}
	return all
}

// both has Anna and Ben do the same at the same moment, and waits for what follows.
func (s *story) both(do func(user string) error) {
	var done sync.WaitGroup
	var failed [2]error
	for n, user := range []string{s.Anna, s.Ben} {
		done.Go(func() { failed[n] = do(user) })
	}
	done.Wait()
	require.NoError(s, errors.Join(failed[:]...))
	s.settles()
}

// pressBoth has both press a button, each on a panel of their own that was shown before.
func (s *story) pressBoth(label string) {
	s.Logf("── both press [%s]", label)
	panels := map[string]string{s.Anna: s.panel(s.Anna), s.Ben: s.panel(s.Ben)}
	s.both(func(user string) error { return s.Slack.As(user).Click(s.Ops, panels[user], label) })
}

// moments counts what was decided.
func (s *story) moments(what, words string) (n int) {
	i, err := s.desk.Get(s.Context(), 1)
	require.NoError(s, err)
	for _, m := range i.History {
		if m.What == what && strings.Contains(m.Text, words) {
			n++
		}
	}
	return n
}

// heard counts the messages to one person in the incident's channel that say so.
func (s *story) heard(words string) (n int) {
	for _, m := range s.Slack.Messages(s.Ops) {
		if m.Ephemeral && strings.Contains(m.Plain(), words) {
			n++
		}
	}
	return n
}

// TestDeclaredInAStorm declares an incident while Slack refuses for a moment, limits, loses its answers, and drops the
// connections, and finds the same as on a calm day.
func TestDeclaredInAStorm(t *testing.T) {
	t.Parallel() // it waits more than it works
	declare := func(s *story) ending {
		s.start()
		s.does("declare", func() error { return s.Says(s.Anna, "/incident sev1 Payments fail") })
		require.NoError(t, s.GoesTo("inc-1-"))
		s.Slack.Faults().Reset()
		return s.ending()
	}
	var want ending
	var methods []string
	require.True(t, t.Run("calm", func(t *testing.T) {
		s := openStory(t)
		want = declare(s)
		for _, call := range s.Slack.Calls() {
			if !unheld.MatchString(call.Method) && !slices.Contains(methods, call.Method) {
				methods = append(methods, call.Method)
			}
		}
		require.Contains(t, methods, "conversations.create")
	}))
	for name, trouble := range map[string][]slacksandbox.Trouble{
		"limited":      {{Status: http.StatusTooManyRequests, RetryAfter: time.Second}, {Status: http.StatusTooManyRequests, RetryAfter: time.Second}},
		"answers lost": {{Cut: true, Perform: true}, {Cut: true}, {Status: http.StatusBadGateway, Perform: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStory(t)
			for _, method := range methods {
				for _, one := range trouble {
					s.Slack.Faults().On(method, 1, one)
				}
			}
			require.Equal(t, want, declare(s))
		})
	}
	t.Run("connections dropped", func(t *testing.T) {
		s := openStory(t)
		s.Slack.Faults().RepeatEnvelopes(2)
		s.Slack.Faults().DropAcks(2)
		stop := make(chan struct{})
		var dropping sync.WaitGroup
		dropping.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(500 * time.Millisecond):
					s.Slack.Faults().DropSockets(-1)
				}
			}
		})
		defer dropping.Wait()
		defer close(stop)
		require.Equal(t, want, declare(s))
	})
}
