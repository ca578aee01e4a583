package watch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// missedWithin is how long it may take to find out what was missed of one kind.
const missedWithin = 10 * time.Second

// absence finds out what did not happen since the last beat. What cannot be found out is said to be so: that it was away is
// said in any case.
func (w *Watch) absence(ctx context.Context, p pulse, now time.Time) *Absence {
	a := &Absence{From: p.Beat, To: now, How: Died}
	w.mu.Lock()
	switch {
	case p.Stopped:
		a.How = Stopped
	case p.Beat.After(w.began):
		a.How = Stalled
	}
	w.mu.Unlock()
	for _, kind := range w.o.Kinds {
		bounded, cancel := context.WithTimeout(ctx, missedWithin)
		lines, err := kind.Missed(bounded, a.From, a.To)
		cancel()
		if err != nil {
			reference := chat.NewReference()
			w.o.Log.Error("what was missed could not be found out", "kind", kind.Title, "reference", reference, "error", err)
			lines = []string{"What was missed could not be found out (reference " + reference + ")."}
		}
		if len(lines) > 0 {
			a.Lists = append(a.Lists, List{kind.Title, lines})
		}
	}
	return a
}

// say says the absences that are not said yet. One process does, and what it has posted just before it died is not posted
// again: the message has a key.
func (w *Watch) say(ctx context.Context) error {
	ctx, release, err := w.leases.Take(ctx, lease)
	if errors.Is(err, state.ErrTaken) {
		return nil // it is being said
	}
	if err != nil {
		return err
	}
	defer release()
	w.mu.Lock()
	w.unsaid = false // what is noted from now on sets it again
	w.mu.Unlock()
	if err := w.sayAll(ctx); err != nil {
		w.mu.Lock()
		w.unsaid = true
		w.mu.Unlock()
		return err
	}
	return nil
}

func (w *Watch) sayAll(ctx context.Context) error {
	p, _, err := w.pulses.Get(ctx, pulseID)
	if errors.Is(err, state.ErrNotFound) {
		return nil // the first start of all
	}
	if err != nil {
		return fmt.Errorf("watch: read absences: %w", err)
	}
	for _, a := range p.Away {
		if a.Said {
			continue
		}
		if err := w.tell(ctx, a); err != nil {
			return fmt.Errorf("watch: say that opsbot was away: %w", err)
		}
	}
	return nil
}

func (w *Watch) tell(ctx context.Context, a Absence) error {
	m := a.message()
	_, err := w.o.Events.Append(ctx, events.Event{Key: m.Key, At: a.To, Who: chat.User{Name: "opsbot"}, What: "opsbot.absent",
		Outcome: events.Failure, Text: a.sentence(), Detail: map[string]string{"from": a.From.Format(time.RFC3339), "how": string(a.How)}})
	if err != nil {
		return err
	}
	if _, err := w.o.Poster.Post(ctx, w.o.Channel, m); err != nil {
		return err
	}
	_, err = w.pulses.Change(ctx, pulseID, func(p *pulse) error {
		for i := range p.Away {
			if p.Away[i].From.Equal(a.From) {
				p.Away[i].Said = true
			}
		}
		return nil
	})
	return err
}

// sentence says all but what was missed.
func (a Absence) sentence() string {
	return fmt.Sprintf("opsbot was away for %s, from %s to %s.", chat.Span(a.To.Sub(a.From)), chat.Time(a.From), chat.Time(a.To))
}

func (a Absence) message() chat.Message {
	span := chat.Span(a.To.Sub(a.From))
	why := map[How]string{
		Stopped: "It had been stopped.",
		Died:    "It had not been stopped: its process ended, or the machine did. Its log has the last it did.",
		Stalled: "Its process lived on: the machine slept, its clock was set, or the state could not be written.",
	}[a.How]
	m := chat.Message{Key: "absent/" + state.SortableTime(a.From), Summary: "opsbot was away for " + span + ".",
		Parts: []chat.Part{chat.Text(fmt.Sprintf("💤 *opsbot was away for %s*, from %s to %s. %s", span, chat.Time(a.From), chat.Time(a.To), why))}}
	for _, list := range a.Lists {
		text := "*" + list.Title + "*"
		for _, line := range list.Lines {
			text += "\n• " + line
		}
		m.Parts = append(m.Parts, chat.Text(text))
	}
	if len(a.Lists) == 0 {
		m.Parts = append(m.Parts, chat.Note("Nothing was due meanwhile."))
	}
	titles := make([]string, len(a.Lists))
	for i, list := range a.Lists {
		titles[i] = strings.ToLower(list.Title)
	}
	if len(titles) > 0 {
		m.Summary += " Missed: " + strings.Join(titles, ", ") + "."
	}
	return m
}
