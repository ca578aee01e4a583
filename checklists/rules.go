package checklists

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// Template is what lists are made from.
type Template struct {
	// Name is how people type it: "daily". Title begins sentences: "Daily checklist".
	Name  string `json:"name"`
	Title string `json:"title"`
	// Schedule is a cron line read in Location, "" if only people start it.
	Schedule string         `json:"schedule,omitempty"`
	Location *time.Location `json:"-"`
	// Channel is where it is posted, an id or a name.
	Channel string `json:"channel"`
	// Asks are the users (U…, W…) and user groups (S…) who are reminded.
	Asks []string `json:"asks,omitempty"`
	// DueIn is the time from its opening until it is due; 0 means that nobody is reminded.
	DueIn time.Duration `json:"due_in,omitempty"`
	// RemindEvery is the time from one reminder to the next, Reminders how many there are at most.
	RemindEvery time.Duration `json:"remind_every,omitempty"`
	Reminders   int           `json:"reminders,omitempty"`
	// Versioned says that it is started for a version, which is ready to deploy once it is done.
	Versioned bool   `json:"versioned,omitempty"`
	Items     []Item `json:"items"`
}

// Item is one thing to be looked at.
type Item struct {
	// Text is plain text of at most 75 characters; Link, if any, leads to what is looked at.
	Text string `json:"text"`
	Link string `json:"link,omitempty"`
	// Optional says that the list can be done without it.
	Optional bool `json:"optional,omitempty"`
	// Owner is the user or user group who looks after it, "" for all who are asked.
	Owner string `json:"owner,omitempty"`
	// Probe is the name of what looks at it in Rules.Probes; "" if a person does.
	Probe string `json:"probe,omitempty"`
	// Keeps is the name of the day that its probe looks at. Then people can tick it, too, which sets that to the day.
	Keeps string `json:"keeps,omitempty"`
}

// Probe looks at one thing and says what it found. Its answer is Unknown for whatever it could not find out; a context that
// has ended is such a case. It is called from several goroutines, and again while a list is open.
type Probe interface {
	Look(ctx context.Context) Evidence
}

// Rules are what the configuration decides about checklists.
type Rules struct {
	// Templates are in the order in which they are shown.
	Templates []Template
	// Probes are by Item.Probe. An item whose probe is not among them is unknown.
	Probes map[string]Probe
	// LookEvery is how often probes are looked at while a list is open, LookFor how long a look may take.
	LookEvery, LookFor time.Duration
	// Quiet are the hours in which nobody is reminded.
	Quiet incidents.Quiet
}

// mostReminders bounds Template.Reminders: more than a few are noise.
const mostReminders = 5

// Find answers a template by its name, or a *chat.Problem with the nearest.
func (r Rules) Find(name string) (Template, error) {
	names := []string{}
	for _, t := range r.Templates {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Template{}, chat.Unknown("checklist", name, names)
}

// remindAt is when the next reminder is due; zero is never. Each waits for the one before and for the end of quiet hours.
func (r Rules) remindAt(l List) time.Time {
	sent := len(l.Reminders)
	if l.Status != Open || !l.Complete.IsZero() || l.Due.IsZero() || sent >= min(l.Template.Reminders, mostReminders) {
		return time.Time{}
	}
	at := l.Due
	if sent > 0 {
		at = l.Reminders[sent-1].At.Add(l.Template.RemindEvery)
	}
	return r.Quiet.After(at)
}

// lookAt is when the probes are looked at next; zero is never.
func (r Rules) lookAt(l List) time.Time {
	if l.Status != Open || !l.probed() {
		return time.Time{}
	}
	if l.Looked.IsZero() || l.LookedFor < l.Asked {
		return l.Opened
	}
	return l.Looked.Add(r.LookEvery)
}

// probed says that some item has a probe.
func (l List) probed() bool {
	for _, e := range l.Items {
		if e.Probe != "" {
			return true
		}
	}
	return false
}
