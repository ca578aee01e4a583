package checklists

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

// newVault is an office whose list asks when secrets were rotated last, and a check on what its item says.
func newVault(t *testing.T) (o *office, says func(Outcome, string)) {
	t.Helper()
	probe := &Date{Name: "secrets-rotated", YoungerThan: 92 * 24 * time.Hour}
	o = newOffice(t, func(r *Rules) {
		r.Templates = []Template{{Name: "quarterly", Title: "Quarterly checklist", Channel: "ops", Location: time.UTC,
			Items: []Item{{Text: "User access is reviewed"}, {Text: "Secrets are rotated", Probe: "rotated", Keeps: "secrets-rotated"}}}}
		r.Probes["rotated"] = probe
	})
	probe.Kept, probe.Now = NewKept(o.Desk.o.Store), o.clock.Now
	_, err := o.Start(t.Context(), Act{Request: "start", By: o.anna, At: nine}, "quarterly", "")
	require.NoError(t, err)
	return o, func(outcome Outcome, say string) {
		t.Helper()
		o.at(o.clock.Now().Add(time.Minute))
		o.at(o.clock.Now().Add(time.Minute))
		l, err := o.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, outcome, l.Items[1].Evidence.Outcome, l.Items[1].Evidence.Say)
		require.Contains(t, l.Items[1].Evidence.Say, say)
	}
}

func TestTickingAnItemKeepsItsDay(t *testing.T) {
	o, says := newVault(t)
	says(Unknown, "nobody has said yet when; tick it once it is done, or say `/checklist set secrets-rotated 2026-01-31`")
	choose := func(request string, chosen ...int) List {
		return o.decide(1, request, func(l *List, act Act) error { return l.Choose(act, l.group(0), chosen) })
	}
	l := choose("r1", 2)
	require.True(t, l.Items[1].Ticked(), "a person's tick counts at once")
	today := nine.Format("2 Jan 2006")
	says(Passed, "last on "+today+", today, says <@"+o.anna.ID+">")
	require.NotContains(t, o.said(false)[0], "had passed until")

	choose("r2")
	says(Unknown, "nobody has said yet")
	l, err := o.Get(t.Context(), 1)
	require.NoError(t, err)
	require.False(t, l.Items[1].Ticked())

	require.NoError(t, o.SetDate(t.Context(), Act{Request: "set", By: o.anna, At: o.clock.Now()}, "secrets-rotated", nine.AddDate(0, 0, -10)))
	says(Passed, "10 d ago")
	err = func() error {
		_, err := o.Change(t.Context(), 1, Act{Request: "r3", By: o.anna, At: o.clock.Now()}, func(l *List) error { return l.Choose(Act{By: o.anna}, l.group(0), nil) })
		return err
	}()
	var p *chat.Problem
	require.ErrorAs(t, err, &p)
	require.Contains(t, p.Try, "`/checklist set secrets-rotated` with a day")

	// The next quarter, nobody has done it since.
	o.clock.set(nine.AddDate(0, 3, 0))
	says(Failed, "(at most 92 d)")
	choose("r4", 2)
	says(Passed, "today")
	choose("r5")
	says(Failed, "(at most 92 d)")
}

func TestSetDateHoldsWhatItIsTold(t *testing.T) {
	o, says := newVault(t)
	require.Equal(t, []string{"secrets-rotated"}, o.Dates())
	set := func(request, name string, day time.Time) error {
		return o.SetDate(t.Context(), Act{Request: request, By: o.anna, At: nine}, name, day)
	}
	var p *chat.Problem
	require.ErrorAs(t, set("a", "secret-rotated", nine), &p)
	require.Contains(t, p.Say+p.Try, "secrets-rotated")
	require.ErrorAs(t, set("b", "secrets-rotated", nine.AddDate(0, 0, 1)), &p)
	require.Contains(t, p.Say, "is yet to come")
	_, known, err := o.Date(t.Context(), "secrets-rotated")
	require.NoError(t, err)
	require.False(t, known, "nothing has changed")

	for range 2 { // once for its request
		require.NoError(t, set("c", "secrets-rotated", nine))
	}
	m, known, err := o.Date(t.Context(), "secrets-rotated")
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, Mark{Key: "c", Day: nine.Format(time.DateOnly), By: o.anna, At: nine}, m)
	says(Passed, "says <@"+o.anna.ID+">")
	d, _, err := o.kept.days.Get(t.Context(), "secrets-rotated")
	require.NoError(t, err)
	require.Len(t, d.Marks, 1)
}
