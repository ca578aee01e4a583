package checklists

import (
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// remind notes that the next reminder goes out now.
func (l *List) remind(now time.Time) {
	left := listed(l.Left())
	l.Reminders = append(slices.Clip(l.Reminders), Reminder{At: now, Left: left})
	l.note(Act{By: self, At: now}, "reminded", fmt.Sprintf("Reminder %d of %s. Left: %s.", len(l.Reminders), l.Called(), left))
}

// reminder is the n-th one as a message: the first asks people in the thread of the list, the others ask in its channel,
// where all see them. Once nothing is left it only says so.
func (l List) reminder(n int) chat.Message {
	r := l.Reminders[n]
	name := "The " + lower(l.Template.Title)
	if l.Version != "" {
		name += " for " + chat.Literal(l.Version)
	}
	m := chat.Message{Summary: fmt.Sprintf("%s is due. Left: %s.", l.Called(), r.Left)}
	if n == 0 {
		m.Thread = l.Place.TS
	} else if l.Link != "" {
		name = fmt.Sprintf("<%s|%s>", l.Link, name)
	}
	if fate := l.fate(); fate != "" {
		m.Summary = l.Called() + " was due. " + fate
		m.Parts = []chat.Part{chat.Note("⏰ " + name + " was due " + chat.Time(l.Due) + ". " + fate)}
		return m
	}
	who := ""
	if len(l.Template.Asks) > 0 {
		who = mentions(l.Template.Asks) + ": "
	}
	when := "is due now"
	if n > 0 {
		when = "was due " + chat.Time(l.Due) + " and is still open"
	}
	m.Parts = []chat.Part{chat.Text(fmt.Sprintf("⏰ %s*%s %s.* Left: %s.", who, name, when, r.Left))}
	return m
}

// fate says what became of a list that was due; "" while it is waited for.
func (l List) fate() string {
	switch {
	case l.Ready():
		return fmt.Sprintf("%s found it ready to deploy %s.", l.ClosedBy.Mention(), chat.Time(l.Closed))
	case l.Status == Done && l.Next == 0:
		return fmt.Sprintf("Done by %s, %s.", l.ClosedBy.Mention(), chat.Time(l.Closed))
	case l.Status == Unfinished:
		return "It was closed unfinished " + l.why() + "."
	case !l.Complete.IsZero():
		return fmt.Sprintf("Nothing is left since %s.", chat.Time(l.Complete))
	}
	return ""
}
