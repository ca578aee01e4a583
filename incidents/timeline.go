package incidents

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// Entry is one line of an incident's timeline.
type Entry struct {
	// ID is unique within the incident and says what the entry is about, so that the same thing is entered once:
	// "moment/3", "message/C024BE91L/1742029205.000300", "event/1204", "note/" and the request.
	ID       string `json:"id"`
	Incident int    `json:"incident"`
	// At is when it happened, Entered when it was written down.
	At      time.Time `json:"at"`
	Entered time.Time `json:"entered"`
	Source  Source    `json:"source"`
	// By is whose word or deed it is; Via, who put it on the timeline.
	By  chat.User `json:"by,omitzero"`
	Via chat.User `json:"via,omitzero"`
	// Text is mrkdwn.
	Text string `json:"text"`
	// Message is the message that it was taken from, with Link for people.
	Message chat.Ref `json:"message,omitzero"`
	Link    string   `json:"link,omitempty"`
	Files   []Kept   `json:"files,omitempty"`
	// Added says that a person added the message by hand, so that it needs no pin; OwnText and OwnTime, that a person gave
	// the words or the time, so that the message's own do not count.
	Added   bool `json:"added,omitempty"`
	OwnText bool `json:"own_text,omitempty"`
	OwnTime bool `json:"own_time,omitempty"`
	// Edited says that the message was changed after it was taken; Gone, that it was deleted there, or taken back here:
	// then the entry is not shown. TakenBack says that a person did that here, so that a pin alone does not bring it back.
	Edited    bool `json:"edited,omitempty"`
	Gone      bool `json:"gone,omitempty"`
	TakenBack bool `json:"taken_back,omitempty"`
}

// Source is where an entry comes from.
type Source string

// The sources.
const (
	FromDecision Source = "decision" // of a person about the incident itself
	FromMessage  Source = "message"  // that a person pinned
	FromNote     Source = "note"     // that a person wrote for the timeline
	FromRecord   Source = "record"   // of opsbot: what changed before
)

func entryFields(e Entry) map[string]string {
	f := map[string]string{}
	if !e.Gone {
		f["of "+recordID(e.Incident)] = e.Mark()
	}
	if !e.Message.IsZero() {
		f["message"] = e.Message.Channel + "/" + e.Message.TS
	}
	return f
}

// errUnchanged keeps a record as it is.
var errUnchanged = errors.New("incidents: there is nothing to change")

func entryID(incident int, id string) string { return recordID(incident) + "/" + id }

// Enter puts an entry on the timeline. One with the same ID is left as it is, unless it was gone: then it is back as
// given.
func (d *Desk) Enter(ctx context.Context, e Entry) error {
	e.Entered = d.o.Now()
	err := d.entries.Insert(ctx, entryID(e.Incident, e.ID), e)
	if errors.Is(err, state.ErrExists) {
		_, err = d.entries.Change(ctx, entryID(e.Incident, e.ID), func(old *Entry) error {
			if !old.Gone {
				return errUnchanged
			}
			*old = e
			return nil
		})
		if errors.Is(err, errUnchanged) {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("incidents: enter %s into the timeline of %d: %w", e.ID, e.Incident, err)
	}
	return nil
}

// Entry reads one entry, also one that is gone, or answers a *chat.Problem.
func (d *Desk) Entry(ctx context.Context, number int, id string) (Entry, error) {
	e, _, err := d.entries.Get(ctx, entryID(number, id))
	if errors.Is(err, state.ErrNotFound) {
		return Entry{}, &chat.Problem{Say: "That entry is not on the timeline.", Try: "`/incident timeline` shows what is."}
	}
	if err != nil {
		return Entry{}, fmt.Errorf("incidents: read %s of the timeline of %d: %w", id, number, err)
	}
	return e, nil
}

// Mark is where an entry stands among those of its incident, to be given to Page.
func (e Entry) Mark() string { return state.SortableTime(e.At) + " " + e.ID }

// Page lists at most that many entries, in the order in which things happened: those next before or after a Mark, or
// the newest when both are "". It says whether there are older and newer ones.
func (d *Desk) Page(ctx context.Context, number int, before, after string, most int) (page []Entry, older, newer bool, err error) {
	field := "of " + recordID(number)
	q := state.Query{OrderBy: field, Descending: after == "", Limit: most + 1}
	if mark := before + after; mark != "" {
		op := state.Less
		if after != "" {
			op = state.Greater
		}
		q.Where = []state.Condition{{Field: field, Op: op, Value: mark}}
	}
	found, err := d.entries.Query(ctx, q)
	if err != nil {
		return nil, false, false, fmt.Errorf("incidents: read the timeline of %d: %w", number, err)
	}
	more := len(found) > most
	for _, e := range found[:min(most, len(found))] {
		page = append(page, e.Value)
	}
	if after == "" {
		slices.Reverse(page)
		return page, more, before != "", nil
	}
	return page, true, more, nil
}

// Timeline lists the entries of an incident in the order in which things happened, at most that many, the newest of
// them (0: all).
func (d *Desk) Timeline(ctx context.Context, number, most int) ([]Entry, error) {
	found, err := d.entries.Query(ctx, state.Query{OrderBy: "of " + recordID(number), Descending: true, Limit: most})
	if err != nil {
		return nil, fmt.Errorf("incidents: read the timeline of %d: %w", number, err)
	}
	all := make([]Entry, len(found))
	for n, e := range found {
		all[len(all)-1-n] = e.Value
	}
	return all, nil
}
