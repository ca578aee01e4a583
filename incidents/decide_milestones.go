package incidents

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// reach notes a milestone that was not reached before.
func (i *Incident) reach(m Milestone, act Act, source string) {
	if _, known := i.Milestones[m]; known {
		return
	}
	if i.Milestones == nil {
		i.Milestones = map[Milestone]Mark{}
	}
	i.Milestones[m] = Mark{At: act.At, Source: source}
}

// unreach takes back what is not true any more since the status went back.
func (i *Incident) unreach(to Status) {
	i.Closing = time.Time{}
	if to.Over() {
		return
	}
	delete(i.Milestones, WasResolved)
	if to != Mitigated {
		delete(i.Milestones, WasMitigated)
	}
}

// Correct sets a milestone by hand; that needs a reason, the milestones must stay in their order, and one that has not
// come to pass cannot be set. A time to the minute is taken for a moment within that minute.
func (i *Incident) Correct(act Act, m Milestone, at time.Time, reason string) error {
	reason = strings.TrimSpace(reason)
	if err := i.checkMilestone(m); err != nil {
		return err
	}
	switch {
	case at.IsZero():
		return &chat.Problem{Say: fmt.Sprintf("When was “%s”?", m), Try: "Give a date and a time."}
	case reason == "":
		return &chat.Problem{Say: "A corrected milestone needs a reason.", Try: "Say in a few words how you know."}
	case at.After(act.At):
		return &chat.Problem{Say: chat.Time(at) + " is in the future.", Try: "Give a time that has passed."}
	}
	at, err := i.inOrder(m, at)
	if err != nil {
		return err
	}
	if mark, known := i.Milestones[m]; known && mark.At.Equal(at) {
		return &chat.Problem{Say: fmt.Sprintf("“%s” is %s already (%s).", m, chat.Time(at), mark.Source)}
	}
	if i.Milestones == nil {
		i.Milestones = map[Milestone]Mark{}
	}
	i.Milestones[m] = Mark{At: at, Source: "corrected by " + act.By.Mention(), By: act.By, Reason: reason}
	i.note(act, "milestone", fmt.Sprintf("%s corrected *%s* to %s: %s", act.By.Mention(), m, chat.Time(at), typed(reason)))
	return nil
}

// checkMilestone answers a *chat.Problem unless the milestone is one, and has come to pass.
func (i *Incident) checkMilestone(m Milestone) error {
	if !slices.Contains(Milestones(), m) {
		names := []string{}
		for _, m := range Milestones() {
			names = append(names, string(m))
		}
		return chat.Unknown("milestone", string(m), names)
	}
	_, known := i.Milestones[m]
	if !known && (m == WasMitigated || m == WasResolved) {
		return &chat.Problem{Say: fmt.Sprintf("%s is %s; it has not been %s yet.", i.Called(), i.Status, m),
			Try: fmt.Sprintf("First `/incident status %s`; then its time can be corrected.", m)}
	}
	return nil
}

// inOrder answers the moment that is meant, or a *chat.Problem if it does not lie between the milestones before and after.
func (i *Incident) inOrder(m Milestone, at time.Time) (time.Time, error) {
	n := slices.Index(Milestones(), m)
	for k, other := range Milestones() {
		mark, known := i.Milestones[other]
		if !known || k == n {
			continue
		}
		if k < n && at.Before(mark.At) && at.Equal(mark.At.Truncate(time.Minute)) {
			at = mark.At
		}
		word := ""
		switch {
		case k < n && at.Before(mark.At):
			word = "before"
		case k > n && at.After(mark.At):
			word = "after"
		default:
			continue
		}
		return at, &chat.Problem{Say: fmt.Sprintf("“%s” would then come %s “%s” (%s).", m, word, other, chat.Time(mark.At)),
			Try: fmt.Sprintf("Give another time, or correct “%s” first.", other)}
	}
	return at, nil
}
