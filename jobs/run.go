// Package jobs carries out what takes long or must not be done twice: it queues, claims, watches, cancels, recovers and
// reports runs, and fires schedules. Everything that matters is in the store; a process can be killed at any moment.
package jobs

import (
	"encoding/json"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Status is where a run stands.
type Status string

// The statuses. A destructive run begins Proposed, every other one Queued. Running ends in Succeeded, Failed or
// Cancelled; a run whose process died is Interrupted until it is queued again or reported, by the rule of its kind.
const (
	Proposed    Status = "proposed"
	Queued      Status = "queued"
	Running     Status = "running"
	Succeeded   Status = "succeeded"
	Failed      Status = "failed"
	Cancelled   Status = "cancelled"
	Interrupted Status = "interrupted"
)

// Ended says that nothing more will happen to the run by itself.
func (s Status) Ended() bool {
	return s == Succeeded || s == Failed || s == Cancelled || s == Interrupted
}

// Source is the way a run was asked for.
type Source string

// The sources.
const (
	FromSlack    Source = "slack"
	FromTerminal Source = "terminal"
	FromSchedule Source = "schedule"
)

// Run is one execution of a job: what, by whom, on what, how far, with which outcome.
type Run struct {
	// ID is short enough to be typed: "r-4k7q2".
	ID string `json:"id"`
	// Kind names the Kind that does the work; Title says what it is in a few words, in mrkdwn: "Backup of `orders`".
	Kind  string `json:"kind"`
	Title string `json:"title"`
	// Targets are what the run has for itself while it is queued or running: "database/orders".
	Targets []string `json:"targets"`
	// Request is the unique key of what asked for the run; asking again with it answers the same run.
	Request string    `json:"request"`
	By      chat.User `json:"by"`
	At      time.Time `json:"at"`
	Source  Source    `json:"source"`
	// Channel is where the card is posted (an ID or a configured name); Card is the posted card.
	Channel string `json:"channel"`
	// Thread is the message in Channel under which the card stands, "" for the channel itself.
	Thread string   `json:"thread,omitempty"`
	Card   chat.Ref `json:"card"`
	// Args is what the kind needs to know, as the kind's own JSON type.
	Args json.RawMessage `json:"args"`
	// Plan is set for runs that need approval.
	Plan *Plan `json:"plan,omitempty"`

	Status Status `json:"status"`
	// Reason says in plain words why the run failed, was cancelled or interrupted; Try is the next step.
	Reason string `json:"reason,omitempty"`
	Try    string `json:"try,omitempty"`
	// Attempt counts from 1 with the first claim.
	Attempt int `json:"attempt"`
	// Steps are the parts of the run, such as one database each.
	Steps []Step `json:"steps"`
	// Log holds the newest lines, at most 200.
	Log      []Line          `json:"log"`
	Lease    Lease           `json:"lease"`
	Cancel   *Cancellation   `json:"cancel,omitempty"`
	Started  time.Time       `json:"started,omitzero"`
	Finished time.Time       `json:"finished,omitzero"`
	Result   json.RawMessage `json:"result,omitempty"`
	// Followers are told in a direct message when the run has ended.
	Followers []string `json:"followers,omitempty"`
	// RetryOf is the run that this one repeats.
	RetryOf string `json:"retry_of,omitempty"`
	// Shown is the last status that the card was seen to show.
	Shown Status `json:"shown,omitempty"`
	// Posting is held by the process that posts the card. Whoever finds it without a card knows that a process has
	// died meanwhile, and that the message may show an older state.
	Posting Lease `json:"posting,omitzero"`
	// Told says that the followers were told of the end.
	Told bool `json:"told,omitempty"`
	// Unclean says that an attempt has begun and that what it may have left was not removed yet; Cleaning, that this
	// is being done.
	Unclean  bool `json:"unclean,omitempty"`
	Cleaning bool `json:"cleaning,omitempty"`
	// History is what happened to the run, oldest first, at most 50. Each moment becomes an event; Logged is the N of
	// the last that has.
	History []Moment `json:"history"`
	Logged  int      `json:"logged"`

	version int64
}

// Moment is one thing that happened to a run.
type Moment struct {
	// N counts the moments of a run from 1.
	N int `json:"n"`
	// What is a verb: "proposed", "approved", "queued", "started", "succeeded", …
	What string    `json:"what"`
	At   time.Time `json:"at"`
	By   chat.User `json:"by"`
	// Text says it in one sentence of mrkdwn.
	Text string `json:"text"`
}

// Step is one part of a run with its progress.
type Step struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Stage says what is being done: "reading", "verifying".
	Stage string `json:"stage,omitempty"`
	// Done and Total count documents; Total is 0 when it is not known.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	// Bytes counts uncompressed bytes; Rate is bytes per second over the last seconds.
	Bytes int64   `json:"bytes"`
	Rate  float64 `json:"rate,omitempty"`
	// Note is what came out, or why it failed, in mrkdwn.
	Note     string    `json:"note,omitempty"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
}

// Left estimates how long the step still takes, from the documents done so far; 0 means unknown.
func (s Step) Left(now time.Time) time.Duration {
	if s.Total <= 0 || s.Done <= 0 || s.Done >= s.Total || s.Started.IsZero() {
		return 0
	}
	return time.Duration(float64(now.Sub(s.Started)) / float64(s.Done) * float64(s.Total-s.Done))
}

// Line is one line of a run's log.
type Line struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Lease is the right to work on a run until a moment. Token grows with each claim (a fencing token): a worker whose
// token is no longer the run's has lost the lease and must not change anything more.
type Lease struct {
	Owner string    `json:"owner,omitempty"`
	Token int64     `json:"token"`
	Until time.Time `json:"until,omitzero"`
}

// Cancellation is the wish to stop a run.
type Cancellation struct {
	By chat.User `json:"by"`
	At time.Time `json:"at"`
}
