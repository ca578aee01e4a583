package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kampyn/opsbot/state"
)

// envelope is what Slack delivers over a socket.
// https://docs.slack.dev/apis/events-api/using-socket-mode
type envelope struct {
	Type           string          `json:"type"`
	ID             string          `json:"envelope_id"`
	Payload        json.RawMessage `json:"payload"`
	AcceptsPayload bool            `json:"accepts_response_payload"`
	// Reason is why a disconnect comes.
	Reason string `json:"reason"`
}

// The types of envelopes.
const (
	helloType       = "hello"
	disconnectType  = "disconnect"
	slashType       = "slash_commands"
	interactiveType = "interactive"
	eventsType      = "events_api"
)

// payload is the part of what was asked that the bot reads: a slash command, an interaction or an event's frame.
type payload struct {
	Type        string `json:"type"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	// Of slash commands.
	Command   string `json:"command"`
	Text      string `json:"text"`
	UserID    string `json:"user_id"`
	UserName  string `json:"user_name"`
	TeamID    string `json:"team_id"`
	ChannelID string `json:"channel_id"`
	// Of interactions.
	User struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Username string `json:"username"`
		TeamID   string `json:"team_id"`
	} `json:"user"`
	Channel    struct{ ID string } `json:"channel"`
	Message    message             `json:"message"`
	Container  container           `json:"container"`
	View       *view               `json:"view"`
	Actions    []pressed           `json:"actions"`
	CallbackID string              `json:"callback_id"`
	// Of events.
	EventID string          `json:"event_id"`
	Event   json.RawMessage `json:"event"`
}

type container struct {
	Type        string `json:"type"`
	ChannelID   string `json:"channel_id"`
	MessageTS   string `json:"message_ts"`
	ThreadTS    string `json:"thread_ts"`
	IsEphemeral bool   `json:"is_ephemeral"`
}

type message struct {
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
	Text     string `json:"text"`
	User     string `json:"user"`
	BotID    string `json:"bot_id"`
	Subtype  string `json:"subtype"`
	Files    []File `json:"files"`
}

// pressed is a button or another element that was used.
type pressed struct {
	ActionID string `json:"action_id"`
	entered
}

// event is the part of an event that the bot reads.
type event struct {
	Type        string  `json:"type"`
	Subtype     string  `json:"subtype"`
	User        string  `json:"user"`
	BotID       string  `json:"bot_id"`
	Text        string  `json:"text"`
	Channel     where   `json:"channel"`
	ChannelType string  `json:"channel_type"`
	TS          string  `json:"ts"`
	ThreadTS    string  `json:"thread_ts"`
	Tab         string  `json:"tab"`
	Reaction    string  `json:"reaction"`
	Message     message `json:"message"`
	DeletedTS   string  `json:"deleted_ts"`
	Previous    message `json:"previous_message"`
	UserTeam    string  `json:"user_team"`
	SourceTeam  string  `json:"source_team"`
	ItemUser    string  `json:"item_user"`
	Files       []File  `json:"files"`
	Item        struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
}

// where is the channel of an event: an ID, or for some an object.
type where struct{ ID, Name string }

func (w *where) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &w.ID)
	}
	type plain where // without this method
	return json.Unmarshal(data, (*plain)(w))
}

// kindEnvelope is the kind of the records that hold envelopes.
const kindEnvelope = "envelope"

// The statuses of a stored envelope, as its field "status".
const (
	statusStored  = "stored"  // to be done
	statusDone    = "done"    // answered
	statusFailed  = "failed"  // given up, and the person was told
	statusRefused = "refused" // not stored in time, the person was told that nothing was done
)

// keepDone is how long envelopes are remembered after they were done: far longer than Slack repeats an event (5 min).
const keepDone = 24 * time.Hour

// stored is an envelope as it is remembered.
type stored struct {
	ID       string          `json:"-"`
	Type     string          `json:"type"`
	Payload  json.RawMessage `json:"payload"`
	Received time.Time       `json:"received"`
	// Copy tells the copies of one envelope apart that several processes may have stored.
	Copy string `json:"copy"`
	// Attempts counts how often it was begun; By and Until say which instance works on it and how long that counts.
	Attempts int       `json:"attempts"`
	By       string    `json:"by,omitempty"`
	Until    time.Time `json:"until,omitzero"`
	// Fault is the reference under which its failure was logged.
	Fault string `json:"fault,omitempty"`

	version int64
	status  string
}

// key is under which an envelope is stored. Slack repeats an event in a new envelope, so events go by their own ID.
func (e envelope) key() (string, error) {
	if e.Type == eventsType {
		var p struct {
			EventID string `json:"event_id"`
		}
		if err := json.Unmarshal(e.Payload, &p); err != nil {
			return "", fmt.Errorf("bot: read an event: %w", err)
		}
		if p.EventID != "" {
			return "event/" + p.EventID, nil
		}
	}
	if e.ID == "" {
		return "", errors.New("bot: an envelope without an ID")
	}
	return "envelope/" + e.ID, nil
}

// kind is the type, if it is one of the known.
func (e envelope) kind() string {
	switch e.Type {
	case slashType, interactiveType, eventsType:
		return e.Type
	}
	return "other"
}

func (s stored) record(status string) (state.Record, error) {
	value, err := json.Marshal(s)
	if err != nil {
		return state.Record{}, fmt.Errorf("bot: encode the envelope %s: %w", s.ID, err)
	}
	return state.Record{Kind: kindEnvelope, ID: s.ID, Version: s.version, Value: value,
		Fields: map[string]string{"status": status, "at": state.SortableTime(s.Received)}}, nil
}

func decodeStored(r state.Record) (stored, error) {
	s := stored{}
	if err := json.Unmarshal(r.Value, &s); err != nil {
		return s, fmt.Errorf("bot: read the envelope %s: %w", r.ID, err)
	}
	s.ID, s.version, s.status = r.ID, r.Version, r.Fields["status"]
	return s, nil
}

// save writes the envelope with a new status, if nobody else has changed it.
func (b *Bot) save(ctx context.Context, s *stored, status string) error {
	r, err := s.record(status)
	if err != nil {
		return err
	}
	if err := b.store.Update(ctx, r); err != nil {
		return fmt.Errorf("bot: note the envelope %s: %w", s.ID, err)
	}
	s.version++
	s.status = status
	return nil
}

func (b *Bot) load(ctx context.Context, id string) (stored, error) {
	r, err := b.store.Get(ctx, kindEnvelope, id)
	if err != nil {
		return stored{}, fmt.Errorf("bot: read the envelope %s: %w", id, err)
	}
	return decodeStored(r)
}
