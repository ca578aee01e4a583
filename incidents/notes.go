package incidents

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// mostNote is how many characters a note has at most.
const mostNote = 2000

// checkNote answers the words as they are kept, or a *chat.Problem.
func checkNote(text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := len([]rune(text)); n > mostNote {
		return "", &chat.Problem{Say: fmt.Sprintf("The note has %s characters; at most %s fit.", chat.Count(int64(n)), chat.Count(mostNote)),
			Try: "Say it in a message and put :pushpin: on it."}
	}
	return typed(chat.Redact(text)), nil
}

// checkAt answers a *chat.Problem for a time that cannot be one of the incident's.
func (i Incident) checkAt(at, now time.Time) error {
	switch {
	case at.After(now.Add(time.Minute)): // clocks differ a little
		return &chat.Problem{Say: chat.Time(at) + " is in the future.", Try: "Give a time that has passed.",
			Fields: map[string]string{"at": "That is in the future."}}
	case at.Before(i.At.AddDate(0, 0, -30)):
		return &chat.Problem{Say: fmt.Sprintf("%s is more than 30 days before %s was declared.", chat.Time(at), i.Name()), Try: "Check the date.",
			Fields: map[string]string{"at": "That is more than 30 days before the declaration."}}
	}
	return nil
}

// Note puts a person's words onto the timeline, once for each request, and answers the entry.
func (d *Desk) Note(ctx context.Context, number int, act Act, at time.Time, text string) (Entry, error) {
	i, err := d.Get(ctx, number)
	if err != nil {
		return Entry{}, err
	}
	text, err = checkNote(text)
	if err != nil {
		return Entry{}, err
	}
	if text == "" {
		return Entry{}, &chat.Problem{Say: "A note needs words.", Try: "As in `/incident note at 14:05 The queue is empty again.`"}
	}
	if err := i.checkAt(at, act.At); err != nil {
		return Entry{}, err
	}
	e := Entry{ID: "note/" + act.Request, Incident: number, At: at, Source: FromNote, By: act.By, Via: act.By, Text: text}
	if err := d.Enter(ctx, e); err != nil {
		return Entry{}, err
	}
	return e, d.touchTimeline(ctx, number)
}

// Add puts a message onto the timeline that needs no pin. text are a person's own words about it, or ""; said are the
// message's, for when it cannot be read. at is the zero time for the message's own.
func (d *Desk) Add(ctx context.Context, act Act, e Entry, said, text string, at time.Time) (Entry, error) {
	i, err := d.Get(ctx, e.Incident)
	if err != nil {
		return Entry{}, err
	}
	text, err = checkNote(text)
	if err != nil {
		return Entry{}, err
	}
	if !at.IsZero() {
		if err := i.checkAt(at, act.At); err != nil {
			return Entry{}, err
		}
	}
	e.ID, e.Source, e.Entered = messageID(e.Message), FromMessage, d.o.Now()
	add := func(e *Entry) error {
		if e.Gone || e.Text == "" {
			e.Text = calm(said)
		}
		e.Gone, e.TakenBack, e.Added, e.Via = false, false, true, act.By
		if text != "" {
			e.OwnText, e.Text = true, text
		}
		if !at.IsZero() {
			e.OwnTime, e.At = true, at
		}
		return nil
	}
	id := entryID(e.Incident, e.ID)
	if err := add(&e); err != nil {
		return Entry{}, err
	}
	if err = d.entries.Insert(ctx, id, e); errors.Is(err, state.ErrExists) {
		e, err = d.entries.Change(ctx, id, add)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("incidents: add a message to the timeline of %d: %w", e.Incident, err)
	}
	if err := d.touchTimeline(ctx, e.Incident); err != nil {
		return Entry{}, err
	}
	return e, d.look(ctx, e.Incident, e.Message)
}

// byPeople says that people have put it there, so that they may change it.
func (e Entry) byPeople() error {
	switch {
	case e.Gone:
		return &chat.Problem{Say: "That entry is not on the timeline any more."}
	case e.Source != FromNote && e.Source != FromMessage:
		return &chat.Problem{Say: "That entry is a record of what happened and stays as it is.", Try: "Add what is missing: `/incident note …`"}
	}
	return nil
}

// TakeBack takes an entry that a person has put there from the timeline.
func (d *Desk) TakeBack(ctx context.Context, number int, id string) (Entry, error) {
	return d.changeEntry(ctx, number, id, func(e *Entry) error {
		e.remove()
		e.TakenBack = true
		return nil
	})
}

// Retime says when what an entry tells really happened.
func (d *Desk) Retime(ctx context.Context, number int, act Act, id string, at time.Time) (Entry, error) {
	i, err := d.Get(ctx, number)
	if err != nil {
		return Entry{}, err
	}
	if err := i.checkAt(at, act.At); err != nil {
		return Entry{}, err
	}
	return d.changeEntry(ctx, number, id, func(e *Entry) error {
		e.At, e.OwnTime = at, true
		return nil
	})
}

func (d *Desk) changeEntry(ctx context.Context, number int, id string, change func(*Entry) error) (Entry, error) {
	e, err := d.Entry(ctx, number, id)
	if err != nil {
		return e, err
	}
	e, err = d.entries.Change(ctx, entryID(number, id), func(e *Entry) error {
		if err := e.byPeople(); err != nil {
			return err
		}
		return change(e)
	})
	if err != nil {
		return e, err
	}
	if err := d.touchTimeline(ctx, number); err != nil || e.Message.IsZero() {
		return e, err
	}
	return e, d.look(ctx, number, e.Message)
}
