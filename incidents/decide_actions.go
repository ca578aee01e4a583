package incidents

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kampyn/opsbot/chat"
)

// mostAction is how many characters an action has at most: it becomes the title of an issue, which GitHub bounds at 256.
const mostAction = 250

// mostActions is how many actions an incident has at most.
const mostActions = 100

// AddAction adds something to be done afterwards, and answers it. Also a closed incident takes it.
func (i *Incident) AddAction(act Act, text string, who chat.User, due time.Time) (Action, error) {
	text = strings.Join(strings.Fields(text), " ")
	switch n := utf8.RuneCountInString(text); {
	case text == "":
		return Action{}, &chat.Problem{Say: "An action needs words.", Try: "As in `/incident action @ben by friday alert on the queue's length`."}
	case n > mostAction:
		return Action{}, &chat.Problem{Say: fmt.Sprintf("The action has %d characters; at most %d fit into the title of an issue.", n, mostAction), Try: "Say it shorter; details go into its issue."}
	case len(i.Actions) == mostActions:
		return Action{}, &chat.Problem{Say: fmt.Sprintf("%s has %d actions already; it takes no more.", i.Called(), mostActions), Try: "Put it into the issue of one of them."}
	}
	a := Action{N: len(i.Actions) + 1, Text: text, Who: who, Due: due, By: act.By, At: act.At, Filed: Filed{Wanted: true}}
	i.Actions = append(i.Actions, a)
	line := fmt.Sprintf("%s added an action: %s", act.By.Mention(), typed(text))
	if who.ID != "" {
		line += " (" + who.Mention() + ")"
	}
	i.note(act, "action", line)
	return a, nil
}

// Action finds one by its number, or answers a *chat.Problem.
func (i Incident) Action(n int) (Action, error) {
	if n >= 1 && n <= len(i.Actions) {
		return i.Actions[n-1], nil
	}
	p := &chat.Problem{Say: fmt.Sprintf("%s has no action %d.", i.Called(), n), Try: "`/incident action` adds one."}
	if len(i.Actions) > 0 {
		p.Try = fmt.Sprintf("The nearest is action %d. `/incident actions %s` shows them.", min(max(n, 1), len(i.Actions)), i.Name())
	}
	return Action{}, p
}

// openAction is one that is still to be done, to be changed.
func (i *Incident) openAction(n int) (*Action, error) {
	a, err := i.Action(n)
	switch {
	case err != nil:
		return nil, err
	case a.Dropped:
		return nil, &chat.Problem{Say: fmt.Sprintf("Action %d of %s was dropped%s.", n, i.Name(), byWhom(a.DoneBy)), Try: "Add it again, if it is to be done after all."}
	case !a.Done.IsZero():
		return nil, &chat.Problem{Say: fmt.Sprintf("Action %d of %s is done already, since %s%s.", n, i.Name(), chat.Time(a.Done), byWhom(a.DoneBy))}
	}
	return &i.Actions[n-1], nil
}

func byWhom(u chat.User) string {
	if u.ID == "" {
		return ""
	}
	return ", by " + u.Mention()
}

// DoAction says that it is done.
func (i *Incident) DoAction(act Act, n int) error {
	a, err := i.openAction(n)
	if err != nil {
		return err
	}
	a.Done, a.DoneBy = act.At, act.By
	i.note(act, "action", fmt.Sprintf("%s has done action %d: %s", act.By.Mention(), n, typed(a.Text)))
	return nil
}

// DropAction says that it will not be done.
func (i *Incident) DropAction(act Act, n int) error {
	a, err := i.openAction(n)
	if err != nil {
		return err
	}
	a.Dropped, a.DoneBy = true, act.By
	i.note(act, "action", fmt.Sprintf("%s dropped action %d: %s", act.By.Mention(), n, typed(a.Text)))
	return nil
}

// UndoAction says that it is to be done after all.
func (i *Incident) UndoAction(act Act, n int) error {
	a, err := i.Action(n)
	if err != nil {
		return err
	}
	if a.Open() {
		return &chat.Problem{Say: fmt.Sprintf("Action %d of %s is still to be done.", n, i.Name())}
	}
	at := &i.Actions[n-1]
	at.Done, at.DoneBy, at.Dropped = time.Time{}, chat.User{}, false
	i.note(act, "action", fmt.Sprintf("%s opened action %d again: %s", act.By.Mention(), n, typed(a.Text)))
	return nil
}

// AssignAction gives it to a person, and a day by which it is to be done; a zero one is none.
func (i *Incident) AssignAction(act Act, n int, who chat.User, due time.Time) error {
	a, err := i.openAction(n)
	if err != nil {
		return err
	}
	if a.Who.ID == who.ID && a.Due.Equal(due) {
		return &chat.Problem{Say: fmt.Sprintf("Action %d of %s is so already.", n, i.Name())}
	}
	a.Who, a.Due = who, due
	i.note(act, "action", fmt.Sprintf("%s gave action %d to %s, %s: %s", act.By.Mention(), n, cmp.Or(who.Mention(), "nobody"), until(due), typed(a.Text)))
	return nil
}

// until says by when something is to be done.
func until(due time.Time) string {
	if due.IsZero() {
		return "with no day"
	}
	return "by " + Day(due)
}

// Day writes the day that EndOfDay answered.
func Day(t time.Time) string { return t.Format("Mon 2 Jan 2006") }

// PostponeAction gives a week more from today on, or from its day if that is still to come.
func (r Rules) PostponeAction(i *Incident, act Act, n int) error {
	a, err := i.openAction(n)
	if err != nil {
		return err
	}
	from := act.At
	if a.Due.After(from) {
		from = a.Due
	}
	due := r.EndOfDay(from.In(r.zone()).AddDate(0, 0, 7))
	return i.AssignAction(act, n, a.Who, due)
}

// zone is where days begin and end.
func (r Rules) zone() *time.Location {
	if r.Location == nil {
		return time.UTC
	}
	return r.Location
}

// EndOfDay is the last second of the day on which an instant falls.
func (r Rules) EndOfDay(t time.Time) time.Time {
	y, m, d := t.In(r.zone()).Date()
	return time.Date(y, m, d, 23, 59, 59, 0, r.zone())
}

// overdue are the open actions of an incident whose day has passed, the longest overdue first.
func (i Incident) overdue(now time.Time) []Action {
	late := slices.DeleteFunc(i.OpenActions(), func(a Action) bool { return a.Due.IsZero() || !a.Due.Before(now) })
	slices.SortStableFunc(late, func(a, b Action) int { return a.Due.Compare(b.Due) })
	return late
}
