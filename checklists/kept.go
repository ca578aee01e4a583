package checklists

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// Kept remembers days by names, such as when secrets were rotated last. What was said last counts.
type Kept struct{ days *state.Collection[keptDay] }

// Mark is somebody's word that something was done on a day.
type Mark struct {
	// Key is unique to what it came with: a request, or the item of a list that was ticked.
	Key string `json:"key"`
	// Day is as 2026-11-25.
	Day string    `json:"day"`
	By  chat.User `json:"by"`
	At  time.Time `json:"at"`
}

// keptDay holds the newest marks of one name, oldest first.
type keptDay struct {
	Marks []Mark `json:"marks"`
}

const mostMarks = 20

// NewKept answers what is remembered in a store.
func NewKept(store state.Store) *Kept {
	return &Kept{state.NewCollection[keptDay](store, "checklist-date", nil)}
}

// Get answers the mark that counts for a name; false when there is none.
func (k *Kept) Get(ctx context.Context, name string) (Mark, bool, error) {
	d, _, err := k.days.Get(ctx, name)
	if errors.Is(err, state.ErrNotFound) || err == nil && len(d.Marks) == 0 {
		return Mark{}, false, nil
	}
	if err != nil {
		return Mark{}, false, fmt.Errorf("checklists: read the day of %s: %w", name, err)
	}
	return d.Marks[len(d.Marks)-1], true, nil
}

// set adds a mark, or takes back the one with its key when it has no day. It answers whether that changed anything.
func (k *Kept) set(ctx context.Context, name string, m Mark) (changed bool, err error) {
	err = k.days.Insert(ctx, name, keptDay{})
	if err == nil || errors.Is(err, state.ErrExists) {
		_, err = k.days.Change(ctx, name, func(d *keptDay) error {
			n := slices.IndexFunc(d.Marks, func(have Mark) bool { return have.Key == m.Key })
			changed = n < 0 && m.Day != "" || n >= 0 && d.Marks[n].Day != m.Day
			if n >= 0 && changed {
				d.Marks = slices.Delete(d.Marks, n, n+1)
			}
			if changed && m.Day != "" {
				d.Marks = append(d.Marks, m)
				slices.SortStableFunc(d.Marks, func(a, b Mark) int { return a.At.Compare(b.At) })
				d.Marks = d.Marks[max(0, len(d.Marks)-mostMarks):]
			}
			return nil
		})
	}
	if err != nil {
		return false, fmt.Errorf("checklists: keep the day of %s: %w", name, err)
	}
	return changed, nil
}

// Dates are the names by which days are kept, as the configuration says.
func (d *Desk) Dates() []string {
	var names []string
	for _, t := range d.o.Rules.Templates {
		for _, i := range t.Items {
			if i.Keeps != "" && !slices.Contains(names, i.Keeps) {
				names = append(names, i.Keeps)
			}
		}
	}
	return names
}

// Date answers the mark that counts for a name, or a *chat.Problem if nothing is kept by it; false when nobody has said
// anything yet.
func (d *Desk) Date(ctx context.Context, name string) (Mark, bool, error) {
	if !slices.Contains(d.Dates(), name) {
		return Mark{}, false, chat.Unknown("date", name, d.Dates())
	}
	return d.kept.Get(ctx, name)
}

// SetDate keeps the day of a name (only its year, month and day count), once for its request, and has open lists look again.
// A *chat.Problem changes nothing.
func (d *Desk) SetDate(ctx context.Context, act Act, name string, day time.Time) error {
	if _, _, err := d.Date(ctx, name); err != nil {
		return err
	}
	if y, m, n := day.Date(); time.Date(y, m, n, 0, 0, 0, 0, day.Location()).After(act.At) {
		return &chat.Problem{Say: day.Format("2 Jan 2006") + " is yet to come.", Try: fmt.Sprintf("`/checklist set %s` alone means today.", name)}
	}
	m := Mark{Key: act.Request, Day: day.Format(time.DateOnly), By: act.By, At: act.At}
	if _, err := d.kept.set(ctx, name, m); err != nil {
		return err
	}
	if _, err := d.o.Events.Append(ctx, events.Event{Key: "checklist-date/" + act.Request, At: act.At, Who: act.By, What: "checklist.dated",
		On: []string{"date/" + name}, Text: fmt.Sprintf("%s said that %s was on %s.", act.By.Mention(), chat.Literal(name), day.Format("2 Jan 2006")),
		Outcome: events.OK, Detail: map[string]string{events.Command: "checklist"}}); err != nil {
		return err
	}
	open, err := d.Open(ctx)
	if err != nil {
		return err
	}
	for _, l := range open {
		if !slices.ContainsFunc(l.Items, func(e Entry) bool { return e.Keeps == name }) {
			continue
		}
		if _, err := d.Change(ctx, l.Number, Act{Request: fmt.Sprintf("%s/%d", act.Request, l.Number), By: act.By, At: act.At},
			func(l *List) error { return l.Again(act) }); err != nil {
			return err
		}
	}
	return nil
}

// keep has the days of a list's ticked items kept, and those of unticked ones forgotten.
func (d *Desk) keep() effect {
	return effect{
		Name: "keep",
		Want: func(l List) string {
			var all string
			for n, e := range l.Items {
				if e.Keeps != "" {
					all += fmt.Sprintf("%d %s %s\n", n+1, e.Keeps, e.Tick.At.Format(time.RFC3339))
				}
			}
			return all
		},
		Do: func(ctx context.Context, w *work) error {
			l, changed := w.Record, false
			zone := l.For.Location()
			if t, err := d.o.Rules.Find(l.Template.Name); err == nil && t.Location != nil {
				zone = t.Location // the record knows its offset only
			}
			for n, e := range l.Items {
				if e.Keeps == "" {
					continue
				}
				m := Mark{Key: fmt.Sprintf("checklist/%d/%d", l.Number, n+1), By: e.Tick.By, At: e.Tick.At}
				if !e.Tick.At.IsZero() {
					m.Day = e.Tick.At.In(zone).Format(time.DateOnly)
				}
				news, err := d.kept.set(ctx, e.Keeps, m)
				if err != nil {
					return err
				}
				changed = changed || news
			}
			if !changed || l.Status != Open {
				return nil
			}
			return w.Change(ctx, func(l *List) { l.Asked++ })
		},
	}
}
