package incidents

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/github"
)

// actionIssues has each action be an issue of its own that says what the record says, and is closed when it is done.
func (d *Desk) actionIssues() effect {
	return effect{
		name: "actions",
		want: func(i Incident) string {
			if !d.onGitHub(i) || len(i.Actions) == 0 {
				return ""
			}
			return converge.Digest(i.Actions, i.PostMortem.Number, i.Place.CardLink, i.Title)
		},
		do: func(ctx context.Context, w *work) error {
			var failed error
			for _, a := range w.Record.Actions {
				if err := w.actionIssue(ctx, a.N); err != nil {
					failed = errors.Join(failed, fmt.Errorf("action %d: %w", a.N, err))
				}
			}
			return failed
		},
	}
}

// actionIssue brings the issue of one action to where the record is.
func (w *work) actionIssue(ctx context.Context, n int) error {
	at := func(i *Incident) *Filed { return &i.Actions[n-1].Filed }
	a := w.Record.Actions[n-1]
	thing := fmt.Sprintf("incident:%d:action:%d", w.Record.Number, n)
	switch {
	case a.Filed.State == gone || a.Filed.Number == 0 && !a.Open():
		return nil
	case a.Filed.Number == 0:
		draft := github.Draft{Title: unmarked(a.Text), Body: w.d.actionBody(ctx, w.Record, a), Labels: w.d.labels(w.Record, actionLabel), Mark: thing}
		if err := w.file(ctx, draft, at); err != nil {
			return err
		}
	}
	a = w.Record.Actions[n-1]
	if err := w.update(ctx, thing, w.d.actionBody(ctx, w.Record, a), at); err != nil {
		return err
	}
	wanted := "open"
	if !a.Open() {
		wanted = "closed"
	}
	if a.Filed.State == wanted {
		return nil
	}
	change := github.Change{State: &wanted}
	if wanted == "closed" {
		reason := "completed"
		if a.Dropped {
			reason = "not_planned"
		}
		change.Reason = &reason
	}
	_, _, err := w.d.o.GitHub.Edit(ctx, a.Filed.Number, change)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return w.failed(ctx, err, at)
	}
	return w.Note(ctx, func(i *Incident) { f := at(i); f.State, f.Fault = wanted, "" })
}

// actionBody says what is to be done, by whom, and where it comes from.
func (d *Desk) actionBody(ctx context.Context, i Incident, a Action) github.Body {
	within, stop := context.WithTimeout(ctx, namesWithin)
	defer stop()
	p := d.write(within, i, nil)
	text := "## To be done\n\n" + p.markdown(typed(a.Text)) + "\n\n"
	if a.Who.ID != "" {
		text += "By whom: " + p.name(a.Who) + "\n"
	}
	if !a.Due.IsZero() {
		text += "By when: " + a.Due.In(p.zone).Format("Monday, 2 January 2006") + "\n"
	}
	from := fmt.Sprintf("## Where it comes from\n\nAction %d of %s %d, “%s”, added by %s.", a.N, i.Kind(), i.Number, literally(unmarked(i.Title)), p.name(a.By))
	if i.PostMortem.Number > 0 {
		from += fmt.Sprintf("\n\n- Post-mortem: #%d", i.PostMortem.Number)
	}
	if i.Place.CardLink != "" {
		from += fmt.Sprintf("\n- In Slack: [the channel](%s) · [the card](%s)", channelLink(i.Place.CardLink), i.Place.CardLink)
	}
	return github.Body{{Name: "action", Text: strings.ReplaceAll(text, "\nBy when", "\\\nBy when")}, {Name: "from", Text: from +
		"\n\n<sub>Closing this issue marks the action as done in Slack, and the other way round.</sub>"}}
}

const (
	// readEvery is how often the state of actions is read back; what has not changed costs nothing of GitHub's limit.
	readEvery = time.Hour
	// readAfter is for how long what is done may still be opened again on GitHub.
	readAfter = 7 * 24 * time.Hour
)

// readBack takes over what people have done to the issues of actions.
func (d *Desk) readBack() effect {
	return effect{
		name: "read back",
		want: d.readingBack,
		do: func(ctx context.Context, w *work) error {
			for _, a := range d.watched(w.Record) {
				if err := w.readAction(ctx, a); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// readingBack names the period whose reading is due, and how often somebody asked; "" when there is nothing to read.
func (d *Desk) readingBack(i Incident) string {
	if !d.onGitHub(i) || len(d.watched(i)) == 0 {
		return ""
	}
	return fmt.Sprint(d.slot(i), " ", i.ReadBack)
}

// watched are the actions whose issues are read.
func (d *Desk) watched(i Incident) []Action {
	var all []Action
	for _, a := range i.Actions {
		if a.Filed.Number > 0 && a.Filed.State != gone && !a.Dropped && (a.Open() || d.o.Now().Sub(a.Done) < readAfter) {
			all = append(all, a)
		}
	}
	return all
}

// slot counts the periods of readEvery; each incident's begin at another moment, so that not all are read at once.
func (d *Desk) slot(i Incident) int64 {
	return d.o.Now().Add(stagger(i)).Unix() / int64(readEvery.Seconds())
}

func stagger(i Incident) time.Duration { return time.Duration(i.Number*7%60) * time.Minute }

// githubNext is when the issues of actions are read again.
func (d *Desk) githubNext(i Incident) time.Time {
	switch want := d.readingBack(i); {
	case want == "":
		return time.Time{}
	case i.Effects["read back"] != want: // a new period has begun meanwhile
		return d.o.Now()
	}
	return time.Unix((d.slot(i)+1)*int64(readEvery.Seconds()), 0).Add(-stagger(i))
}

// readAction takes over the state of an issue, unless it was changed here since: then that is to be written there.
func (w *work) readAction(ctx context.Context, a Action) error {
	at := func(i *Incident) *Filed { return &i.Actions[a.N-1].Filed }
	issue, err := w.d.o.GitHub.Read(ctx, a.Filed.Number)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return w.failed(ctx, err, at)
	}
	if issue.State == a.Filed.State {
		return nil
	}
	now := w.d.o.Now()
	who := chat.User{ID: "github", Name: "somebody on GitHub"}
	var failed error
	err = w.Change(ctx, func(i *Incident) {
		b := &i.Actions[a.N-1]
		if b.Filed.State != a.Filed.State || b.Open() != a.Open() {
			return // it was changed here while it was read; the next time tells
		}
		act := Act{By: who, At: now}
		switch b.Filed.State = issue.State; {
		case issue.State == "closed" && b.Open():
			if !issue.Closed.IsZero() {
				act.At = issue.Closed
			}
			failed = i.DoAction(act, a.N)
		case issue.State == "open" && !b.Open():
			failed = i.UndoAction(act, a.N)
		}
	})
	return errors.Join(err, failed)
}
