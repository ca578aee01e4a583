package incidents_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/incidents"
)

func TestLookingAtThingsIsNoChange(t *testing.T) {
	for what, is := range map[string]bool{
		"run.succeeded": true, "incident.declared": true, "health.failed": true, "checklist.ticked": false, "checklist.overridden": false,
		"approval.given": false, "run.proposed": false, "command": false,
	} {
		require.Equal(t, is, incidents.IsChange(events.Event{What: what}), what)
	}
}
