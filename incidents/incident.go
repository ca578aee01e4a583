// Package incidents takes a team from the first word of trouble to a post-mortem on GitHub. What people decide is a
// change of one record, by rules that are pure functions; what follows from it in Slack and on GitHub is brought about
// afterwards, step by step, by whichever process lives (see package converge). So nothing is lost with a process, and
// nothing is made twice.
package incidents

import (
	"fmt"
	"strconv"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
)

// Status is how far an incident has come.
type Status string

// The statuses, in their order. Each can be reached from each but Closed, which is reached from Resolved only; going
// back needs a reason.
const (
	Investigating Status = "investigating"
	Identified    Status = "identified"
	Mitigated     Status = "mitigated"
	Resolved      Status = "resolved"
	Closed        Status = "closed"
)

// Statuses are all of them in their order.
func Statuses() []Status { return []Status{Investigating, Identified, Mitigated, Resolved, Closed} }

// Over says that the trouble itself has ended.
func (s Status) Over() bool { return s == Resolved || s == Closed }

// Role is what a person takes upon them.
type Role string

// The roles.
const (
	Commander      Role = "commander"
	Communications Role = "communications"
	Scribe         Role = "scribe"
)

// Roles are all of them, the most needed first.
func Roles() []Role { return []Role{Commander, Communications, Scribe} }

// Milestone is a moment that durations are measured between.
type Milestone string

// The milestones, in the order in which they come to pass.
const (
	Began        Milestone = "impact began"
	Detected     Milestone = "detected"
	Acknowledged Milestone = "acknowledged"
	WasMitigated Milestone = "mitigated"
	WasResolved  Milestone = "resolved"
)

// Milestones are all of them in their order.
func Milestones() []Milestone {
	return []Milestone{Began, Detected, Acknowledged, WasMitigated, WasResolved}
}

