package incidents

import (
	"context"
	"slices"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// The bounds of Fresh: how many messages of the channel are read, how many of threads and other channels (they are read
// one by one), and for how long.
const (
	mostReread = 1000
	mostSingle = 20
	rereadFor  = 10 * time.Second
)

// Fresh is Timeline, all of it, after the messages on it were read anew, as far as that goes within bounds: events may
// have been missed while nobody listened.
func (d *Desk) Fresh(ctx context.Context, number int) ([]Entry, error) {
	i, err := d.Get(ctx, number)
	if err != nil {
		return nil, err
	}
	all, err := d.Timeline(ctx, number, 0)
	if err != nil || d.o.Slack == nil || i.Place.Channel == "" {
		return all, err
	}
	bounded, stop := context.WithTimeout(ctx, rereadFor)
	defer stop()
	changed, err := d.reread(bounded, i, all)
	if err != nil && ctx.Err() == nil {
		d.o.Log.Warn("not all messages on a timeline could be read anew; those are shown as they were", "incident", number, "error", err)
	}
	if changed {
		if err := d.touchTimeline(ctx, number); err != nil {
			return nil, err
		}
	}
	return d.Timeline(ctx, number, 0)
}

func (d *Desk) reread(ctx context.Context, i Incident, all []Entry) (changed bool, err error) {
	said, _, err := d.o.Slack.History(ctx, i.Place.Channel, i.At, time.Time{}, mostReread)
	if err != nil {
		return false, err
	}
	on := map[chat.Ref]Entry{}
	for _, e := range all {
		on[e.Message] = e
	}
	read := map[chat.Ref]bool{}
	for _, s := range said {
		read[s.At] = true
		if e, known := on[s.At]; e.agrees(s, known) {
			continue
		}
		settled, err := d.settle(ctx, i, s.At, s, true)
		if changed = changed || settled; err != nil {
			return changed, err
		}
	}
	single := 0
	for _, e := range slices.Backward(all) {
		if e.Message.IsZero() || read[e.Message] || single == mostSingle {
			continue
		}
		single++
		settled, err := d.captureOne(ctx, i, e.Message)
		if changed = changed || settled; err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// agrees says that the message can have nothing new for the timeline.
func (e Entry) agrees(s bot.Said, known bool) bool {
	if !known {
		return s.Reactions[Pushpin] == 0
	}
	return (e.Added || s.Reactions[Pushpin] > 0) && (e.OwnText || e.Text == calm(s.Text)) && len(e.Files) == len(s.Files)
}

// touchTimeline has what shows the timeline follow its change.
func (d *Desk) touchTimeline(ctx context.Context, number int) error {
	_, err := d.incidents.Change(ctx, recordID(number), func(i *Incident) error {
		i.timelineChanged(d.o.Now())
		return nil
	})
	d.engine.Nudge()
	return err
}
