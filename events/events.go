// Package events keeps what happened: an append-only log in which every event carries the hash of the one before it,
// so that a changed, removed or inserted event shows.
package events

import (
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
