// Package events keeps what happened: an append-only log in which every event carries the hash of the one before it,
// so that a changed, removed or inserted event shows.
package events

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// Event is one thing that happened: who did what, when, on what, with which outcome.
type Event struct {
	// Seq counts from 1 without a gap.
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// Key is unique when it is set: appending it again changes nothing.
	Key string    `json:"key,omitempty"`
	Who chat.User `json:"who"`
	// What is a dotted verb: "run.succeeded", "command".
	What string `json:"what"`
	// On are the targets: "database/orders".
	On []string `json:"on,omitempty"`
	// Run is the ID of the run that the event belongs to.
	Run     string  `json:"run,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
	// Text says it in one plain sentence of mrkdwn.
	Text   string            `json:"text"`
	Detail map[string]string `json:"detail,omitempty"`
	// Prev is the hash of the event before; Hash is SHA-256, in hex, over this event's JSON as encoding/json writes
	// it, with Prev and without Hash.
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// Outcome is how it ended; empty while it has not ended.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Failure Outcome = "failed"
	Refused Outcome = "refused"
	// Cancelled is what somebody stopped.
	Cancelled Outcome = "cancelled"
)

// kind is the kind of record that the log is kept in.
const kind = "event"

// Log is the log in a store. Any number of logs, in several processes, can share one store.
type Log struct {
	store  state.Store
	events *state.Collection[Event]

	turn chan struct{} // held by the one who writes
	head Mark          // of the chain, as far as known; belongs to whoever holds the turn

	mu      sync.Mutex
	waiting []*addition
}

// Mark names one event of the chain by its place and hash.
type Mark struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// New answers the log in the store.
func New(store state.Store) *Log {
	return &Log{store: store, events: state.NewCollection(store, kind, fields), turn: make(chan struct{}, 1)}
}

// id makes the places sort as numbers do.
func id(seq int64) string { return fmt.Sprintf("%015d", seq) }

func (e Event) digest() (string, error) {
	e.Hash = ""
	text, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("events: hash event %d: %w", e.Seq, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

func fields(e Event) map[string]string {
	at := state.SortableTime(e.At)
	f := map[string]string{"seq": id(e.Seq), "at": at, "what": e.What}
	for name, value := range map[string]string{"key": e.Key, "who": e.Who.ID, "run": e.Run} {
		if value != "" {
			f[name] = value
		}
	}
	for _, target := range e.On {
		f["on "+target] = at
	}
	return f
}

// Filter selects events; its zero value selects all.
type Filter struct {
	// Who is the ID of a person, On a target, Run the ID of a run.
	Who, On, Run string
	// What is the beginning of the verb: "run." finds all about runs.
	What string
	// Since and Until bound the time: Since ≤ At < Until.
	Since, Until time.Time
	// Limit is the largest number answered; 0 means all.
	Limit int
	// Oldest turns the order, which is newest first.
	Oldest bool
}

// Query answers the selected events by time, newest first.
func (l *Log) Query(ctx context.Context, f Filter) ([]Event, error) {
	q := state.Query{OrderBy: "at", Descending: !f.Oldest, Limit: f.Limit}
	add := func(field string, op state.Op, value string) {
		q.Where = append(q.Where, state.Condition{Field: field, Op: op, Value: value})
	}
	if f.On != "" {
		q.OrderBy = "on " + f.On
	}
	if !f.Since.IsZero() {
		add(q.OrderBy, state.GreaterEqual, state.SortableTime(f.Since))
	}
	if !f.Until.IsZero() {
		add(q.OrderBy, state.Less, state.SortableTime(f.Until))
	}
	if f.Who != "" {
		add("who", state.Equal, f.Who)
	}
	if f.Run != "" {
		add("run", state.Equal, f.Run)
	}
	if f.What != "" {
		add("what", state.GreaterEqual, f.What)
		add("what", state.Less, f.What+"\U0010FFFF")
	}
	found, err := l.events.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	list := make([]Event, len(found))
	for i, entry := range found {
		list[i] = entry.Value
	}
	return list, nil
}
