package incidents

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// What follows are the rules by which a person's decision changes an incident, or the *chat.Problem that says why it
// cannot. They read neither clock nor store nor Slack.

// Advance sets the status. Going back needs a reason.
func (i *Incident) Advance(r Rules, act Act, to Status, reason string) error {
	reason = strings.TrimSpace(reason)
	if err := i.mayAdvance(r, to, reason); err != nil {
		return err
	}
	from := i.Status
	back := slices.Index(Statuses(), to) < slices.Index(Statuses(), from)
	i.Status, i.Since = to, act.At
	text := fmt.Sprintf("%s set the status from *%s* to *%s*.", act.By.Mention(), from, to)
	if reason != "" {
		text = strings.TrimSuffix(text, ".") + ": " + chat.Escape(reason)
	}
	i.note(act, "status", text)
	if back {
		i.unreach(to)
	}
	source := act.By.Mention() + " set the status"
	i.reach(Acknowledged, act, source)
	if to == Mitigated || to.Over() {
		i.reach(WasMitigated, act, source)
	}
	if to.Over() {
		i.reach(WasResolved, act, source)
	}
	if to == Closed {
		i.Closing = act.At
	}
	if back || to.Over() {
		i.expectUpdate(r, act.At)
	}
	return nil
}

func (i *Incident) mayAdvance(r Rules, to Status, reason string) error {
	at, wanted := slices.Index(Statuses(), i.Status), slices.Index(Statuses(), to)
	switch {
	case wanted < 0:
		names := []string{}
		for _, s := range Statuses() {
			names = append(names, string(s))
		}
		return chat.Unknown("status", string(to), names)
	case at == wanted:
		return &chat.Problem{Say: fmt.Sprintf("%s is %s already, since %s%s.", i.Called(), to, chat.Time(i.Since), i.lastBy("status"))}
	case wanted < at && reason == "":
		return &chat.Problem{Say: fmt.Sprintf("Going back from %s to %s needs a reason.", i.Status, to),
			Try: fmt.Sprintf("Add it in a few words: `/incident status %s the errors are back`.", to)}
	case to == Closed && i.Status != Resolved:
		return &chat.Problem{Say: fmt.Sprintf("%s is %s; only a resolved one can be closed.", i.Called(), i.Status),
			Try: "First `/incident resolve`."}
	case to == Closed:
		return r.needsPostMortem(*i)
	}
	return nil
}

// Called is "Incident #12" or "Drill #12", to begin a sentence with.
func (i Incident) Called() string {
	kind := i.Kind()
	return strings.ToUpper(kind[:1]) + kind[1:] + " " + i.Name()
}

// lastBy is " by @anna" if a person caused the newest moment of that kind.
func (i *Incident) lastBy(what string) string {
	for _, m := range slices.Backward(i.History) {
		if m.What == what {
			return " by " + m.By.Mention()
		}
	}
	return ""
}

// unreach takes back what is not true any more since the status went back.
func (i *Incident) unreach(to Status) {
	i.Closing = time.Time{}
	if to.Over() {
		return
	}
	delete(i.Milestones, WasResolved)
	i.Update.Stopped = false
	if to != Mitigated {
		delete(i.Milestones, WasMitigated)
	}
}

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

// expectUpdate says when the next update is due, counted from a moment; never once it is over.
func (i *Incident) expectUpdate(r Rules, from time.Time) {
	every := r.severityOf(*i).UpdateEvery
	i.Update.Due = time.Time{}
	if every > 0 && !i.Status.Over() && !i.Update.Stopped {
		i.Update.Due = from.Add(every)
	}
}

// SetSeverity changes how bad it is; that needs a reason.
func (i *Incident) SetSeverity(r Rules, act Act, name, reason string) error {
	severity, err := r.Severity(name)
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	switch {
	case i.Status == Closed:
		return i.closed()
	case name == i.Severity:
		return &chat.Problem{Say: fmt.Sprintf("%s is %s already.", i.Called(), name), Try: severity.When}
	case reason == "":
		return &chat.Problem{Say: fmt.Sprintf("A change from %s to %s needs a reason.", i.Severity, name),
			Try: fmt.Sprintf("Add it in a few words: `/incident severity %s payments fail, too`.", name)}
	}
	i.note(act, "severity", fmt.Sprintf("%s changed the severity from *%s* to *%s*: %s", act.By.Mention(), i.Severity, name, chat.Escape(reason)))
	i.Severity = name
	i.expectUpdate(r, act.At)
	return nil
}

