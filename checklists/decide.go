package checklists

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kampyn/opsbot/chat"
)

// What follows are the rules by which a decision changes a list, or the *chat.Problem that says why it cannot. They read
// neither clock nor store nor Slack. Items are counted from 1.

// What a person writes has at most so many characters.
const (
	mostNote    = 500
	mostVersion = 60
)

// open makes the record of a new list.
func (r Rules) open(act Act, t Template, version string) (List, error) {
	version = strings.Join(strings.Fields(version), " ")
	switch {
	case t.Versioned && version == "":
		return List{}, &chat.Problem{Say: fmt.Sprintf("The %s is for one version.", lower(t.Title)),
			Try: fmt.Sprintf("Name it, as in `/checklist start %s v1.4.2`.", t.Name)}
	case !t.Versioned && version != "":
		return List{}, &chat.Problem{Say: fmt.Sprintf("The %s is for no version, so %s means nothing here.", lower(t.Title), chat.Typed(version)),
			Try: fmt.Sprintf("`/checklist start %s` starts it.", t.Name)}
	case utf8.RuneCountInString(version) > mostVersion:
		return List{}, &chat.Problem{Say: fmt.Sprintf("A version has at most %d characters.", mostVersion), Try: "As in `v1.4.2`."}
	}
	location := t.Location
	if location == nil {
		location = time.UTC
	}
	l := List{Request: act.Request, Template: t, Version: version, By: act.By, For: act.At.In(location), Opened: act.At, Status: Open}
	if t.DueIn > 0 {
		l.Due = act.At.Add(t.DueIn)
	}
	for _, item := range t.Items {
		l.Items = append(l.Items, Entry{Item: item})
	}
	l.complete(act.At)
	return l, nil
}

// lower begins a title as words within a sentence do.
func lower(title string) string {
	first, size := utf8.DecodeRuneInString(title)
	return strings.ToLower(string(first)) + title[size:]
}

// complete notes since when nothing required is left.
func (l *List) complete(now time.Time) {
	switch {
	case len(l.Left()) > 0:
		l.Complete = time.Time{}
	case l.Complete.IsZero():
		l.Complete = now
	}
}

// CheckOpen answers a *chat.Problem if the list is closed, so that no form is opened in vain.
func (l List) CheckOpen() error {
	switch l.Status {
	case Done:
		return &chat.Problem{Say: fmt.Sprintf("%s is done since %s, by %s.", l.Called(), chat.Time(l.Closed), l.ClosedBy.Mention()),
			Try: l.another()}
	case Unfinished:
		try := fmt.Sprintf("`/checklist show %d` shows that.", l.Next)
		if l.Next == 0 {
			try = "`/checklist` shows what there is."
		}
		return &chat.Problem{Say: fmt.Sprintf("%s was closed unfinished %s %s.", l.Called(), chat.Time(l.Closed), l.why()), Try: try}
	}
	return nil
}

// why says what closed a list that is unfinished.
func (l List) why() string {
	if l.Next == 0 {
		return "as there is no such checklist any more"
	}
	return fmt.Sprintf("by the next one, #%d", l.Next)
}

func (l List) another() string {
	if l.Template.Versioned {
		return fmt.Sprintf("`/checklist start %s` with a version starts another.", l.Template.Name)
	}
	return fmt.Sprintf("`/checklist start %s` starts another.", l.Template.Name)
}

// item answers the n-th item of a list that is open.
func (l *List) item(n int) (*Entry, error) {
	if err := l.CheckOpen(); err != nil {
		return nil, err
	}
	if n < 1 || n > len(l.Items) {
		return nil, &chat.Problem{Say: fmt.Sprintf("%s has no item %d.", l.Called(), n), Try: fmt.Sprintf("Its items are 1 to %d.", len(l.Items))}
	}
	return &l.Items[n-1], nil
}

