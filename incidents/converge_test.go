package incidents

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A lane that fails waits, longer each time, but not when a person has decided something meanwhile.
func TestWhenALaneLooksAgain(t *testing.T) {
	now := time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC)
	d := &Desk{o: Options{Now: func() time.Time { return now }}}
	l := lane{name: "slack", next: func(Incident) time.Time { return now.Add(time.Hour) }}
	failed := errors.New("no answer")
	before := Incident{Rev: 4, Decisions: 2, Lanes: map[string]Lane{"slack": {Due: now, Failures: 3}}}
	look := func(change func(*Incident), failed error) Lane {
		after := before
		after.Lanes = map[string]Lane{"slack": before.Lanes["slack"]}
		change(&after)
		d.lookAgain(&after, l, before, failed)
		return after.Lanes["slack"]
	}

	paused := look(func(*Incident) {}, failed)
	require.Equal(t, 4, paused.Failures)
	require.False(t, paused.Due.Before(now.Add(8*time.Second)))
	require.True(t, look(func(i *Incident) { i.Rev++ }, failed).Due.After(now), "what the lane itself has learnt is no reason")
	require.Equal(t, now, look(func(i *Incident) { i.Rev++; i.Decisions++ }, failed).Due)

	require.Equal(t, now, look(func(i *Incident) { i.Rev++ }, nil).Due)
	require.Equal(t, Lane{Due: now.Add(time.Hour)}, look(func(*Incident) {}, nil))
	limited := look(func(*Incident) {}, &laterError{until: now.Add(time.Hour), err: failed})
	require.False(t, limited.Due.Before(now.Add(time.Hour)))
	settling := look(func(*Incident) {}, &laterError{until: now.Add(10 * time.Second), err: failed, settling: true})
	require.Equal(t, Lane{Due: now.Add(10 * time.Second), Failures: 3}, settling)
}
