package incidents

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestOneCallSaysWhichPrivateIncidentsSomebodyMayRead(t *testing.T) {
	w := newWorkspace(t, nil)
	group := w.server.AddPrivateChannel("of-ben", w.ben, w.server.BotUserID())
	other := w.server.AddPrivateChannel("of-anna", w.anna.ID, w.server.BotUserID())
	ben := chat.User{ID: w.ben}
	private := func(channel string) Incident {
		return Incident{Private: true, By: w.anna, Place: Place{Channel: channel}}
	}
	before := len(w.server.Calls())
	may := w.Reader(t.Context(), ben)
	require.True(t, may(Incident{By: w.anna}))
	require.True(t, may(Incident{Private: true, By: ben}))
	require.Len(t, w.server.Calls(), before, "nothing was in question yet")
	for range 50 {
		require.True(t, may(private(group)))
		require.False(t, may(private(other)))
		require.False(t, may(private("")), "its channel is still to be made")
	}
	require.Len(t, w.server.Calls(), before+1)

	w.server.Faults().RemoveScopes("groups:read")
	require.False(t, w.Reader(t.Context(), ben)(private(group)))
	require.Contains(t, <-w.reports, "private incidents")
}
