package checkup_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checkup"
)

func TestABrokenPartHidesNoOther(t *testing.T) {
	released, started := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(released) })
	probes := []checkup.Probe{
		{Section: "one", Run: func(_ context.Context, found *checkup.Rows) {
			<-started // the last one runs beside this one
			found.OK("a", "fine")
		}},
		{Section: "one", Run: func(context.Context, *checkup.Rows) { panic("no such index") }},
		{Section: "two", Within: time.Millisecond, Run: func(_ context.Context, found *checkup.Rows) {
			found.OK("b", "known before")
			<-released // hears of no context
			found.OK("c", "too late")
		}},
		{Section: "three", Within: time.Millisecond, Run: func(ctx context.Context, found *checkup.Rows) {
			<-ctx.Done()
			found.Error("d", ctx.Err())
		}},
		{Section: "four", Run: func(_ context.Context, found *checkup.Rows) {
			close(started)
			found.Error("e", &chat.Problem{Say: "It is\nbroken.", Try: "Mend it."})
			found.Error("f", errors.New("x < y"))
		}},
		checkup.Skip("five", "g", "because of e"),
	}
	require.Equal(t, []string{"one", "two", "three", "four", "five"}, checkup.Titles(probes))
	var told []string
	all := checkup.Run(t.Context(), probes, func(s checkup.Section) { told = append(told, s.Title) })
	require.Equal(t, checkup.Titles(probes), told)
	require.Equal(t, []checkup.Section{
		{Title: "one", Rows: []checkup.Row{{Name: "a", Status: checkup.OK, Say: "fine"},
			{Name: "this check", Status: checkup.Failed, Say: "broke by itself: no such index", Try: "That is a fault of opsbot: please report it."}}},
		{Title: "two", Rows: []checkup.Row{{Name: "b", Status: checkup.OK, Say: "known before"},
			{Name: "this check", Status: checkup.Failed, Say: "is not done after 1 ms", Try: "Something hangs: look at the row before this one, and try again."}}},
		{Title: "three", Rows: []checkup.Row{{Name: "d", Status: checkup.Failed, Say: "no answer in time", Try: "Try again; if it stays so, look at the way to the server."}}},
		{Title: "four", Rows: []checkup.Row{{Name: "e", Status: checkup.Failed, Say: "It is broken.", Try: "Mend it."},
			{Name: "f", Status: checkup.Failed, Say: "x &lt; y"}}},
		{Title: "five", Rows: []checkup.Row{{Name: "g", Status: checkup.Skipped, Say: "because of e"}}},
	}, all)
	require.Equal(t, 1, all[0].Count(checkup.Failed))
	require.Equal(t, 2, all[0].Count(checkup.Failed, checkup.OK))
}
