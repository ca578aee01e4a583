package incidents

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/github"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/state"
)

// file files the post-mortem once, as soon as it is wanted.
func (d *Desk) file() effect {
	return effect{
		name: "file",
		want: func(i Incident) string {
			if !i.PostMortem.Wanted || i.PostMortem.Exists() || d.o.Objects == nil && !d.onGitHub(i) {
				return ""
			}
			return "filed"
		},
		do: func(ctx context.Context, w *work) error {
			if _, err := d.Fresh(ctx, w.Record.Number); err != nil { // what happened while nobody listened is to be in it
				return err
			}
			title, body, err := d.compose(ctx, w.Record)
			if err != nil {
				return err
			}
			if !d.onGitHub(w.Record) {
				return w.keep(ctx, document(title, body))
			}
			draft := github.Draft{Title: title, Body: body, Labels: d.labels(w.Record, postMortemLabel), Mark: "incident:" + strconv.Itoa(w.Record.Number)}
			return w.file(ctx, draft, func(i *Incident) *Filed { return &i.PostMortem })
		},
	}
}

// rewrite brings the post-mortem up to date.
func (d *Desk) rewrite() effect {
	return effect{
		name: "rewrite",
		want: func(i Incident) string {
			if !i.PostMortem.Exists() || i.PostMortem.State == gone {
				return ""
			}
			return fmt.Sprint(i.Rev, " ", i.Timeline)
		},
		do: func(ctx context.Context, w *work) error {
			title, body, err := d.compose(ctx, w.Record)
			if err != nil {
				return err
			}
			if w.Record.PostMortem.File != "" {
				return w.keep(ctx, document(title, body))
			}
			return w.update(ctx, "incident:"+strconv.Itoa(w.Record.Number), body, func(i *Incident) *Filed { return &i.PostMortem })
		},
	}
}

// onGitHub says that this desk files what belongs to the incident there.
func (d *Desk) onGitHub(i Incident) bool {
	return d.o.GitHub != nil && d.o.Rules.onGitHub(i) && !i.PostMortem.Here
}

// The labels beside those of the configuration.
var (
	postMortemLabel = github.Label{Name: "post-mortem", Color: "5319e7", Description: "What happened in an incident, and what follows from it"}
	actionLabel     = github.Label{Name: "action-item", Color: "0e8a16", Description: "To be done after an incident"}
	drillLabel      = github.Label{Name: "drill", Color: "bfd4f2", Description: "From an exercise: nothing was broken"}
)

func (d *Desk) labels(i Incident, first github.Label) []github.Label {
	all := []github.Label{first}
	if i.Drill {
		all = append(all, drillLabel)
	}
	for _, name := range d.o.Labels {
		if name != first.Name {
			all = append(all, github.Label{Name: name})
		}
	}
	return all
}

// installation is what tells the issues of this opsbot from those of another in the same repository. It is made once.
func (d *Desk) installation(ctx context.Context) (string, error) {
	const one = "this"
	id, _, err := d.installations.Get(ctx, one)
	if !errors.Is(err, state.ErrNotFound) {
		return id, err
	}
	random := make([]byte, 6)
	rand.Read(random) // never fails
	id = hex.EncodeToString(random)
	if err := d.installations.Insert(ctx, one, id); !errors.Is(err, state.ErrExists) {
		return id, err
	}
	id, _, err = d.installations.Get(ctx, one)
	return id, err
}

// mark is what an issue is known by.
func (d *Desk) mark(ctx context.Context, thing string) (string, error) {
	id, err := d.installation(ctx)
	return "opsbot:" + id + ":" + thing, err
}

// file makes an issue once, whatever ended an earlier attempt. That one is begun is noted before: GitHub may still finish
// what a process that was killed has asked for, so it is left alone for as long as that may take.
func (w *work) file(ctx context.Context, draft github.Draft, at func(*Incident) *Filed) (err error) {
	now := w.d.o.Now()
	if settled := at(&w.Record).Attempt.Add(github.Settle); settled.After(now) {
		return &converge.LaterError{Until: settled, Err: errors.New("an attempt that was broken off may still come through"), Settling: true}
	}
	if draft.Mark, err = w.d.mark(ctx, draft.Mark); err != nil {
		return err
	}
	err = w.Note(ctx, func(i *Incident) {
		f := at(i)
		if f.Attempt = now; f.Tried.IsZero() {
			f.Tried = now
		}
	})
	if err != nil {
		return err
	}
	draft.Since = at(&w.Record).Tried
	filed, err := w.d.o.GitHub.File(ctx, draft)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return w.failed(ctx, err, at)
	}
	if len(filed.Without) > 0 {
		w.d.o.Slack.Try(ctx, "label issues on GitHub", fmt.Errorf("GitHub did not take the labels %s", strings.Join(filed.Without, ", ")))
	}
	return w.Change(ctx, func(i *Incident) {
		f := at(i)
		f.Number, f.URL, f.At, f.State = filed.Number, filed.URL, w.d.o.Now(), filed.State
		f.Attempt, f.Fault = time.Time{}, ""
	})
}