// closed is the answer to what a closed incident does not take any more.
func (i *Incident) closed() error {
	return &chat.Problem{Say: fmt.Sprintf("%s was closed at %s%s.", i.Called(), chat.Time(i.Closing), i.lastBy("status")),
		Try: "`/incident reopen` with a reason opens it again."}
}

// Take gives a role to a person, whoever had it before.
func (i *Incident) Take(act Act, role Role, who chat.User) error {
	if err := checkRole(role); err != nil {
		return err
	}
	before, had := i.Roles[role]
	switch {
	case i.Status == Closed:
		return i.closed()
	case had && before.ID == who.ID:
		return &chat.Problem{Say: fmt.Sprintf("%s is %s already.", who.Mention(), role)}
	}
	text := fmt.Sprintf("%s took the role of *%s*.", who.Mention(), role)
	switch {
	case who.ID != act.By.ID:
		text = fmt.Sprintf("%s made %s *%s*.", act.By.Mention(), who.Mention(), role)
	case had:
		text = fmt.Sprintf("%s took the role of *%s* over from %s.", who.Mention(), role, before.Mention())
	}
	if i.Roles == nil {
		i.Roles = map[Role]chat.User{}
	}
	i.Roles[role] = who
	i.note(act, "role", text)
	i.reach(Acknowledged, act, fmt.Sprintf("%s became %s", who.Mention(), role))
	return nil
}

// Drop gives a role up.
func (i *Incident) Drop(act Act, role Role) error {
	if err := checkRole(role); err != nil {
		return err
	}
	before, had := i.Roles[role]
	switch {
	case i.Status == Closed:
		return i.closed()
	case !had:
		return &chat.Problem{Say: fmt.Sprintf("Nobody is %s.", role)}
	}
	delete(i.Roles, role)
	text := fmt.Sprintf("%s gave the role of *%s* up.", before.Mention(), role)
	if before.ID != act.By.ID {
		text = fmt.Sprintf("%s took the role of *%s* from %s.", act.By.Mention(), role, before.Mention())
	}
	i.note(act, "role", text)
	return nil
}

func checkRole(role Role) error {
	names := []string{}
	for _, r := range Roles() {
		names = append(names, string(r))
	}
	if !slices.Contains(names, string(role)) {
		return chat.Unknown("role", string(role), names)
	}
	return nil
}

// Acknowledge notes that a person has seen it.
func (i *Incident) Acknowledge(act Act) error {
	if mark, known := i.Milestones[Acknowledged]; known {
		return &chat.Problem{Say: fmt.Sprintf("%s is acknowledged already, since %s (%s).", i.Called(), chat.Time(mark.At), mark.Source)}
	}
	i.reach(Acknowledged, act, act.By.Mention()+" pressed Acknowledge")
	i.note(act, "acknowledged", act.By.Mention()+" acknowledged the "+i.Kind()+".")
	return nil
}

// Correct sets a milestone by hand; that needs a reason, and the milestones must stay in their order.
func (i *Incident) Correct(act Act, m Milestone, at time.Time, reason string) error {
	reason = strings.TrimSpace(reason)
	n := slices.Index(Milestones(), m)
	switch {
	case n < 0:
		names := []string{}
		for _, m := range Milestones() {
			names = append(names, string(m))
		}
		return chat.Unknown("milestone", string(m), names)
	case reason == "":
		return &chat.Problem{Say: "A corrected milestone needs a reason."}
	case at.After(act.At):
		return &chat.Problem{Say: chat.Time(at) + " is in the future.", Try: "Give a time that has passed."}
	}
	for k, other := range Milestones() {
		mark, known := i.Milestones[other]
		if known && (k < n && at.Before(mark.At) || k > n && at.After(mark.At)) {
			word := map[bool]string{true: "before", false: "after"}[k < n]
			return &chat.Problem{Say: fmt.Sprintf("%s would then come %s %s (%s).", m, word, other, chat.Time(mark.At)),
				Try: "Give another time, or correct " + string(other) + " first."}
		}
	}
	if i.Milestones == nil {
		i.Milestones = map[Milestone]Mark{}
	}
	i.Milestones[m] = Mark{At: at, Source: "corrected by " + act.By.Mention(), By: act.By, Reason: reason}
	i.note(act, "milestone", fmt.Sprintf("%s corrected *%s* to %s: %s", act.By.Mention(), m, chat.Time(at), chat.Escape(reason)))
	return nil
}

