package health

import (
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/state"
)

// Alert is one trouble: a check that is down by itself, from the first look that failed until it is up again. Trouble
// that comes back soon goes on with the same alert.
type Alert struct {
	// ID is the check's name and when the trouble began: "api/2026-03-05T09:12:04.000000Z".
	ID    string `json:"id"`
	Check string `json:"check"`
	// Began is when the first of the looks failed, At when there were enough of them. Ended is when the first look went
	// well again, zero while the trouble lasts; Prior adds up earlier stretches of trouble.
	Began time.Time     `json:"began"`
	At    time.Time     `json:"at"`
	Ended time.Time     `json:"ended,omitzero"`
	Prior time.Duration `json:"prior,omitempty"`
	// Times counts the stretches.
	Times int `json:"times"`
	// Stretch is when the present, or last, stretch began.
	Stretch time.Time `json:"stretch"`
	// First is the first result that failed, Last are the newest ones, oldest first; Fails counts those that failed.
	First Result   `json:"first"`
	Last  []Result `json:"last"`
	Fails int      `json:"fails"`
	// Affected are the checks that are down because of this one; CausedBy is the one that this is down because of, as
	// far as was found out later.
	Affected []string `json:"affected,omitempty"`
	CausedBy string   `json:"caused_by,omitempty"`
	// Changed are the newest things that happened before, each as one line of mrkdwn.
	Changed []string `json:"changed,omitempty"`

	// Acked is who is at it, and since when.
	Acked Ack `json:"acked,omitzero"`
	// Mute is as with the check.
	Mute Mute `json:"mute,omitzero"`
	// Incident is the one that was declared for it; 0 for none.
	Incident int `json:"incident,omitempty"`
	// Called is when people were called last, Calls how often.
	Called time.Time `json:"called,omitzero"`
	Calls  int       `json:"calls,omitempty"`

	// Place is the message that stands for it, Link where people find it.
	Place chat.Ref `json:"place,omitzero"`
	Link  string   `json:"link,omitempty"`

	// History holds what happened to it, oldest first; Logged counts what is in the log of events.
	History []Moment `json:"history"`
	Logged  int      `json:"logged"`

	// State is how far Slack has followed.
	converge.State
}

// Ack is a person's word to be at it.
type Ack struct {
	By chat.User `json:"by"`
	At time.Time `json:"at"`
}

// Moment is one thing that happened to an alert.
type Moment struct {
	// What is a verb: "down", "up", "acknowledged", "muted", …
	What string    `json:"what"`
	At   time.Time `json:"at"`
	By   chat.User `json:"by"`
	// Text says it in one sentence of mrkdwn.
	Text string `json:"text"`
}

// Act is a person's decision.
type Act = converge.Act

var self = chat.User{Name: "opsbot"}

func alertFields(a Alert) map[string]string {
	f := map[string]string{"of " + a.Check: state.SortableTime(a.At), "at": state.SortableTime(a.At)}
	if a.Open() {
		f["open"] = state.SortableTime(a.At)
	}
	a.Index(f)
	return f
}

// Open says that the trouble lasts.
func (a Alert) Open() bool { return a.Ended.IsZero() }

// Lasted is how long the trouble has lasted so far, without the times in between when all was well.
func (a Alert) Lasted(now time.Time) time.Duration {
	if !a.Open() {
		now = a.Ended
	}
	return a.Prior + now.Sub(a.Stretch)
}

// Silent says that nobody is to be called: somebody knows, wants to hear nothing, or it has another cause.
func (a Alert) Silent(now time.Time) bool {
	return !a.Open() || !a.Acked.At.IsZero() || a.Mute.Holds(now) || a.Incident > 0 || a.CausedBy != ""
}

const (
	mostAnswers = 5
	mostMoments = 200
)

func (a *Alert) note(what string, act Act, text string) {
	if len(a.History) < mostMoments {
		a.History = append(a.History, Moment{What: what, At: act.At, By: act.By, Text: text})
	}
}

// raise makes the alert of a check that is down.
func raise(c Check, s Standing, now time.Time) Alert {
	a := Alert{ID: c.Name + "/" + state.SortableTime(s.Since), Check: c.Name, Began: s.Since, Stretch: s.Since, At: now, Times: 1}
	for _, r := range s.Last {
		if r.Outcome == Failed && !r.At.Before(s.Since) {
			a.saw(r)
		}
	}
	a.First = a.Last[0]
	a.note("down", Act{By: self, At: now}, fmt.Sprintf("The health check %s failed %s in a row since %s: %s.",
		chat.Literal(c.Name), chat.Plural(int64(a.Fails), "time"), chat.Time(a.Began), strings.TrimSuffix(a.First.Say, ".")))
	return a
}

// saw adds a result that failed.
func (a *Alert) saw(r Result) {
	if n := len(a.Last); n > 0 && !r.At.After(a.Last[n-1].At) {
		return
	}
	a.Last = append(a.Last, r)
	a.Last = a.Last[max(0, len(a.Last)-mostAnswers):]
	a.Fails++
}

// recover ends the alert.
func (a *Alert) recover(at, now time.Time) {
	if !a.Open() {
		return
	}
	a.Ended, a.Affected = at, nil
	a.note("up", Act{By: self, At: now}, fmt.Sprintf("The health check %s is well again after %s.", chat.Literal(a.Check), chat.Span(a.Lasted(now))))
}

// resume goes on with an alert whose trouble has come back.
func (a *Alert) resume(s Standing, now time.Time) {
	if a.Open() {
		return
	}
	a.Prior, a.Stretch, a.Ended = a.Lasted(now), s.Since, time.Time{}
	a.Times++
	a.Acked, a.CausedBy = Ack{}, ""
	a.note("down", Act{By: self, At: now}, fmt.Sprintf("The health check %s fails again, for the %s time.", chat.Literal(a.Check), ordinal(a.Times)))
}

func ordinal(n int) string {
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		return fmt.Sprint(n, "st")
	case n%10 == 2:
		return fmt.Sprint(n, "nd")
	case n%10 == 3:
		return fmt.Sprint(n, "rd")
	}
	return fmt.Sprint(n, "th")
}

// Acknowledge says that a person is at it: nobody is called any more.
func (a *Alert) Acknowledge(act Act) error {
	switch {
	case !a.Open():
		return &chat.Problem{Say: fmt.Sprintf("%s is well again already.", chat.Literal(a.Check)), Try: "There is nothing to acknowledge."}
	case a.Acked.By.ID != "" && a.Acked.By.ID == act.By.ID:
		return nil
	case !a.Acked.At.IsZero():
		return &chat.Problem{Say: fmt.Sprintf("%s is at it since %s.", a.Acked.By.Mention(), chat.Time(a.Acked.At)), Try: "Ask in the alert's thread whether to take over."}
	}
	a.Acked = Ack{By: act.By, At: act.At}
	a.note("acknowledged", act, fmt.Sprintf("%s acknowledged the alert of %s.", act.By.Mention(), chat.Literal(a.Check)))
	return nil
}

// Declared notes the incident that was declared for it.
func (a *Alert) Declared(act Act, number int) {
	if a.Incident == 0 {
		a.Incident = number
		a.note("declared", act, fmt.Sprintf("%s declared incident #%d for the alert of %s.", act.By.Mention(), number, chat.Literal(a.Check)))
	}
}