// Mark is when a milestone was reached, and how that is known.
type Mark struct {
	At time.Time `json:"at"`
	// Source says what it was read from, in plain words: "the declaration".
	Source string `json:"source"`
	// By and Reason are set once a person has corrected it.
	By     chat.User `json:"by,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// Incident is the whole record of one, but for its timeline.
type Incident struct {
	// Number counts from 1 without regard to drills.
	Number int `json:"number"`
	// Request is the unique key of what declared it.
	Request  string    `json:"request"`
	Title    string    `json:"title"`
	Severity string    `json:"severity"`
	Services []string  `json:"services,omitempty"`
	Seen     string    `json:"seen,omitempty"`
	Private  bool      `json:"private,omitempty"`
	Drill    bool      `json:"drill,omitempty"`
	By       chat.User `json:"by"`
	At       time.Time `json:"at"`
	// From is where it was declared: the message of an alert or of a failed run, or only a channel.
	From chat.Ref `json:"from,omitzero"`
	// Run is the run whose failure it was declared for.
	Run string `json:"run,omitempty"`

	Status Status `json:"status"`
	// Since is when the status was entered.
	Since      time.Time          `json:"since"`
	Roles      map[Role]chat.User `json:"roles,omitempty"`
	Milestones map[Milestone]Mark `json:"milestones"`
	// Response are the first steps of the handbook, ticked one by one.
	Response []Step `json:"response,omitempty"`

	// Summary is the newest update; Update is who said it and when the next one is due.
	Update Update `json:"update,omitzero"`

	// Findings are what is known at the end.
	Findings Findings `json:"findings,omitzero"`
	// Closing is when it was closed.
	Closing time.Time `json:"closing,omitzero"`
	Actions []Action  `json:"actions,omitempty"`
	// ReadBack counts how often somebody asked what became of the actions on GitHub.
	ReadBack int `json:"read_back,omitempty"`
	// PostMortem is what was filed for it. Public says that the readers of the repository may see it although it is
	// private.
	PostMortem Filed `json:"post_mortem,omitzero"`
	Public     bool  `json:"public,omitempty"`

	// Place is what stands for it in Slack.
	Place Place `json:"place"`

	// History holds the newest moments, oldest first, about 40; each becomes an event and a timeline entry. Logged is
	// the N of the last that has.
	History []Moment `json:"history"`
	Logged  int      `json:"logged"`
	// Looks are the messages (channel/ts) that are to be read anew for the timeline, each with when in the count of Looked
	// that was asked last. Timeline grows whenever the timeline may have changed.
	Looks    map[string]int `json:"looks,omitempty"`
	Looked   int            `json:"looked,omitempty"`
	Timeline int64          `json:"timeline,omitempty"`

	// State is how far Slack and GitHub have followed.
	converge.State
	// Invited are the people who were invited, or could not be.
	Invited []string `json:"invited,omitempty"`

	version int64
}

// Step is one line of the first response.
type Step struct {
	Text string    `json:"text"`
	By   chat.User `json:"by,omitzero"`
	At   time.Time `json:"at,omitzero"`
}

// Done says that somebody has ticked it.
func (s Step) Done() bool { return !s.At.IsZero() }

// Update is what was said last, and when the next is due.
type Update struct {
	Text string    `json:"text,omitempty"`
	By   chat.User `json:"by,omitzero"`
	At   time.Time `json:"at,omitzero"`
	// N counts the updates.
	N int `json:"n,omitempty"`
	// Due is when the next one is expected; zero when none is. Reminded is for which Due somebody was reminded.
	Due      time.Time `json:"due,omitzero"`
	Reminded time.Time `json:"reminded,omitzero"`
	// Fate says what became of the newest reminder, in one sentence of mrkdwn; "" while it stands.
	Fate string `json:"fate,omitempty"`
	// Stopped says that nobody wants to be reminded.
	Stopped bool `json:"stopped,omitempty"`
}

// Findings are what people know at the end, in their words.
type Findings struct {
	Cause  string `json:"cause,omitempty"`
	Impact string `json:"impact,omitempty"`
	Done   string `json:"done,omitempty"`
	Well   string `json:"well,omitempty"`
	Badly  string `json:"badly,omitempty"`
}

// Missing names what a resolution still wants, in plain words.
func (f Findings) Missing() []string {
	var missing []string
	for _, q := range []struct{ text, name string }{
		{f.Cause, "the root cause"}, {f.Impact, "the impact on customers"}, {f.Done, "what was done"},
	} {
		if q.text == "" {
			missing = append(missing, q.name)
		}
	}
	return missing
}

// Action is something to be done after the incident.
type Action struct {
	// N counts the incident's actions from 1.
	N    int       `json:"n"`
	Text string    `json:"text"`
	Who  chat.User `json:"who,omitzero"`
	// Due is the end of the day by which it is to be done; zero when no day was named.
	Due time.Time `json:"due,omitzero"`
	By  chat.User `json:"by"`
	At  time.Time `json:"at"`
	// Done is when it was found done; Dropped, when it was taken back.
	Done    time.Time `json:"done,omitzero"`
	DoneBy  chat.User `json:"done_by,omitzero"`
	Dropped bool      `json:"dropped,omitempty"`
	Filed   Filed     `json:"filed,omitzero"`
}

// Open says that it is still to be done.
func (a Action) Open() bool { return a.Done.IsZero() && !a.Dropped }

// Filed is an issue on GitHub.
type Filed struct {
	// Wanted says that it is to be filed; Tried, since when that is attempted; Attempt, when an attempt began of which
	// nobody knows the end.
	Wanted  bool      `json:"wanted,omitempty"`
	Tried   time.Time `json:"tried,omitzero"`
	Attempt time.Time `json:"attempt,omitzero"`
	Number  int       `json:"number,omitempty"`
	URL     string    `json:"url,omitempty"`
	At      time.Time `json:"at,omitzero"`
	// Fault is what keeps it from being filed or brought up to date now, in plain words and as mrkdwn. Late is since when
	// it is worth telling people that it takes longer.
	Fault string    `json:"fault,omitempty"`
	Late  time.Time `json:"late,omitzero"`
	// Written is a digest of what was written last; Edited are the sections that people have changed on GitHub since.
	Written string   `json:"written,omitempty"`
	Edited  []string `json:"edited,omitempty"`
	// State is what GitHub and opsbot agreed on last: "open", "closed", or "gone" once the issue was deleted there.
	State string `json:"state,omitempty"`
	// Here says that it is kept as a file instead, and File is the file's key in the object store.
	Here bool   `json:"here,omitempty"`
	File string `json:"file,omitempty"`
}

// Exists says that it was filed, on GitHub or as a file.
func (f Filed) Exists() bool { return f.Number > 0 || f.File != "" }

// Place is what stands for an incident in Slack.
type Place struct {
	// Name is what the channel is meant to be called, or is; Meant is when it was meant to be made.
	Name    string    `json:"name,omitempty"`
	Meant   time.Time `json:"meant,omitzero"`
	Channel string    `json:"channel,omitempty"`
	Card    chat.Ref  `json:"card,omitzero"`
	// CardLink, AnnouncementLink and FromLink are where people find the two messages, and the one that it is about.
	CardLink         string `json:"card_link,omitempty"`
	FromLink         string `json:"from_link,omitempty"`
	AnnouncementLink string `json:"announcement_link,omitempty"`
	// Announcement stands in the incidents channel; Told are the other messages about it, by channel.
	Announcement chat.Ref            `json:"announcement,omitzero"`
	Told         map[string]chat.Ref `json:"told,omitempty"`
	Archived     time.Time           `json:"archived,omitzero"`
}

// Moment is one thing that happened to an incident by somebody's decision.
type Moment struct {
	// N counts the moments of an incident from 1.
	N int `json:"n"`
	// What is a verb: "declared", "status", "severity", "role", …
	What string    `json:"what"`
	At   time.Time `json:"at"`
	By   chat.User `json:"by"`
	// Text says it in one sentence of mrkdwn.
	Text string `json:"text"`
}

// Act is a person's decision.
type Act = converge.Act

// Name is how people call it: "#12".
func (i Incident) Name() string { return "#" + strconv.Itoa(i.Number) }

// Key names one thing of the incident, for messages that are posted once: "incident/12/card".
func (i Incident) Key(thing string) string { return fmt.Sprintf("incident/%d/%s", i.Number, thing) }

// Kind is "incident", or "drill" for one.
func (i Incident) Kind() string {
	if i.Drill {
		return "drill"
	}
	return "incident"
}

// note adds a moment.
func (i *Incident) note(act Act, what, text string) {
	last := 0
	if n := len(i.History); n > 0 {
		last = i.History[n-1].N
	}
	i.History = append(i.History, Moment{N: last + 1, What: what, At: act.At, By: act.By, Text: text})
	for len(i.History) > 40 && (i.History[0].N <= min(i.Logged, i.saidUpTo()) || len(i.History) > 400) {
		i.History = i.History[1:]
	}
}

// OpenActions are the actions that are still to be done.
func (i Incident) OpenActions() []Action {
	var open []Action
	for _, a := range i.Actions {
		if a.Open() {
			open = append(open, a)
		}
	}
	return open
}

// Took is the time between two milestones; false while one of them is not known.
func (i Incident) Took(from, to Milestone) (time.Duration, bool) {
	a, okA := i.Milestones[from]
	b, okB := i.Milestones[to]
	if !okA || !okB || b.At.Before(a.At) {
		return 0, false
	}
	return b.At.Sub(a.At), true
}