// Tick marks one of the first steps, by its place from 0, as done, or takes that back.
func (i *Incident) Tick(act Act, n int, done bool) error {
	if n < 0 || n >= len(i.Response) {
		return &chat.Problem{Say: fmt.Sprintf("There is no step %d.", n+1)}
	}
	if i.Status == Closed {
		return i.closed()
	}
	step := &i.Response[n]
	if step.Done() == done {
		return nil
	}
	if !done {
		step.By, step.At = chat.User{}, time.Time{}
		i.note(act, "response", fmt.Sprintf("%s took back: %s", act.By.Mention(), step.Text))
		return nil
	}
	step.By, step.At = act.By, act.At
	i.note(act, "response", fmt.Sprintf("%s: done by %s.", step.Text, act.By.Mention()))
	i.reach(Acknowledged, act, act.By.Mention()+" did a first step")
	return nil
}

// Say is an update to everybody.
func (i *Incident) Say(r Rules, act Act, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return &chat.Problem{Say: "An update needs words.", Try: "As in `/incident update The payment provider is back; we watch the queue.`"}
	case len([]rune(text)) > mostUpdate:
		return &chat.Problem{Say: fmt.Sprintf("The update has %d characters; at most %d fit.", len([]rune(text)), mostUpdate)}
	case i.Status == Closed:
		return i.closed()
	}
	i.Update.Text, i.Update.By, i.Update.At, i.Update.Stopped = text, act.By, act.At, false
	i.Update.N++
	i.note(act, "update", fmt.Sprintf("Update by %s: %s", act.By.Mention(), text))
	i.reach(Acknowledged, act, act.By.Mention()+" gave an update")
	i.expectUpdate(r, act.At)
	return nil
}

// mostUpdate is how many characters an update has at most, so that it fits a section beside what stands around it.
const mostUpdate = 2000

// Snooze puts the next update off; 0 asks for no more of them.
func (i *Incident) Snooze(act Act, by time.Duration) error {
	if i.Status.Over() {
		return &chat.Problem{Say: fmt.Sprintf("%s is %s; no update is expected.", i.Called(), i.Status)}
	}
	if by == 0 {
		if i.Update.Stopped {
			return &chat.Problem{Say: "Nobody is reminded of updates already."}
		}
		i.Update.Stopped, i.Update.Due = true, time.Time{}
		i.note(act, "reminder", act.By.Mention()+" stopped the reminders; the next update starts them again.")
		return nil
	}
	i.Update.Due = act.At.Add(by)
	i.note(act, "reminder", fmt.Sprintf("%s put the next update off to %s.", act.By.Mention(), chat.Time(i.Update.Due)))
	return nil
}

// Find notes what is known at the end. Empty answers change nothing.
func (i *Incident) Find(act Act, f Findings) error {
	if i.Status == Closed {
		return i.closed()
	}
	old := i.Findings
	i.Findings = Findings{Cause: cmp.Or(f.Cause, old.Cause), Impact: cmp.Or(f.Impact, old.Impact), Done: cmp.Or(f.Done, old.Done),
		Well: cmp.Or(f.Well, old.Well), Badly: cmp.Or(f.Badly, old.Badly)}
	if i.Findings != old {
		i.note(act, "findings", act.By.Mention()+" wrote down what was found.")
	}
	return nil
}

// AddAction adds something to be done afterwards, and answers it. Also a closed incident takes it.
func (i *Incident) AddAction(act Act, text string, who chat.User, due time.Time) (Action, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Action{}, &chat.Problem{Say: "An action needs words.", Try: "As in `/incident action @ben by friday alert on the queue's length`."}
	}
	a := Action{N: len(i.Actions) + 1, Text: text, Who: who, Due: due, By: act.By, At: act.At, Filed: Filed{Wanted: true}}
	i.Actions = append(i.Actions, a)
	line := fmt.Sprintf("%s added an action: %s", act.By.Mention(), text)
	if who.ID != "" {
		line += " (" + who.Mention() + ")"
	}
	i.note(act, "action", line)
	return a, nil
}
