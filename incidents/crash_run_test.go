package incidents

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKilledWhileItIsRun holds that an update, its reminder and a resolution are said once, whichever call to Slack was
// the last of a process.
func TestKilledWhileItIsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes die one after another")
	}
	for calls := int64(1); ; calls++ {
		more := false
		t.Run(fmt.Sprintf("call %d", calls), func(t *testing.T) {
			w := newWorkspace(t, nil)
			i := w.declare(Declaration{Title: "Payments fail", Severity: "sev1"})
			require.False(t, w.life(i.Number, 1<<40))

			act := w.act("update")
			i, err := w.Change(t.Context(), i.Number, act, func(i *Incident) error {
				err := i.Say(w.Rules(), act, "We look on.")
				i.Update.Due = act.At // at once, so that the reminder is due, too
				return err
			})
			require.NoError(t, err)
			if more = w.life(i.Number, calls); more {
				require.False(t, w.life(i.Number, 1<<40))
			}
			w.once(i.Place.Channel, "Update by", "An update is due.")
			w.once(w.server.Channel("incidents"), "Update by")
			w.once(w.server.Channel("stakeholders"), "Update by")

			act = w.act("resolve")
			_, err = w.Change(t.Context(), i.Number, act, func(i *Incident) error { return i.Advance(w.Rules(), act, Resolved, "") })
			require.NoError(t, err)
			if w.life(i.Number, calls) {
				more = true
				require.False(t, w.life(i.Number, 1<<40))
			}
			w.once(i.Place.Channel, "Update by", "🚦", "An update was due")
			w.once(w.server.Channel("stakeholders"), "Update by", "🚦")
			for _, text := range w.said(i.Place.Channel) {
				require.NotContains(t, text, "An update is due.")
			}
		})
		if !more || t.Failed() {
			require.Greater(t, calls, int64(5), "an update takes more calls than that")
			return
		}
	}
}

// once holds that each text begins a line of one message of the channel, its threads included.
func (w *workspace) once(channel string, texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		n := 0
		for _, m := range w.server.Messages(channel) {
			line, _, _ := strings.Cut(m.Plain(), "\n")
			if !m.Deleted && !strings.Contains(line, "SEV1") && strings.Contains(line, text) {
				n++
			}
		}
		require.Equal(w.t, 1, n, "%s in %s: %v", text, channel, w.said(channel))
	}
}
