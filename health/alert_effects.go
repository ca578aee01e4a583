package health

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/state"
)

type (
	effect = converge.Effect[Alert]
	work   = converge.Work[Alert]
)

// lanes are all that follows from an alert, in its order.
func (a *alerts) lanes() []converge.Lane[Alert] {
	return []converge.Lane[Alert]{
		{Name: "slack", Effects: []effect{a.record(), a.card(), a.link()}, Next: a.mutedUntil},
		{Name: "voice", Effects: []effect{a.call(), a.wellAgain()}, Next: a.callAt},
		{Name: "incident", Effects: []effect{a.declare(), a.tellIncident()}, Next: a.declareAt},
	}
}

// record writes what happened into the log of events, each once.
func (a *alerts) record() effect {
	return effect{
		Name: "record",
		Want: func(one Alert) string { return strconv.Itoa(len(one.History)) },
		Do: func(ctx context.Context, w *work) error {
			c, _ := a.m.o.Rules.Check(w.Record.Check) // one that is gone has no service
			c.Name = w.Record.Check
			for n, moment := range w.Record.History {
				if n < w.Record.Logged {
					continue
				}
				outcome := events.OK
				if moment.What == "down" {
					outcome = events.Failure
				}
				if _, err := a.m.o.Events.Append(ctx, events.Event{
					Key: fmt.Sprintf("alert/%s/%d", w.Record.ID, n), At: moment.At, Who: moment.By, What: "health." + moment.What, On: a.m.targets(c),
					Outcome: outcome, Text: moment.Text, Detail: map[string]string{events.Command: "health"},
				}); err != nil {
					return err
				}
			}
			n := len(w.Record.History)
			return w.Note(ctx, func(one *Alert) { one.Logged = max(one.Logged, n) })
		},
	}
}

// card has the message stand.
func (a *alerts) card() effect {
	return effect{
		Name: "card",
		Want: func(one Alert) string { return converge.Digest(a.m.Card(one)) },
		Do: func(ctx context.Context, w *work) error {
			return w.Show(ctx, "card", a.m.o.Rules.Channel, w.Record.Place, a.m.Card(w.Record), func(one *Alert, at chat.Ref) { one.Place = at })
		},
	}
}

func (a *alerts) link() effect {
	return effect{
		Name:     "link",
		Optional: "link to an alert",
		Want: func(one Alert) string {
			if one.Place.IsZero() {
				return ""
			}
			return one.Place.TS
		},
		Do: func(ctx context.Context, w *work) error {
			link, err := a.m.o.Slack.Link(ctx, w.Record.Place)
			if err != nil {
				return err
			}
			return w.Note(ctx, func(one *Alert) { one.Link = link })
		},
	}
}

// mutedUntil is when the card has to say that the mute is over.
func (a *alerts) mutedUntil(one Alert) time.Time {
	if one.Open() && one.Mute.Holds(a.m.o.Now()) {
		return one.Mute.Until
	}
	return time.Time{}
}

// callAt is when people are called again; zero for never.
func (a *alerts) callAt(one Alert) time.Time {
	c, err := a.m.o.Rules.Check(one.Check)
	now := a.m.o.Now()
	if err != nil || c.Repeat <= 0 {
		return time.Time{}
	}
	if one.Mute.Holds(now) {
		return one.Mute.Until
	}
	if one.Silent(now) {
		return time.Time{}
	}
	last := one.At
	if one.Called.After(last) {
		last = one.Called
	}
	return last.Add(c.Repeat)
}

// call calls people again while the trouble lasts; once, however many times were missed meanwhile.
func (a *alerts) call() effect {
	return effect{
		Name: "call",
		Want: func(one Alert) string {
			now := a.m.o.Now()
			at := a.callAt(one)
			if one.Place.IsZero() || one.Silent(now) || at.IsZero() || at.After(now) || a.m.o.Rules.maintained(one.Check, now) {
				return ""
			}
			return state.SortableTime(at)
		},
		Do: func(ctx context.Context, w *work) error {
			c, err := a.m.o.Rules.Check(w.Record.Check)
			if err != nil {
				return nil //nolint:nilerr // it was taken out of the configuration, and load ends its alert
			}
			now := a.m.o.Now()
			text := fmt.Sprintf("🔴 *%s* is still down, for %s now: %s", chat.Escape(c.Name), chat.Span(w.Record.Lasted(now)),
				strings.Join(append([]string{w.Record.newest().Say}, chat.Mentions(c.Tell)...), " "))
			if err := a.reply(ctx, w, "call/"+strconv.Itoa(w.Record.Calls), text); err != nil {
				return err
			}
			return w.Note(ctx, func(one *Alert) { one.Called, one.Calls = now, one.Calls+1 })
		},
	}
}

