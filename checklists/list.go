// Package checklists posts what a team looks at each day, week, month and quarter and before it deploys: lists whose items
// people tick, and which tick themselves where a probe can know. What people decide is a change of one record, by rules that
// are pure functions; what follows from it in Slack is brought about afterwards (see desk.go), once, whatever becomes of a
// process.
package checklists

import (
	"fmt"
	"strconv"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
)

// Status is how a list stands.
type Status string

// The statuses. Done is reached by a person, or by the next list when nothing was left; Unfinished by the next list.
const (
	Open       Status = "open"
	Done       Status = "done"
	Unfinished Status = "unfinished"
)

// Outcome is what a probe found.
type Outcome string

// The outcomes. Unknown is for everything but certainty; it never counts as passed.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Unknown Outcome = "unknown"
)

// Evidence is what a probe found and when.
type Evidence struct {
	Outcome Outcome `json:"outcome,omitempty"`
	// Say is one line of mrkdwn with what was seen: "last backup of orders 5 h ago, verified".
	Say string `json:"say,omitempty"`
	// At is when it was looked; the desk sets it if the probe leaves it zero.
	At time.Time `json:"at,omitzero"`
}

// Tick is who ticked an item, and when.
type Tick struct {
	By chat.User `json:"by,omitzero"`
	At time.Time `json:"at,omitzero"`
}

// Override is a person's word against a probe that failed or does not know.
type Override struct {
	By     chat.User `json:"by,omitzero"`
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason,omitempty"`
	// Spent says that the probe has passed since: the override stays to be read, but counts no more.
	Spent bool `json:"spent,omitempty"`
}

// Note is what a person wrote to an item.
type Note struct {
	By   chat.User `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Entry is an item of an open or closed list.
type Entry struct {
	Item
	Tick     Tick     `json:"tick,omitzero"`
	Evidence Evidence `json:"evidence,omitzero"`
	// Fell is when the probe stopped passing after it had passed on this list; zero while it passes.
	Fell     time.Time `json:"fell,omitzero"`
	Override Override  `json:"override,omitzero"`
	Notes    []Note    `json:"notes,omitempty"`
	// Turns counts how often people have ticked or unticked it.
	Turns int `json:"turns,omitempty"`
}

// Ticked says that a person has ticked it, or its probe passes.
func (e Entry) Ticked() bool {
	if e.Probe != "" && e.Evidence.Outcome == Passed {
		return true
	}
	return e.forPeople() && !e.Tick.At.IsZero()
}

// forPeople says that people can tick it.
func (e Entry) forPeople() bool { return e.Probe == "" || e.Keeps != "" }

// Overridden says that a person's word stands against the probe's.
func (e Entry) Overridden() bool { return !e.Override.At.IsZero() && !e.Override.Spent }

// Settled says that nothing is left to do about it.
func (e Entry) Settled() bool { return e.Ticked() || e.Overridden() }

// CanOverride says that its probe failed or does not know, and that nobody has overridden that yet.
func (e Entry) CanOverride() bool {
	return e.Probe != "" && e.Evidence.Outcome != "" && !e.Settled()
}

// List is one checklist that was posted, with a copy of its template as it was then.
type List struct {
	converge.State
	// Number counts from 1 over all templates.
	Number int `json:"number"`
	// Request is the unique key of what opened it: a firing of the schedule or a person's request.
	Request  string   `json:"request"`
	Template Template `json:"template"`
	// Version is what is deployed; "" for templates that are not started for one.
	Version string `json:"version,omitempty"`
	// By is who started it; without an ID it was the schedule.
	By chat.User `json:"by"`
	// For is the moment that it was scheduled for, Opened when it came, Due when it is to be done. Late says that opsbot was
	// away at For.
	For    time.Time `json:"for"`
	Opened time.Time `json:"opened"`
	Due    time.Time `json:"due,omitzero"`
	Late   bool      `json:"late,omitempty"`

	Items  []Entry `json:"items"`
	Status Status  `json:"status"`
	// Complete is since when every required item is settled; zero while one is not.
	Complete time.Time `json:"complete,omitzero"`
	// Closed is when it became done or unfinished, ClosedBy the person or opsbot, Next the number of the list that closed it.
	Closed   time.Time `json:"closed,omitzero"`
	ClosedBy chat.User `json:"closed_by,omitzero"`
	Next     int       `json:"next,omitempty"`

	// Asked counts how often somebody wanted the probes to be looked at again; Looked is when they were last, LookedFor the
	// Asked that this answered.
	Asked     int       `json:"asked,omitempty"`
	Looked    time.Time `json:"looked,omitzero"`
	LookedFor int       `json:"looked_for,omitempty"`

	// Place is its message, Link where people find that.
	Place chat.Ref `json:"place,omitzero"`
	Link  string   `json:"link,omitempty"`
	// Reminders are those that were sent, oldest first.
	Reminders []Reminder `json:"reminders,omitempty"`
	// Chosen is what each person has chosen last in a group of checkboxes, by user ID and group.
	Chosen map[string]Choice `json:"chosen,omitempty"`

	// History holds the newest moments, oldest first; each becomes an event. Logged is the N of the last that has.
	History []Moment `json:"history"`
	Logged  int      `json:"logged"`
}

// Reminder is one message that asks for the list.
type Reminder struct {
	At time.Time `json:"at"`
	// Left names what was left then.
	Left  string   `json:"left"`
	Place chat.Ref `json:"place,omitzero"`
}

// Moment is one thing that happened to a list.
type Moment struct {
	// N counts the moments of a list from 1.
	N int `json:"n"`
	// What is a verb: "opened", "ticked", "overridden", "done", …
	What string    `json:"what"`
	At   time.Time `json:"at"`
	By   chat.User `json:"by"`
	// Text says it in one sentence of mrkdwn.
	Text string `json:"text"`
}

// Act is a person's decision.
type Act = converge.Act

// self is who acts when no person does.
var self = chat.User{Name: "opsbot"}

// Name is how people call it: "#12".
func (l List) Name() string { return "#" + strconv.Itoa(l.Number) }

// Called is "Daily checklist #12", with the version if it is for one.
func (l List) Called() string {
	if l.Version != "" {
		return fmt.Sprintf("%s %s for %s", l.Template.Title, l.Name(), chat.Literal(l.Version))
	}
	return l.Template.Title + " " + l.Name()
}

// Left are the required items that are not settled.
func (l List) Left() []Entry {
	var left []Entry
	for _, e := range l.Items {
		if !e.Optional && !e.Settled() {
			left = append(left, e)
		}
	}
	return left
}

// Settled counts the items that are settled.
func (l List) Settled() (n int) {
	for _, e := range l.Items {
		if e.Settled() {
			n++
		}
	}
	return n
}

// OnTime says that it was done, and complete by the time it was due.
func (l List) OnTime() bool {
	return l.Status == Done && (l.Due.IsZero() || !l.Complete.After(l.Due))
}

// Ready says that a list for a version is done: it may be deployed.
func (l List) Ready() bool { return l.Template.Versioned && l.Status == Done }

// note adds a moment.
func (l *List) note(act Act, what, text string) {
	last := 0
	if n := len(l.History); n > 0 {
		last = l.History[n-1].N
	}
	l.History = append(l.History, Moment{N: last + 1, What: what, At: act.At, By: act.By, Text: text})
	for len(l.History) > 40 && (l.History[0].N <= l.Logged || len(l.History) > 400) {
		l.History = l.History[1:]
	}
}
