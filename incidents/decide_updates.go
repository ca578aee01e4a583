package incidents

import (
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// mostUpdate is how many characters an update has at most, so that it fits a section beside what stands around it.
const mostUpdate = 2000

// mostSnooze is how far one decision puts an update off.
const mostSnooze = 24 * time.Hour

// Say is an update to everybody.
func (i *Incident) Say(r Rules, act Act, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case i.Status == Closed:
		return i.closed()
	case text == "":
		return &chat.Problem{Say: "An update needs words.", Try: "As in `/incident update The payment provider is back; we watch the queue.`"}
	case len([]rune(text)) > mostUpdate:
		return &chat.Problem{Say: fmt.Sprintf("The update has %d characters; at most %d fit.", len([]rune(text)), mostUpdate), Try: "Shorten it; details can go into the channel."}
	}
	i.Update.Text, i.Update.By, i.Update.At, i.Update.Stopped = text, act.By, act.At, false
	i.Update.N++
	i.note(act, "update", fmt.Sprintf("Update by %s: %s", act.By.Mention(), typed(text)))
	i.reach(Acknowledged, act, act.By.Mention()+" gave an update")
	i.expectUpdate(r, act.At)
	i.settleReminder(act.By.Mention() + " wrote the update." + i.nextUpdate())
	return nil
}

// expectUpdate says when the next update is due, counted from a moment; never once it is over.
func (i *Incident) expectUpdate(r Rules, from time.Time) {
	every := r.severityOf(*i).UpdateEvery
	i.Update.Due = time.Time{}
	if every > 0 && !i.Status.Over() && !i.Update.Stopped {
		i.Update.Due = from.Add(every)
	}
}

// updateAgain has the next update follow a change of the severity. One that was due sooner stays so if it got worse, and
// what was stopped begins again.
func (i *Incident) updateAgain(r Rules, act Act, worse bool) {
	before := i.Update.Due
	if worse {
		i.Update.Stopped = false
	}
	i.expectUpdate(r, act.At)
	if worse && !before.IsZero() && before.Before(i.Update.Due) {
		i.Update.Due = before
	}
	if !i.Update.Due.Equal(before) {
		i.settleReminder(fmt.Sprintf("%s changed the severity to *%s*.", act.By.Mention(), i.Severity) + i.nextUpdate())
	}
}

// nextUpdate is " The next one is due …", or nothing if none is.
func (i *Incident) nextUpdate() string {
	if i.Update.Due.IsZero() {
		return ""
	}
	return " The next one is due " + chat.Time(i.Update.Due) + "."
}

// Snooze puts the next update off by at most a day; 0 asks for no more reminders. due is when the update was due that is
// put off, so that a second press and an old button change nothing; zero takes the one that is due now.
func (i *Incident) Snooze(act Act, due time.Time, by time.Duration) error {
	switch {
	case i.Status == Closed:
		return i.closed()
	case i.Status.Over():
		return &chat.Problem{Say: fmt.Sprintf("%s is %s; no update is due.", i.Called(), i.Status)}
	case by < 0 || by > mostSnooze:
		return &chat.Problem{Say: "An update is put off by at most " + chat.Span(mostSnooze) + "."}
	case i.Update.Stopped:
		return &chat.Problem{Say: "The reminders are stopped already" + i.lastBy("reminder") + ".", Try: "The next update starts them again."}
	case i.Update.Due.IsZero():
		return &chat.Problem{Say: fmt.Sprintf("No update is due: %s asks for none.", i.Severity)}
	case !due.IsZero() && due.Unix() != i.Update.Due.Unix():
		return &chat.Problem{Say: "That is settled already." + i.nextUpdate(), Try: i.Update.Fate}
	}
	if by == 0 {
		i.Update.Stopped, i.Update.Due = true, time.Time{}
		text := act.By.Mention() + " stopped the reminders; the next update starts them again."
		i.note(act, "reminder", text)
		i.settleReminder(text)
		return nil
	}
	i.Update.Due = act.At.Add(by)
	text := fmt.Sprintf("%s put the next update off to %s.", act.By.Mention(), chat.Time(i.Update.Due))
	i.note(act, "reminder", text)
	i.settleReminder(text)
	return nil
}

// settleReminder says what became of the newest reminder, if it still stands.
func (i *Incident) settleReminder(fate string) {
	if !i.Update.Reminded.IsZero() && i.Update.Fate == "" {
		i.Update.Fate = fate
	}
}

// remindAt is when somebody is to be reminded of the update that is due: not in quiet hours, unless the severity says so.
// Zero is never, or that it has been done.
func (r Rules) remindAt(i Incident) time.Time {
	switch {
	case i.Update.Due.IsZero() || i.Update.Stopped || i.Status.Over() || i.Update.Due.Equal(i.Update.Reminded):
		return time.Time{}
	case r.severityOf(i).Nights:
		return i.Update.Due
	}
	return r.Quiet.After(i.Update.Due)
}