// wellAgain tells those who were called or who acknowledged: an edit of the alert makes no sound.
func (a *alerts) wellAgain() effect {
	return effect{
		Name: "well again",
		Want: func(one Alert) string {
			if one.Open() || one.Place.IsZero() || one.Calls == 0 && one.Acked.At.IsZero() {
				return ""
			}
			return state.SortableTime(one.Ended)
		},
		Do: func(ctx context.Context, w *work) error {
			text := fmt.Sprintf("🟢 *%s* is well again. It was down for %s.", chat.Escape(w.Record.Check), chat.Span(w.Record.Lasted(w.Record.Ended)))
			if !w.Record.Acked.At.IsZero() {
				text += " " + w.Record.Acked.By.Mention()
			}
			return a.reply(ctx, w, "well/"+state.SortableTime(w.Record.Ended), text)
		},
	}
}

// reply posts once in the alert's thread. An alert that somebody has deleted has none any more.
func (a *alerts) reply(ctx context.Context, w *work, thing, text string) error {
	_, err := a.m.o.Slack.Post(ctx, w.Record.Place.Channel, chat.Message{Summary: text, Parts: []chat.Part{chat.Text(text)},
		Thread: w.Record.Place.TS, Key: w.Key(thing)})
	if bot.Code(err) == "thread_not_found" {
		return nil
	}
	return err
}

// declareAt is when an incident is declared by itself; zero for never.
func (a *alerts) declareAt(one Alert) time.Time {
	c, err := a.m.o.Rules.Check(one.Check)
	if err != nil || a.m.o.Desk == nil || c.DeclareAfter <= 0 {
		return time.Time{}
	}
	if now := a.m.o.Now(); one.Open() && one.Mute.Holds(now) {
		return one.Mute.Until
	} else if one.Silent(now) {
		return time.Time{}
	}
	return one.Stretch.Add(c.DeclareAfter)
}

// declare declares an incident for trouble that nobody has acknowledged for too long.
func (a *alerts) declare() effect {
	return effect{
		Name: "declare",
		Want: func(one Alert) string {
			now := a.m.o.Now()
			at := a.declareAt(one)
			if one.Place.IsZero() || one.Silent(now) || at.IsZero() || at.After(now) || a.m.o.Rules.maintained(one.Check, now) {
				return ""
			}
			return "declared"
		},
		Do: func(ctx context.Context, w *work) error {
			c, err := a.m.o.Rules.Check(w.Record.Check)
			if err != nil {
				return nil //nolint:nilerr // as above
			}
			act := incidents.Act{Request: "alert/" + w.Record.ID, By: self, At: a.m.o.Now()}
			what := a.m.Declaration(w.Record)
			what.Severity = c.Severity
			declared, err := a.m.o.Desk.Declare(ctx, act, what)
			if err != nil {
				return err
			}
			return w.Change(ctx, func(one *Alert) { one.Declared(Act{By: self, At: act.At}, declared.Number) })
		},
	}
}

// Declaration is what is known for an incident about an alert; its severity is for who declares it to choose.
func (m *Monitor) Declaration(one Alert) incidents.Declaration {
	d := incidents.Declaration{
		Title: "The health check " + one.Check + " fails", From: one.Place, Began: one.Began,
		Source: "the health check " + chat.Literal(one.Check),
		Seen:   fmt.Sprintf("%s: %s", one.Check, plain(one.newest().Say)),
	}
	if c, err := m.o.Rules.Check(one.Check); err == nil {
		d.Seen = fmt.Sprintf("%s (%s): %s", one.Check, plain(c.Target), plain(one.newest().Say))
		d.Severity = c.Severity
	}
	if len(one.Affected) > 0 {
		d.Seen += "\nAlso affected: " + strings.Join(one.Affected, ", ")
	}
	for _, name := range append([]string{one.Check}, one.Affected...) {
		if c, err := m.o.Rules.Check(name); err == nil && c.Service != "" && !slices.Contains(d.Services, c.Service) {
			d.Services = append(d.Services, c.Service)
		}
	}
	return d
}

// tellIncident has the incident know that what it was declared for is over.
func (a *alerts) tellIncident() effect {
	return effect{
		Name: "tell incident",
		Want: func(one Alert) string {
			if one.Open() || one.Incident == 0 || a.m.o.Desk == nil {
				return ""
			}
			return state.SortableTime(one.Ended)
		},
		Do: func(ctx context.Context, w *work) error {
			i, err := a.m.o.Desk.Get(ctx, w.Record.Incident)
			if _, gone := errors.AsType[*chat.Problem](err); gone || err == nil && i.Status == incidents.Closed {
				return nil
			}
			if err != nil {
				return err
			}
			text := fmt.Sprintf("The health check %s is well again after %s.", w.Record.Check, chat.Span(w.Record.Lasted(w.Record.Ended)))
			thing := "well/" + state.SortableTime(w.Record.Ended)
			if _, err := a.m.o.Desk.Note(ctx, i.Number, incidents.Act{Request: w.Key(thing), By: self, At: a.m.o.Now()}, w.Record.Ended, text); err != nil {
				return err
			}
			if i.Place.Channel == "" {
				return nil
			}
			_, err = a.m.o.Slack.Post(ctx, i.Place.Channel, chat.Message{Summary: text, Parts: []chat.Part{chat.Text("🟢 " + text)}, Key: w.Key(thing)})
			if code := bot.Code(err); code == "is_archived" || code == "channel_not_found" {
				return nil
			}
			return err
		},
	}
}
