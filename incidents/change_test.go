package incidents

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// aDesk is one with a store of its own and without Slack, with one incident declared.
func aDesk(t testing.TB) (*Desk, Incident) {
	t.Helper()
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	d := New(Options{Store: store, Rules: someRules(), Now: func() time.Time { return noon }})
	i, err := d.Declare(t.Context(), Act{Request: "declare", By: anna, At: noon}, Declaration{Title: "Payments fail", Severity: "sev2"})
	require.NoError(t, err)
	return d, i
}

func TestARequestCountsOnce(t *testing.T) {
	d, i := aDesk(t)
	again, err := d.Declare(t.Context(), Act{Request: "declare", By: anna, At: noon}, Declaration{Title: "Payments fail", Severity: "sev2"})
	require.NoError(t, err)
	require.Equal(t, i.Number, again.Number)

	update := Act{Request: "r1", By: ben, At: noon.Add(time.Minute)}
	say := func(i *Incident) error { return i.Say(d.Rules(), update, "We look on.") }
	first, err := d.Change(t.Context(), i.Number, update, say)
	require.NoError(t, err)
	second, err := d.Change(t.Context(), i.Number, update, say)
	require.NoError(t, err)
	require.Equal(t, 1, second.Update.N)
	require.Equal(t, first.Rev, second.Rev, "the second has nothing followed")

	status := Act{Request: "r2", By: ben, At: noon.Add(2 * time.Minute)}
	_, err = d.Change(t.Context(), i.Number, status, func(i *Incident) error { return i.Advance(d.Rules(), status, Mitigated, "") })
	require.NoError(t, err)
	_, err = d.Change(t.Context(), i.Number, status, func(i *Incident) error { return i.Advance(d.Rules(), status, Mitigated, "") })
	require.NoError(t, err, "it is not told that the incident is mitigated already")

	_, err = d.Change(t.Context(), 99, status, say)
	var problem *chat.Problem
	require.ErrorAs(t, err, &problem)
}

func TestTwoPeopleAtOnce(t *testing.T) {
	for name, press := range map[string]func(Rules, *Incident, Act) error{
		"acknowledge":    func(_ Rules, i *Incident, a Act) error { return i.Acknowledge(a) },
		"take commander": func(_ Rules, i *Incident, a Act) error { return i.Take(a, Commander, a.By, "") },
		"tick":           func(_ Rules, i *Incident, a Act) error { return i.Tick(a, 1, true) },
		"put off":        func(_ Rules, i *Incident, a Act) error { return i.Snooze(a, noon.Add(time.Hour), 2*time.Hour) },
		"mitigated":      func(r Rules, i *Incident, a Act) error { return i.Advance(r, a, Mitigated, "") },
		"resolved":       func(r Rules, i *Incident, a Act) error { return i.Advance(r, a, Resolved, "") },
	} {
		t.Run(name, func(t *testing.T) {
			d, i := aDesk(t)
			effects, problems := pressTogether(t, d, i.Number, name, func(i *Incident, a Act) error { return press(d.Rules(), i, a) })
			require.Equal(t, 1, effects)
			require.Len(t, problems, 1)
			now, err := d.Get(t.Context(), i.Number)
			require.NoError(t, err)
			require.Len(t, now.History, 2)
			require.Contains(t, problems[0].Error(), "already")
		})
	}
}

// pressTogether has two people decide the same at once, and counts what came of it.
func pressTogether(t *testing.T, d *Desk, number int, name string, press func(*Incident, Act) error) (effects int, problems []*chat.Problem) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n, who := range []chat.User{anna, ben} {
		wg.Go(func() {
			act := Act{Request: fmt.Sprintf("%s %d", name, n), By: who, At: noon.Add(time.Minute)}
			_, err := d.Change(context.WithoutCancel(t.Context()), number, act, func(i *Incident) error { return press(i, act) })
			mu.Lock()
			defer mu.Unlock()
			var problem *chat.Problem
			switch {
			case err == nil:
				effects++
			case errors.As(err, &problem):
				problems = append(problems, problem)
			default:
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()
	return effects, problems
}
