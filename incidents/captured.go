package incidents

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// A message comes onto the timeline when somebody puts Pushpin on it. Events only say where to look: what the message
// says and whether it is still pinned is always read anew, so events may be late, lost, doubled or out of order.

// Pushpin is the reaction that puts a message onto the timeline, receipt the one by which the bot says that it has.
const (
	Pushpin = "pushpin"
	receipt = "white_check_mark"
)

// mostLooks is how many messages of an incident wait to be looked at; Fresh finds further ones.
const mostLooks = 500

func messageID(at chat.Ref) string { return "message/" + at.Channel + "/" + at.TS }

// Look has a message looked at again in the lane of the timeline. It does nothing for one that is neither in an incident's
// channel nor on a timeline; pinned says that only one in an incident's channel can matter.
func (d *Desk) Look(ctx context.Context, at chat.Ref, pinned bool) error {
	if pinned {
		i, here, err := d.In(ctx, at.Channel)
		if err != nil || !here {
			return err
		}
		return d.look(ctx, i.Number, at)
	}
	found, err := d.entries.Query(ctx, state.Query{Where: []state.Condition{{Field: "message", Op: state.Equal, Value: at.Channel + "/" + at.TS}}})
	if err != nil {
		return fmt.Errorf("incidents: find the entries of a message: %w", err)
	}
	for _, e := range found {
		if err := d.look(ctx, e.Value.Incident, at); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) look(ctx context.Context, number int, at chat.Ref) error {
	_, err := d.incidents.Change(ctx, recordID(number), func(i *Incident) error {
		key := at.Channel + "/" + at.TS
		if _, waits := i.Looks[key]; !waits && len(i.Looks) >= mostLooks {
			return errUnchanged
		}
		if i.Looks == nil {
			i.Looks = map[string]int{}
		}
		i.Looked++
		i.Looks[key] = i.Looked
		i.Rev++
		i.LaneDue("timeline", d.o.Now())
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	d.engine.Nudge()
	return err
}

// timelineChanged has the effects that show the timeline follow.
func (i *Incident) timelineChanged(now time.Time) {
	i.Timeline++
	i.Rev++
	i.LaneDue("github", now)
}

// capture looks at the messages that wait for it, one after the other.
func (d *Desk) capture() effect {
	return effect{
		name: "capture",
		want: func(i Incident) string {
			if len(i.Looks) == 0 {
				return ""
			}
			return strconv.Itoa(i.Looked)
		},
		do: func(ctx context.Context, w *work) error {
			var failed error
			for _, key := range slices.Sorted(maps.Keys(w.Record.Looks)) {
				as := w.Record.Looks[key]
				channel, ts, _ := strings.Cut(key, "/")
				if _, err := d.captureOne(ctx, w.Record, chat.Ref{Channel: channel, TS: ts}); err != nil {
					failed = errors.Join(failed, err)
					continue
				}
				if err := w.Note(ctx, func(i *Incident) {
					if i.Looks[key] == as { // else somebody has asked again meanwhile
						delete(i.Looks, key)
					}
					i.timelineChanged(d.o.Now())
				}); err != nil {
					return err
				}
			}
			return failed
		},
	}
}

// captureOne reads the message and brings its entry up to date. What Slack refuses is reported, and left.
func (d *Desk) captureOne(ctx context.Context, i Incident, at chat.Ref) (changed bool, err error) {
	said, found, err := d.o.Slack.Said(ctx, at)
	switch code := bot.Code(err); {
	case code == "channel_not_found" || code == "is_archived" || code == "not_in_channel" || bot.Unavailable(err):
		d.o.Slack.Try(ctx, "read the messages that are put on a timeline", err)
		return false, nil
	case err != nil:
		return false, err
	}
	return d.settle(ctx, i, at, said, found)
}

// settle stores what is now known of a message, brings about what follows (the receipt, the copies of its files), and
// says whether the entry has changed.
func (d *Desk) settle(ctx context.Context, i Incident, at chat.Ref, said bot.Said, found bool) (changed bool, err error) {
	id := entryID(i.Number, messageID(at))
	old, _, err := d.entries.Get(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		if !found || said.Reactions[Pushpin] == 0 {
			return false, nil
		}
		old = Entry{ID: messageID(at), Incident: i.Number, Message: at, Source: FromMessage, Gone: true}
		if err = d.entries.Insert(ctx, id, old); errors.Is(err, state.ErrExists) {
			err = nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("incidents: enter a message: %w", err)
	}
	link := old.Link
	if found && link == "" {
		link, err = d.o.Slack.Link(ctx, at)
		d.o.Slack.Try(ctx, "link the messages of a timeline", err)
	}
	e, err := d.entries.Change(ctx, id, func(e *Entry) error {
		old = *e
		e.follow(said, found, link, d.o.Now())
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("incidents: enter a message: %w", err)
	}
	if found {
		d.acknowledge(ctx, e)
	}
	return !reflect.DeepEqual(old, e), d.keepFiles(ctx, i, e)
}

// follow is the rule by which a message changes its entry. It is on the timeline while somebody has it pinned or has
// added it by hand, unless it was taken back; what a person has said about its time or words stays as they said it.
func (e *Entry) follow(said bot.Said, found bool, link string, now time.Time) {
	pinned := said.Reactions[Pushpin] > 0
	switch {
	case !found && e.OwnText && !e.Gone:
		e.Link = ""
		return
	case !found, !pinned && !e.Added:
		e.remove()
		e.TakenBack = false // who pins it again wants it back
		return
	case e.TakenBack:
		return
	}
	if e.Gone {
		e.Gone, e.Entered, e.Edited, e.Text = false, now, said.Edited, calm(said.Text)
	}
	e.By, e.Link = author(said), link
	if !e.OwnTime {
		e.At = said.When()
	}
	if text := calm(said.Text); !e.OwnText && e.Text != text {
		e.Edited, e.Text = true, text
	}
	e.Files = followFiles(e.Files, said.Files)
}

// remove takes the entry from the timeline, with all that people have said about it. The copies of its files go.
func (e *Entry) remove() {
	e.Gone, e.Added, e.OwnText, e.OwnTime = true, false, false, false
	e.Files = followFiles(e.Files, nil)
}

func author(said bot.Said) chat.User {
	if said.User == "" {
		return chat.User{ID: said.Bot, Name: "a bot"}
	}
	return chat.User{ID: said.User}
}

// acknowledge shows people that the message is on the timeline, or is not any more.
func (d *Desk) acknowledge(ctx context.Context, e Entry) {
	mark := d.o.Slack.React
	if e.Gone {
		mark = d.o.Slack.Unreact
	}
	if err := mark(ctx, e.Message, receipt); bot.Code(err) != "is_archived" {
		d.o.Slack.Try(ctx, "mark the messages that are on a timeline", err)
	}
}
