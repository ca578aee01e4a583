package converge

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A lane that fails waits, longer each time, but not when a person has decided something meanwhile.
func TestWhenALaneLooksAgain(t *testing.T) {
	now := time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC)
	e := New(Options[letter]{State: func(l *letter) *State { return &l.State }, Now: func() time.Time { return now }})
	l := Lane[letter]{Name: "slack", Next: func(letter) time.Time { return now.Add(time.Hour) }}
	failed := errors.New("no answer")
	before := State{Rev: 4, Decisions: 2, Lanes: map[string]Progress{"slack": {Due: now, Failures: 3}}}
	look := func(change func(*letter), failed error) Progress {
		after := letter{State: before}
		after.Lanes = map[string]Progress{"slack": before.Lanes["slack"]}
		change(&after)
		e.lookAgain(&after, l, before, failed)
		return after.Lanes["slack"]
	}

	paused := look(func(*letter) {}, failed)
	require.Equal(t, 4, paused.Failures)
	require.False(t, paused.Due.Before(now.Add(8*time.Second)))
	require.True(t, look(func(l *letter) { l.Rev++ }, failed).Due.After(now), "what the lane itself has learnt is no reason")
	require.Equal(t, now, look(func(l *letter) { l.Rev++; l.Decisions++ }, failed).Due)

	require.Equal(t, now, look(func(l *letter) { l.Rev++ }, nil).Due)
	require.Equal(t, Progress{Due: now.Add(time.Hour)}, look(func(*letter) {}, nil))
	limited := look(func(*letter) {}, &LaterError{Until: now.Add(time.Hour), Err: failed})
	require.False(t, limited.Due.Before(now.Add(time.Hour)))
	settling := look(func(*letter) {}, &LaterError{Until: now.Add(10 * time.Second), Err: failed, Settling: true})
	require.Equal(t, Progress{Due: now.Add(10 * time.Second), Failures: 3}, settling)
	l.Next = nil
	require.Equal(t, Progress{}, look(func(*letter) {}, nil))
}

type letter struct{ State }