// Tick says that a person has looked after an item.
func (l *List) Tick(act Act, n int) error {
	e, err := l.item(n)
	switch {
	case err != nil:
		return err
	case !e.forPeople():
		return &chat.Problem{Say: fmt.Sprintf("%s ticks itself when opsbot finds it well.", quoted(e.Text)),
			Try: "Press *Check again*, or *Override…* with a reason."}
	case e.Ticked() && e.Tick.At.IsZero():
		return &chat.Problem{Say: fmt.Sprintf("%s has ticked itself: %s.", quoted(e.Text), e.Evidence.Say),
			Try: fmt.Sprintf("`/checklist set %s` says that it was done again today.", e.Keeps)}
	case e.Ticked():
		return &chat.Problem{Say: fmt.Sprintf("%s was ticked already by %s, %s.", quoted(e.Text), e.Tick.By.Mention(), chat.Time(e.Tick.At)),
			Try: "There is nothing to do about it."}
	}
	e.Tick = Tick{By: act.By, At: act.At}
	e.Turns++
	l.note(act, "ticked", fmt.Sprintf("%s ticked %s.", act.By.Mention(), quoted(e.Text)))
	l.complete(act.At)
	return nil
}

// Untick takes back a tick or an override.
func (l *List) Untick(act Act, n int) error {
	e, err := l.item(n)
	switch {
	case err != nil:
		return err
	case e.Overridden():
		e.Override = Override{}
		l.note(act, "unticked", fmt.Sprintf("%s took back the override of %s.", act.By.Mention(), quoted(e.Text)))
	case e.Keeps != "" && e.Ticked() && e.Tick.At.IsZero():
		return &chat.Problem{Say: fmt.Sprintf("%s has ticked itself: %s.", quoted(e.Text), e.Evidence.Say),
			Try: fmt.Sprintf("If that is wrong, `/checklist set %s` with a day sets another one.", e.Keeps)}
	case !e.forPeople() || e.Tick.At.IsZero():
		return &chat.Problem{Say: quoted(e.Text) + " is not ticked by anybody.", Try: "There is nothing to take back."}
	default:
		e.Tick = Tick{}
		e.Turns++
		l.note(act, "unticked", fmt.Sprintf("%s unticked %s.", act.By.Mention(), quoted(e.Text)))
	}
	l.complete(act.At)
	return nil
}

// Again has all probes looked at now.
func (l *List) Again(act Act) error {
	if err := l.CheckOpen(); err != nil {
		return err
	}
	if !l.probed() {
		return &chat.Problem{Say: l.Called() + " has nothing that opsbot can look at.", Try: "Its items are ticked by people."}
	}
	l.Asked++
	l.note(act, "again", act.By.Mention()+" had opsbot look again.")
	return nil
}

// Note writes something to an item.
func (l *List) Note(act Act, n int, text string) error {
	e, err := l.item(n)
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	if err := words("note", text); err != nil {
		return err
	}
	e.Notes = append(e.Notes, Note{By: act.By, At: act.At, Text: text})
	l.note(act, "noted", fmt.Sprintf("%s wrote to %s: %s", act.By.Mention(), quoted(e.Text), chat.Spoken(text)))
	return nil
}

// Outweigh overrides a probe that failed or does not know, with a reason that stays to be read.
func (l *List) Outweigh(act Act, n int, reason string) error {
	e, err := l.item(n)
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	switch {
	case e.Probe == "":
		return &chat.Problem{Say: quoted(e.Text) + " is looked at by people, so nothing is there to be overridden.", Try: "Tick it."}
	case e.Evidence.Outcome == "":
		return &chat.Problem{Say: quoted(e.Text) + " has not been looked at yet.", Try: "Wait a few seconds for what opsbot finds."}
	case e.Ticked():
		return &chat.Problem{Say: quoted(e.Text) + " has passed.", Try: "There is nothing to override."}
	case e.Overridden():
		return &chat.Problem{Say: fmt.Sprintf("%s overrode %s already: %s", e.Override.By.Mention(), quoted(e.Text), chat.Spoken(e.Override.Reason)),
			Try: "A *Note…* can say more."}
	}
	if err := words("reason", reason); err != nil {
		return err
	}
	e.Override = Override{By: act.By, At: act.At, Reason: reason}
	l.note(act, "overridden", fmt.Sprintf("%s overrode %s (%s): %s", act.By.Mention(), quoted(e.Text), e.Evidence.Outcome, chat.Spoken(reason)))
	l.complete(act.At)
	return nil
}

// words holds that something was written, and not too much.
func words(what, text string) error {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return &chat.Problem{Say: "The " + what + " is empty.", Try: "Write it in a few words.", Fields: map[string]string{what: "Write a few words."}}
	case n > mostNote:
		say := fmt.Sprintf("The %s has %d characters; at most %d fit.", what, n, mostNote)
		return &chat.Problem{Say: say, Try: "Write less, and link to the rest.", Fields: map[string]string{what: say}}
	}
	return nil
}

