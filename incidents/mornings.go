package incidents

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// morning is what was brought up on one working day, stored before it is said, so that a day has one whatever restarts.
type morning struct {
	Day   string `json:"day"`
	Items []item `json:"items,omitempty"`
	// More counts those that the limit left out.
	More int  `json:"more,omitempty"`
	Said bool `json:"said,omitempty"`
}

// item is one action of one incident.
type item struct {
	Incident int `json:"incident"`
	N        int `json:"n"`
	// Alone says that only the person in charge is told: others may not read the incident.
	Alone bool `json:"alone,omitempty"`
}

// Overdue actions are brought up between these hours of a working day, where people are: at the first, or when opsbot
// comes back later that day.
const (
	morningFrom = 10
	morningTo   = 18
)

// mornings brings up overdue actions, unless that was done today, without holding up who asks.
func (d *Desk) remindOfActions(ctx context.Context, working *sync.WaitGroup) {
	local := d.o.Now().In(d.o.Rules.zone())
	day := local.Format(time.DateOnly)
	if d.o.Rules.ActionsDaily == 0 || !workingDay(local) || local.Hour() < morningFrom || local.Hour() >= morningTo {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	const key = "incidents/mornings"
	if d.reminding || d.remindedOn == day || d.o.Now().Before(d.remindAgain) {
		return
	}
	d.reminding = true
	working.Go(func() {
		err := d.bringUp(ctx, key, day)
		if err != nil && ctx.Err() == nil && !errors.Is(err, state.ErrTaken) {
			d.o.Log.Warn("overdue actions could not be brought up; trying on", "error", err)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.reminding = false
		if err == nil {
			d.remindedOn = day
		} else {
			d.remindAgain = d.o.Now().Add(time.Minute)
		}
	})
}

func (d *Desk) bringUp(ctx context.Context, key, day string) error {
	ctx, release, err := d.leases.Take(ctx, key)
	if err != nil {
		return err
	}
	defer release()
	m, _, err := d.mornings.Get(ctx, day)
	if errors.Is(err, state.ErrNotFound) {
		if m, err = d.collect(ctx, day); err == nil {
			err = d.mornings.Insert(ctx, day, m)
		}
	}
	if err != nil || m.Said {
		return err
	}
	if err := d.sayMorning(ctx, m); err != nil {
		return err
	}
	m.Said = true
	return d.mornings.Put(ctx, day, m)
}

// mostMorning is how many actions one message has room for, each with its buttons: Slack takes 50 blocks.
const mostMorning = 20

// collect chooses what is brought up: the longest overdue first.
func (d *Desk) collect(ctx context.Context, day string) (morning, error) {
	all, err := d.WithOpenActions(ctx)
	if err != nil {
		return morning{}, err
	}
	type late struct {
		item
		due time.Time
	}
	var lates []late
	for _, i := range all {
		for _, a := range i.overdue(d.o.Now()) {
			lates = append(lates, late{item{Incident: i.Number, N: a.N, Alone: i.Private || d.o.Rules.Announce == ""}, a.Due})
		}
	}
	slices.SortStableFunc(lates, func(a, b late) int { return a.due.Compare(b.due) })
	m := morning{Day: day, More: max(0, len(lates)-min(d.o.Rules.ActionsDaily, mostMorning))}
	for _, l := range lates[:len(lates)-m.More] {
		m.Items = append(m.Items, l.item)
	}
	return m, nil
}

// WithOpenActions lists the incidents that have actions to be done, the oldest first, private ones among them.
func (d *Desk) WithOpenActions(ctx context.Context) ([]Incident, error) {
	return d.query(ctx, state.Query{OrderBy: "actions"})
}

// sayMorning says it in the incidents channel, and what is private to those in charge. What Slack refuses is reported.
func (d *Desk) sayMorning(ctx context.Context, m morning) error {
	if slices.ContainsFunc(m.Items, func(i item) bool { return !i.Alone }) {
		message, err := d.drawMorning(ctx, m)
		if err != nil {
			return err
		}
		message.Key = "incidents/overdue/" + m.Day
		_, err = d.o.Slack.Post(ctx, d.o.Rules.Announce, message)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d.o.Slack.Try(ctx, "bring up overdue actions in the incidents channel", err)
	}
	for _, one := range m.Items {
		if !one.Alone {
			continue
		}
		i, err := d.Get(ctx, one.Incident)
		if err != nil {
			return err
		}
		a := i.Actions[one.N-1]
		who := a.Who
		if !inSlack(who) {
			who = a.By
		}
		if !inSlack(who) {
			continue
		}
		_, err = d.o.Slack.Direct(ctx, who.ID, chat.Message{Summary: "An action is overdue: " + typed(a.Text), Parts: d.lateParts(i, a, "alone"),
			Key: fmt.Sprintf("incidents/overdue/%s/%d/%d", m.Day, i.Number, a.N)})
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d.o.Slack.Try(ctx, "remind a person of an overdue action", err)
	}
	return nil
}

// Morning draws what was brought up on a day as it stands now.
func (d *Desk) Morning(ctx context.Context, day string) (chat.Message, error) {
	m, _, err := d.mornings.Get(ctx, day)
	if err != nil {
		return chat.Message{}, fmt.Errorf("incidents: read the actions of %s: %w", day, err)
	}
	return d.drawMorning(ctx, m)
}

func (d *Desk) drawMorning(ctx context.Context, m morning) (chat.Message, error) {
	parts := []chat.Part{chat.Header("Overdue actions")}
	open := 0
	for _, one := range m.Items {
		if one.Alone {
			continue
		}
		i, err := d.Get(ctx, one.Incident)
		if err != nil {
			return chat.Message{}, err
		}
		a := i.Actions[one.N-1]
		if a.Open() {
			open++
		}
		parts = append(parts, d.lateParts(i, a, m.Day)...)
	}
	note := "`/incident actions` shows all that are open."
	if m.More > 0 {
		note = "And " + chat.Plural(int64(m.More), "more action") + " whose day has passed. " + strings.TrimSpace(note)
	}
	return chat.Message{Summary: "After incidents, " + chat.Plural(int64(open), "overdue action"), Parts: append(parts, chat.Note(note))}, nil
}

// lateParts are one action with its two buttons.
func (d *Desk) lateParts(i Incident, a Action, day string) []chat.Part {
	parts := []chat.Part{chat.Text(d.ActionLine(i, a))}
	if a.Open() && a.Due.Before(d.o.Now()) {
		value := fmt.Sprintf("%d %d %s", i.Number, a.N, day)
		parts = append(parts, chat.Actions{
			{Action: "incident.action.done", Value: value, Label: "Done", Style: chat.Primary},
			{Action: "incident.action.later", Value: value, Label: "One week later"},
		})
	}
	return parts
}

// ActionLine says in a line what is to be done, by whom and when, for which incident, and where its issue is.
func (d *Desk) ActionLine(i Incident, a Action) string {
	line := d.o.Rules.actionLine(a, d.o.Now())
	if i.Place.Channel != "" && i.Place.Archived.IsZero() {
		return line + fmt.Sprintf(" · %s in <#%s>", i.Name(), i.Place.Channel)
	}
	return line + " · " + i.Name() + " " + clip(i.Title, mostTitle)
}

// actionLine is ActionLine without the incident.
func (r Rules) actionLine(a Action, now time.Time) string {
	line := "⬜ *" + typed(a.Text) + "*"
	switch {
	case a.Dropped:
		return "🚫 ~" + typed(a.Text) + "~ · dropped" + byWhom(a.DoneBy)
	case !a.Done.IsZero():
		line = "☑️ " + typed(a.Text) + " · done" + byWhom(a.DoneBy)
	case a.Who.ID != "":
		line += " · " + a.Who.Mention()
	default:
		line += " · _nobody_"
	}
	if a.Open() && !a.Due.IsZero() {
		due := a.Due.In(r.zone())
		line += " · by " + Day(due)
		if due.Before(now) {
			line = strings.Replace(line, "⬜", "🔴", 1) + " (" + chat.Plural(max(1, int64(now.Sub(due)/(24*time.Hour))+1), "day") + " overdue)"
		}
	}
	switch {
	case a.Filed.State == gone:
		line += " · its issue was deleted on GitHub"
	case a.Filed.Number > 0:
		line += fmt.Sprintf(" · <%s|#%d>", a.Filed.URL, a.Filed.Number)
	case a.Filed.Fault != "":
		line += " · not on GitHub yet: " + a.Filed.Fault
	}
	return line
}
