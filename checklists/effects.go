package checklists

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/events"
)

type (
	lane   = converge.Lane[List]
	effect = converge.Effect[List]
	work   = converge.Work[List]
)

// lanes are all effects. What is written down waits for nobody; what is said does not wait for edits of what stands; probes
// that are slow hold up neither.
func (d *Desk) lanes() []lane {
	var voice []effect
	for n := range mostReminders {
		voice = append(voice, d.reminder(n))
	}
	return []lane{
		{Name: "log", Effects: []effect{d.record(), d.supersede(), d.keep()}},
		{Name: "slack", Effects: []effect{d.message(), d.link()}},
		{Name: "voice", Effects: voice, Next: d.o.Rules.remindAt},
		{Name: "probes", Effects: []effect{d.look()}, Next: d.o.Rules.lookAt},
	}
}

// record writes the moments of a list into the log of events, each once.
func (d *Desk) record() effect {
	return effect{
		Name: "record",
		Want: func(l List) string {
			if n := len(l.History); n > 0 && l.History[n-1].N > l.Logged {
				return strconv.Itoa(l.History[n-1].N)
			}
			return ""
		},
		Do: func(ctx context.Context, w *work) error {
			l := w.Record
			for _, m := range l.History {
				if m.N <= l.Logged {
					continue
				}
				if _, err := d.o.Events.Append(ctx, events.Event{
					Key: fmt.Sprintf("checklist/%d/%d", l.Number, m.N), At: m.At, Who: m.By, What: "checklist." + m.What,
					On: []string{fmt.Sprintf("checklist/%d", l.Number), "template/" + l.Template.Name}, Text: m.Text, Outcome: events.OK,
					Detail: map[string]string{events.Command: "checklist"},
				}); err != nil {
					return err
				}
			}
			last := l.History[len(l.History)-1].N
			return w.Note(ctx, func(l *List) { l.Logged = max(l.Logged, last) })
		},
	}
}

// supersede closes the lists of the same template that are still open.
func (d *Desk) supersede() effect {
	return effect{
		Name: "supersede",
		Want: func(List) string { return "closed" },
		Do: func(ctx context.Context, w *work) error {
			open, err := d.Open(ctx)
			if err != nil {
				return err
			}
			for _, o := range open {
				if o.Template.Name != w.Record.Template.Name || o.Number >= w.Record.Number {
					continue
				}
				act := Act{Request: "closed by " + w.Record.Name(), By: self, At: w.Record.Opened}
				if _, err := d.Change(ctx, o.Number, act, func(l *List) error {
					l.CloseFor(w.Record)
					return nil
				}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// message has the list stand in its channel.
func (d *Desk) message() effect {
	return effect{
		Name: "message",
		Want: func(l List) string { return converge.Digest(l.Card()) },
		Do: func(ctx context.Context, w *work) error {
			err := w.Show(ctx, "message", w.Record.Template.Channel, w.Record.Place, w.Record.Card(), func(l *List, at chat.Ref) { l.Place = at })
			if code := bot.Code(err); code != "" && code != "message_not_found" {
				d.o.Slack.Try(ctx, fmt.Sprintf("show the %s", lower(w.Record.Template.Title)), err)
			}
			return err
		},
	}
}

// link finds out where people find the message.
func (d *Desk) link() effect {
	return effect{
		Name: "link", Optional: "link to a checklist",
		Want: func(l List) string { return l.Place.TS },
		Do: func(ctx context.Context, w *work) error {
			link, err := d.o.Slack.Link(ctx, w.Record.Place)
			if err != nil {
				return err
			}
			return w.Change(ctx, func(l *List) { l.Link = link })
		},
	}
}

// reminder is the n-th message that asks for the list. Once the list is done the same message says so.
func (d *Desk) reminder(n int) effect {
	return effect{
		Name: fmt.Sprintf("reminder-%d", n+1),
		Want: func(l List) string {
			if n == len(l.Reminders) && d.mustRemind(l) {
				l.remind(d.o.Now())
			}
			if n >= len(l.Reminders) || l.Place.IsZero() {
				return ""
			}
			return converge.Digest(l.reminder(n))
		},
		Do: func(ctx context.Context, w *work) error {
			// It is noted before it is posted, so that what is decided meanwhile is known to settle it.
			if n == len(w.Record.Reminders) {
				if err := w.Note(ctx, func(l *List) {
					if n == len(l.Reminders) && d.mustRemind(*l) {
						l.remind(d.o.Now())
					}
				}); err != nil {
					return err
				}
			}
			l := w.Record
			if n >= len(l.Reminders) {
				return nil // it was finished meanwhile
			}
			err := w.Show(ctx, fmt.Sprintf("reminder-%d", n+1), l.Place.Channel, l.Reminders[n].Place, l.reminder(n),
				func(l *List, at chat.Ref) { l.Reminders[n].Place = at })
			if bot.Code(err) == "message_not_found" {
				return nil // somebody has deleted it, and is not reminded of that
			}
			return err
		},
	}
}

func (d *Desk) mustRemind(l List) bool {
	at := d.o.Rules.remindAt(l)
	return !at.IsZero() && !at.After(d.o.Now()) && !l.Place.IsZero()
}

// look asks the probes, and takes in what they find.
func (d *Desk) look() effect {
	return effect{
		Name: "look",
		Want: func(l List) string {
			at := d.o.Rules.lookAt(l)
			if at.IsZero() || at.After(d.o.Now()) {
				return ""
			}
			return fmt.Sprint(l.Asked, " ", at.Format(time.RFC3339Nano))
		},
		Do: func(ctx context.Context, w *work) error {
			asked := w.Record.Asked
			found := d.ask(ctx, w.Record)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return w.Change(ctx, func(l *List) { l.Found(found, asked, d.o.Now()) })
		},
	}
}
