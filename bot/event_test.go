package bot

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEventNames holds what the many shapes of Slack's events are listened to as.
func TestEventNames(t *testing.T) {
	for payload, want := range map[string]string{
		`{"type":"message","subtype":"message_changed","message":{"subtype":"tombstone","ts":"1.2"},"previous_message":{"user":"U1"}}`: "message_deleted",
		`{"type":"message","subtype":"message_changed","message":{"user":"U1"}}`:                                                       "message_changed",
		`{"type":"message","subtype":"channel_join","channel":"C1"}`:                                                                   "",
		`{"type":"group_rename","channel":{"id":"G1","name":"new"}}`:                                                                   "channel_rename",
		`{"type":"group_archive","channel":"G1"}`:                                                                                      "channel_archive",
		`{"type":"channel_created","channel":{"id":"C1"}}`:                                                                             "channel_created",
		`{"type":"pin_added","item":{"channel":"C1"},"channel_id":"C1"}`:                                                               "pin_added",
	} {
		e := envelope{Type: eventsType, Payload: json.RawMessage(`{"event":` + payload + `}`)}
		v, err := e.event()
		require.NoError(t, err, payload)
		require.Equal(t, want, v.name(), payload)
	}
}
