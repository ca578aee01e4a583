package jobs_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/state/statetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var cardTime = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func cardRunner(t *testing.T) *jobs.Runner {
	t.Helper()
	store := statetest.Memory()
	r, err := jobs.New(jobs.Options{Store: store, Events: events.New(store), Now: func() time.Time { return cardTime },
		Kinds: []jobs.Kind{{Name: "backup", Work: nop}, {Name: "restore", Work: nop,
			Details: func(jobs.Run) []chat.Part { return []chat.Part{chat.Text("*Certificate:* all equal")} },
			Buttons: func(r jobs.Run) []chat.Button {
				if r.Status == jobs.Succeeded {
					return []chat.Button{{Action: "restore.drop", Value: r.ID, Label: "Drop it"}}
				}
				return nil
			}}}})
	require.NoError(t, err)
	return r
}

// TestCards compares the cards with testdata/cards/*.txt, as people would read them.
func TestCards(t *testing.T) {
	base := jobs.Run{ID: "r-4k7q2", Kind: "backup", Title: "Backup of `orders` & `users`", By: ada, At: cardTime.Add(-3 * time.Minute),
		Status: jobs.Running, Attempt: 1, Started: cardTime.Add(-2 * time.Minute), Steps: []jobs.Step{
			{Name: "orders", Status: jobs.Running, Stage: "reading", Done: 12345, Total: 29400, Bytes: 4e9, Rate: 34e6, Started: cardTime.Add(-2 * time.Minute)},
			{Name: "users", Status: jobs.Queued}}}
	over := func(s jobs.Status, reason, try string, steps ...jobs.Step) func(*jobs.Run) {
		return func(r *jobs.Run) {
			r.Status, r.Reason, r.Try, r.Finished, r.Steps = s, reason, try, cardTime, steps
		}
	}
	done := jobs.Step{Name: "orders", Status: jobs.Succeeded, Done: 29400, Total: 29400, Bytes: 8e9, Started: cardTime.Add(-2 * time.Minute), Finished: cardTime.Add(-30 * time.Second)}
	plan := func(needs int) func(*jobs.Run) {
		return func(r *jobs.Run) {
			r.Kind, r.Title, r.Status, r.Started, r.Attempt = "restore", "Restore of `orders`", jobs.Proposed, time.Time{}, 0
			r.Plan = &jobs.Plan{Title: "Restore `orders` into `orders_restore`", Needs: needs, Hash: "abc123",
				Expires: cardTime.Add(30 * time.Minute), Facts: []chat.Field{{Label: "Documents", Value: "29,400"}, {Label: "Size", Value: "8.00 GB"}},
				Losses: []string{"the scratch database `orders_restore`"}}
			if needs == 0 {
				r.Plan.Confirm = "orders_restore"
			}
			if needs == 2 {
				r.Plan.Approvals = []jobs.Approval{{By: bo, At: cardTime.Add(-time.Minute)}}
			}
		}
	}
	for name, change := range map[string]func(*jobs.Run){
		"queued": func(r *jobs.Run) {
			r.Status, r.Started, r.Attempt, r.Steps[0] = jobs.Queued, time.Time{}, 0, jobs.Step{Name: "orders", Status: jobs.Queued}
		},
		"running": func(*jobs.Run) {},
		"no total": func(r *jobs.Run) {
			r.Steps = []jobs.Step{{Name: "odd <name>", Status: jobs.Running, Stage: "verifying", Done: 1, Bytes: 2500, Started: cardTime}}
		},
		"cancelling": func(r *jobs.Run) { r.Cancel = &jobs.Cancellation{By: bo} },
		"cleaning":   func(r *jobs.Run) { r.Cleaning, r.Steps = true, nil },
		"requeued":   func(r *jobs.Run) { r.Status, r.Steps = jobs.Queued, nil },
		"succeeded":  over(jobs.Succeeded, "", "", done, jobs.Step{Name: "users", Status: jobs.Succeeded, Note: "12 collections, verified"}),
		"failed":     over(jobs.Failed, "The bucket `b` is full.", "Make room, then retry.", done, jobs.Step{Name: "users", Status: jobs.Failed, Note: "The bucket is full."}),
		"failed and unclean": func(r *jobs.Run) {
			over(jobs.Failed, "No.", "")(r)
			r.Unclean, r.RetryOf, r.Attempt = true, "r-aaaaa", 2
		},
		"cancelled":       over(jobs.Cancelled, "Cancelled by <@UBO>.", ""),
		"interrupted":     over(jobs.Interrupted, "The process that worked on it has ended.", "Look at what was done, then retry."),
		"proposed":        plan(2),
		"to be confirmed": plan(0),
		"restored": func(r *jobs.Run) {
			plan(2)(r)
			r.Started = cardTime.Add(-time.Minute)
			over(jobs.Succeeded, "", "", done)(r)
		},
		"many steps": func(r *jobs.Run) {
			r.Steps = nil
			for i := range 40 {
				s := jobs.Step{Name: fmt.Sprintf("db%02d", i), Status: jobs.Succeeded}
				switch {
				case i == 7:
					s.Status, s.Note = jobs.Failed, "It has gone."
				case i == 25:
					s = jobs.Step{Name: s.Name, Status: jobs.Running, Stage: "reading", Done: 1, Total: 2, Started: cardTime.Add(-time.Minute)}
				case i > 25:
					s.Status = jobs.Queued
				}
				r.Steps = append(r.Steps, s)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := base
			run.Steps = append([]jobs.Step(nil), base.Steps...)
			change(&run)
			got := read(cardRunner(t).Card(run))
			path := filepath.Join("testdata", "cards", strings.ReplaceAll(name, " ", "-")+".txt")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// read writes a message as text.
func read(m chat.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "summary: %s\nkey: %s\n", m.Summary, m.Key)
	for _, part := range m.Parts {
		switch p := part.(type) {
		case chat.Header:
			fmt.Fprintf(&b, "# %s\n", p)
		case chat.Text:
			fmt.Fprintf(&b, "%s\n", p)
		case chat.Note:
			fmt.Fprintf(&b, "(%s)\n", p)
		case chat.Fields:
			for _, f := range p {
				fmt.Fprintf(&b, "%s: %s\n", f.Label, f.Value)
			}
		case chat.Actions:
			for _, a := range p {
				fmt.Fprintf(&b, "[%s] %s %q %s\n", a.Label, a.Action, a.Value, a.Style)
				if a.Confirm != nil {
					fmt.Fprintf(&b, "  ? %s %s [%s] [%s]\n", a.Confirm.Title, a.Confirm.Text, a.Confirm.Yes, a.Confirm.No)
				}
			}
		}
	}
	return b.String()
}

// However much there is to say, a card stays within what Slack takes.
func TestCardsAreNeverTooLong(t *testing.T) {
	long := strings.Repeat("ü<&>", 3000)
	run := jobs.Run{ID: "r-4k7q2", Kind: "restore", Title: long, By: ada, Status: jobs.Running, Reason: long, Try: long, Started: cardTime,
		Plan: &jobs.Plan{Title: long, Needs: 1}}
	for i := range 200 {
		run.Steps = append(run.Steps, jobs.Step{Name: long, Note: long, Stage: long, Status: []jobs.Status{jobs.Failed, jobs.Running, jobs.Succeeded}[i%3]})
		run.Plan.Losses = append(run.Plan.Losses, long)
		run.Plan.Facts = append(run.Plan.Facts, chat.Field{Label: "a", Value: "b"})
	}
	r := cardRunner(t)
	for _, s := range []jobs.Status{jobs.Proposed, jobs.Running, jobs.Failed} {
		for _, steps := range []int{0, 12, 200} {
			run := run
			run.Status, run.Steps = s, run.Steps[:steps]
			card := r.Card(run)
			require.LessOrEqual(t, len(card.Parts), 50)
			require.LessOrEqual(t, utf8.RuneCountInString(card.Summary), 300)
			for _, part := range card.Parts {
				switch p := part.(type) {
				case chat.Header:
					require.LessOrEqual(t, utf8.RuneCountInString(string(p)), 150)
				case chat.Text:
					require.LessOrEqual(t, utf8.RuneCountInString(string(p)), 3000)
				case chat.Fields:
					require.LessOrEqual(t, len(p), 10)
				}
			}
		}
	}
}
