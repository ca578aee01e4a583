package incidents

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
		text = strings.TrimSuffix(text, ".") + ": " + typed(reason)
	}
	i.note(act, "status", text)
	if back {
		i.unreach(to)
	}
	source := fmt.Sprintf("%s set the status to %s", act.By.Mention(), to)
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
	switch {
	case to.Over():
		i.expectUpdate(r, act.At)
		i.settleReminder(fmt.Sprintf("No update is due any more: %s set the status to *%s*.", act.By.Mention(), to))
	case from.Over() || back && i.Update.Stopped:
		i.Update.Stopped = false
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
		return r.CheckPostMortem(*i)
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
	i.note(act, "severity", fmt.Sprintf("%s changed the severity from *%s* to *%s*: %s", act.By.Mention(), i.Severity, name, typed(reason)))
	worse := r.Worse(name, i.Severity)
	i.Severity = name
	i.updateAgain(r, act, worse)
	return nil
}

// CheckOpen answers a *chat.Problem if the incident is closed, so that no form is opened in vain.
func (i Incident) CheckOpen() error {
	if i.Status == Closed {
		return i.closed()
	}
	return nil
}

// closed is the answer to what a closed incident does not take any more.
func (i *Incident) closed() error {
	return &chat.Problem{Say: fmt.Sprintf("%s was closed %s%s.", i.Called(), chat.Time(i.Closing), i.lastBy("status")),
		Try: "`/incident reopen` with a reason opens it again."}
}

// Find notes what is known at the end. Empty answers change nothing.
func (i *Incident) Find(act Act, f Findings) error {
	if i.Status == Closed {
		return i.closed()
	}
	old := i.Findings
	given := func(answer, before string) string { return cmp.Or(strings.TrimSpace(answer), before) }
	i.Findings = Findings{Cause: given(f.Cause, old.Cause), Impact: given(f.Impact, old.Impact), Done: given(f.Done, old.Done),
		Well: given(f.Well, old.Well), Badly: given(f.Badly, old.Badly)}
	if i.Findings != old {
		i.note(act, "findings", act.By.Mention()+" wrote down what was found.")
	}
	return nil
}
