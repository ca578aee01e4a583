package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

// lines is a log that is kept.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// with answers the entries with a reference.
func (l *lines) with(t *testing.T, reference string) (found []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		if entry["reference"] == reference {
			found = append(found, entry)
		}
	}
	return found
}

// TestFaultsHaveAReference holds that what opsbot did not expect has one short reference on the card, in its steps, in the
// run's own log and in the program's, where the cause stands under it.
func TestFaultsHaveAReference(t *testing.T) {
	form := regexp.MustCompile(`E-[A-Z2-7]{5}`)
	cause := errors.New("connection reset by peer")
	problem := &chat.Problem{Say: "The store is away.", Try: "Look at it.", Err: cause}
	for name, test := range map[string]struct {
		work    func(*jobs.Task) error
		clean   error
		entries int // under the reference
	}{
		"an error":            {func(*jobs.Task) error { return cause }, nil, 1},
		"a panic":             {func(*jobs.Task) error { panic(cause.Error()) }, nil, 1},
		"a problem's cause":   {func(*jobs.Task) error { return problem }, nil, 1},
		"a step":              {func(task *jobs.Task) error { task.EndStep(0, cause, ""); return cause }, nil, 2},
		"a step's problem":    {func(task *jobs.Task) error { task.EndStep(0, problem, ""); return problem }, nil, 2},
		"cleaning up as well": {func(*jobs.Task) error { return cause }, cause, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w, log := newWorld(t), &lines{}
			r := w.runner(t, []jobs.Kind{{Name: "backup", Work: func(_ context.Context, task *jobs.Task) error {
				task.StartStep(0)
				return test.work(task)
			}, Clean: func(context.Context, jobs.Run) error { return test.clean }}},
				func(o *jobs.Options) { o.Log = slog.New(slog.NewJSONHandler(log, nil)) })
			start(t, r)
			run, err := r.Submit(t.Context(), backup("x"))
			require.NoError(t, err)
			run = ended(t, r, run.ID)
			require.Equal(t, jobs.Failed, run.Status)
			card, err := json.Marshal(r.Card(run).Parts)
			require.NoError(t, err)
			reference := form.FindString(run.Reason + run.Try)
			require.NotEmpty(t, reference, string(card))
			for _, other := range form.FindAllString(string(card), -1) {
				require.Equal(t, reference, other, "one reference for all of it")
			}
			require.NotContains(t, string(card), cause.Error())
			entries := log.with(t, reference)
			require.Len(t, entries, test.entries)
			for _, entry := range entries {
				require.Equal(t, run.ID, entry["run"])
				require.Contains(t, entry["error"], cause.Error())
			}
			if test.clean != nil {
				require.Contains(t, run.Log[len(run.Log)-1].Text, reference)
			}
		})
	}
	t.Run("not for what a person did", func(t *testing.T) {
		w := newWorld(t)
		r := w.runner(t, []jobs.Kind{{Name: "backup", Work: func(context.Context, *jobs.Task) error {
			return &chat.Problem{Say: "Too large.", Try: "Choose a part."}
		}}})
		start(t, r)
		run, err := r.Submit(t.Context(), backup("x"))
		require.NoError(t, err)
		run = ended(t, r, run.ID)
		require.Equal(t, "Choose a part.", run.Try)
	})
}