// Finish closes the list as done, if nothing required is left.
func (l *List) Finish(act Act) error {
	if err := l.CheckOpen(); err != nil {
		return err
	}
	if left := l.Left(); len(left) > 0 {
		return &chat.Problem{Say: fmt.Sprintf("%s still wants %s.", l.Called(), listed(left)), Try: l.howToGoOn(left)}
	}
	l.close(act, Done)
	text := fmt.Sprintf("%s finished %s.", act.By.Mention(), l.Called())
	if l.Template.Versioned {
		text = fmt.Sprintf("%s found %s ready to deploy.", act.By.Mention(), chat.Literal(l.Version))
	}
	l.note(act, "done", text)
	return nil
}

func (l *List) howToGoOn(left []Entry) string {
	if slices.ContainsFunc(left, func(e Entry) bool { return e.Probe != "" }) {
		return "Tick what is done; what opsbot looks at can be overridden with a reason."
	}
	return "Tick it first."
}

// CloseFor closes the list because the next one of its template has come: as unfinished, naming what is left, or as done if
// nothing was and only nobody said so. A list that is closed already stays as it is.
func (l *List) CloseFor(next List) {
	if l.Status != Open || next.Number <= l.Number || next.Template.Name != l.Template.Name {
		return
	}
	act := Act{By: self, At: next.Opened}
	l.Next = next.Number
	if left := l.Left(); len(left) > 0 {
		l.close(act, Unfinished)
		l.note(act, "unfinished", fmt.Sprintf("%s was closed unfinished by the next one, %s. Left: %s.", l.Called(), next.Name(), listed(left)))
		return
	}
	l.close(act, Done)
	l.note(act, "done", fmt.Sprintf("%s was complete %s; nobody had said that it is done when %s came.", l.Called(), chat.Time(l.Complete), next.Name()))
}

// CloseGone closes the list because its template is gone, so that no next one will: as unfinished, or as done if nothing is
// left.
func (l *List) CloseGone(now time.Time) {
	if l.Status != Open {
		return
	}
	act := Act{By: self, At: now}
	if len(l.Left()) == 0 {
		l.close(act, Done)
		l.note(act, "done", fmt.Sprintf("%s was complete %s; there is no such checklist any more.", l.Called(), chat.Time(l.Complete)))
		return
	}
	l.close(act, Unfinished)
	l.note(act, "unfinished", fmt.Sprintf("%s was closed unfinished, as there is no such checklist any more. Left: %s.", l.Called(), listed(l.Left())))
}

func (l *List) close(act Act, status Status) {
	l.Status, l.Closed, l.ClosedBy, l.Chosen = status, act.At, act.By, nil
}

// Found takes in what the probes found, by item, as the answer to the asked-th wish to look again. A list that was closed
// meanwhile stays as it is.
func (l *List) Found(evidence map[int]Evidence, asked int, now time.Time) {
	if l.Status != Open {
		return
	}
	l.Looked, l.LookedFor = now, max(l.LookedFor, asked)
	act := Act{By: self, At: now}
	for n := range l.Items {
		e := &l.Items[n]
		found, looked := evidence[n+1]
		if !looked || e.Probe == "" {
			continue
		}
		before := e.Evidence.Outcome
		e.Evidence = found
		switch passed := found.Outcome == Passed; {
		case e.Keeps != "" && !e.Tick.At.IsZero(): // a person has, and the day follows
			e.Fell = time.Time{}
		case passed && before != Passed:
			e.Fell = time.Time{}
			e.Override.Spent = !e.Override.At.IsZero()
			l.note(act, "ticked", fmt.Sprintf("%s ticked itself: %s", quoted(e.Text), found.Say))
		case !passed && before == Passed:
			e.Fell = now
			l.note(act, "unticked", fmt.Sprintf("%s unticked itself (%s): %s", quoted(e.Text), found.Outcome, found.Say))
		case found.Outcome == Failed && before != Failed:
			l.note(act, "failed", fmt.Sprintf("%s failed: %s", quoted(e.Text), found.Say))
		}
	}
	l.complete(now)
}

// quoted is an item's text in a sentence.
func quoted(text string) string { return "“" + chat.Spoken(text) + "”" }

// listed names items in a sentence, the first five.
func listed(all []Entry) string {
	const most = 5
	var names []string
	for _, e := range all[:min(len(all), most)] {
		names = append(names, quoted(e.Text))
	}
	text := strings.Join(names, ", ")
	if more := len(all) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