// update writes what is new into an issue; what people have edited there is left to them.
func (w *work) update(ctx context.Context, thing string, body github.Body, at func(*Incident) *Filed) error {
	written := converge.Digest(body)
	if at(&w.Record).Written == written {
		return nil
	}
	mark, err := w.d.mark(ctx, thing)
	if err != nil {
		return err
	}
	edited, err := w.d.o.GitHub.Update(ctx, at(&w.Record).Number, mark, body)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return w.failed(ctx, err, at)
	}
	learn, keep := func(i *Incident) { f := at(i); f.Written, f.Edited, f.Fault = written, edited, "" }, w.Note
	if f := at(&w.Record); f.Fault != "" || strings.Join(f.Edited, " ") != strings.Join(edited, " ") {
		keep = w.Change
	}
	return keep(ctx, learn)
}

// gone is the state of an issue that was deleted: it is not made again.
const gone = "gone"

const (
	// refusedFor is how long nothing is asked again after GitHub has refused something for good: somebody has to mend it.
	// Asking by hand does not wait.
	refusedFor = 10 * time.Minute
	// worthTelling is how long a delay lasts before people are told of it.
	worthTelling = 30 * time.Second
)

// failed notes what keeps an issue from being written, in words for people, and says when to try again.
func (w *work) failed(ctx context.Context, err error, at func(*Incident) *Filed) error {
	now := w.d.o.Now()
	what, todo := github.Explain(err)
	wait, passing := github.Passing(err)
	if until, limited := github.Limited(err); limited {
		wait = until.Sub(now)
	}
	fault := chat.Escape(what)
	if !passing {
		wait = refusedFor
		if todo != "" {
			fault += " " + chat.Escape(todo)
		}
	}
	f := *at(&w.Record)
	if github.Status(err) == http.StatusGone && strings.Contains(strings.ToLower(github.Reason(err)), "deleted") {
		return w.Change(ctx, func(i *Incident) { f := at(i); f.State, f.Fault = gone, "Its issue was deleted on GitHub." })
	}
	late := f.Late
	if late.IsZero() && (wait > worthTelling || !f.Tried.IsZero() && now.Sub(f.Tried) > worthTelling && f.Number == 0) {
		late = now
	}
	keep := w.Note
	if f.Fault != fault || !f.Late.Equal(late) {
		keep = w.Change
	}
	if noted := keep(ctx, func(i *Incident) {
		f := at(i)
		f.Attempt, f.Fault, f.Late = time.Time{}, fault, late
	}); noted != nil {
		return errors.Join(err, noted)
	}
	return &converge.LaterError{Until: now.Add(wait), Err: err}
}

// keep stores the post-mortem as a file, over an older one.
func (w *work) keep(ctx context.Context, text string) error {
	if w.Record.PostMortem.Written == converge.Digest(text) {
		return nil
	}
	key := fmt.Sprintf("incidents/%s/post-mortem.md", recordID(w.Record.Number))
	err := w.d.store(ctx, key, text)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		const fault = "The object store does not take it."
		if w.Record.PostMortem.Fault != fault {
			noted := w.Change(ctx, func(i *Incident) { i.PostMortem.Fault, i.PostMortem.Late = fault, w.d.o.Now() })
			err = errors.Join(err, noted)
		}
		return err
	}
	learn, keep := func(i *Incident) {
		f := &i.PostMortem
		if f.File, f.Written, f.Fault = key, converge.Digest(text), ""; f.At.IsZero() {
			f.At = w.d.o.Now()
		}
	}, w.Note
	if w.Record.PostMortem.File == "" || w.Record.PostMortem.Fault != "" {
		keep = w.Change
	}
	return keep(ctx, learn)
}

func (d *Desk) store(ctx context.Context, key, text string) error {
	to, err := d.o.Objects.Create(ctx, key, objects.CreateOptions{SizeHint: int64(len(text)), ContentType: "text/markdown; charset=utf-8"})
	if err != nil {
		return err
	}
	defer to.Abort()
	if _, err := io.WriteString(to, text); err != nil {
		return err
	}
	return to.Commit(ctx)
}
