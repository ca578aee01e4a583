package incidents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
)

// Kept is a file that was copied from a message, or is to be: then it has neither Object nor Fault.
type Kept struct {
	// From is the file in Slack.
	From bot.File `json:"from"`
	// Object is its key in the object store; Fault is why it could not be kept, in plain words.
	Object string `json:"object,omitempty"`
	Fault  string `json:"fault,omitempty"`
	// Drop says that it is not beside the message any more and the copy is to go.
	Drop bool `json:"drop,omitempty"`
}

// The bounds of what is kept: bytes of a file and of all files of an incident, files of a message, and attempts to reach
// the object store.
const (
	mostFile     = 20e6
	mostKept     = 500e6
	mostFiles    = 10
	mostAttempts = 10
)

// followFiles are the files of an entry whose message now has those: what is there already stays.
func followFiles(kept []Kept, now []bot.File) []Kept {
	var all []Kept
	for n, f := range now {
		one := Kept{From: f}
		if k := slices.IndexFunc(kept, func(k Kept) bool { return k.From.ID == f.ID }); k >= 0 {
			one = kept[k]
			one.Drop = false
		}
		if n >= mostFiles && one.Object == "" {
			one.Fault = fmt.Sprintf("only the first %d files of a message are", mostFiles)
		}
		all = append(all, one)
	}
	for _, k := range kept {
		if !slices.ContainsFunc(now, func(f bot.File) bool { return f.ID == k.From.ID }) {
			k.Drop = true
			all = append(all, k)
		}
	}
	return all
}

// Shown are the files that stand beside the entry.
func (e Entry) Shown() []Kept {
	return slices.DeleteFunc(slices.Clone(e.Files), func(k Kept) bool { return k.Drop })
}

// keepFiles copies the files of an entry into the object store, with the bot's token, and removes the copies that are to
// go. Each is under a key of its own, so a copy that was made before a crash is found and not made again.
func (d *Desk) keepFiles(ctx context.Context, i Incident, e Entry) error {
	var failed error
	for _, k := range e.Files {
		var settled Kept
		var err error
		switch {
		case k.Drop:
			err = d.dropFile(ctx, k)
		case k.Object != "" || k.Fault != "":
			continue
		default:
			settled, err = d.copyFile(ctx, i, k)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if _, err := d.entries.Change(ctx, entryID(i.Number, e.ID), func(e *Entry) error {
			n := slices.IndexFunc(e.Files, func(other Kept) bool { return other.From.ID == k.From.ID })
			switch {
			case n >= 0 && k.Drop && e.Files[n].Drop:
				e.Files = slices.Delete(e.Files, n, n+1)
			case n >= 0 && !k.Drop:
				e.Files[n].Object, e.Files[n].Fault = settled.Object, settled.Fault
			}
			return nil
		}); err != nil {
			return fmt.Errorf("incidents: note a file: %w", err)
		}
	}
	return failed
}

func (d *Desk) dropFile(ctx context.Context, k Kept) error {
	if k.Object == "" || d.o.Objects == nil {
		return nil
	}
	err := d.o.Objects.Delete(ctx, k.Object)
	if errors.Is(err, objects.ErrDenied) { // the store itself may hold on to what it has
		d.o.Log.Warn("the copy of a file that was taken from a timeline could not be removed", "object", k.Object, "error", err)
		return nil
	}
	return err
}

// copyFile answers where the copy is, or why there is none. An error says that it is worth trying again.
func (d *Desk) copyFile(ctx context.Context, i Incident, k Kept) (Kept, error) {
	var err error
	if k.Fault, err = d.mayKeep(ctx, i, k.From); k.Fault != "" || err != nil {
		return k, err
	}
	content, err := d.o.Slack.Download(ctx, k.From, mostFile)
	if ctx.Err() != nil {
		return k, context.Cause(ctx)
	}
	if err != nil {
		k.Fault = d.noDownload(ctx, err)
		return k, nil
	}
	key := fmt.Sprintf("incidents/%d/%s-%s", i.Number, plainName(k.From.ID), plainName(k.From.Name))
	err = d.putObject(ctx, key, k.From.Type, content)
	if err != nil && (errors.Is(err, objects.ErrDenied) || errors.Is(err, objects.ErrFull) || i.Lanes["timeline"].Failures >= mostAttempts) && ctx.Err() == nil {
		d.o.Log.Warn("a file of a timeline could not be kept", "incident", i.Number, "object", key, "error", err)
		k.Fault = "the object store did not take it"
		return k, nil
	}
	if err != nil {
		return k, fmt.Errorf("keep a file: %w", err)
	}
	k.Object = key
	return k, nil
}

// mayKeep says in plain words why a file is not even read.
func (d *Desk) mayKeep(ctx context.Context, i Incident, f bot.File) (fault string, err error) {
	if d.o.Objects == nil {
		return "there is no object store", nil
	}
	if f.Size > mostFile {
		return fmt.Sprintf("it is larger than %s", chat.Bytes(mostFile)), nil
	}
	all, err := d.Timeline(ctx, i.Number, 0)
	sum := f.Size
	for _, e := range all {
		for _, k := range e.Files {
			if k.Object != "" {
				sum += k.From.Size
			}
		}
	}
	if sum > mostKept {
		return fmt.Sprintf("the files of the incident would be more than %s", chat.Bytes(mostKept)), err
	}
	return "", err
}

// noDownload says in plain words why Slack did not give a file.
func (d *Desk) noDownload(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, bot.ErrTooLarge):
		return fmt.Sprintf("it is larger than %s", chat.Bytes(mostFile))
	case bot.Unavailable(err):
		d.o.Slack.Try(ctx, "copy the files of messages on a timeline", err)
		return "opsbot may not read files in Slack"
	case bot.Code(err) == "file_not_found":
		return "it was deleted before it could be copied"
	}
	d.o.Log.Warn("a file of a timeline could not be read", "error", err)
	return "Slack did not give it"
}

// putObject stores the content; one that is there already is the same, as Slack's files never change.
func (d *Desk) putObject(ctx context.Context, key, kind string, content []byte) error {
	w, err := d.o.Objects.Create(ctx, key, objects.CreateOptions{SizeHint: int64(len(content)), IfAbsent: true, ContentType: kind})
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.Copy(w, bytes.NewReader(content)); err != nil {
		return err
	}
	if err := w.Commit(ctx); !errors.Is(err, objects.ErrExists) {
		return err
	}
	return nil
}

var unplain = regexp.MustCompile(`[^A-Za-z0-9._-]+|^\.+`)

// plainName makes part of a key of a name.
func plainName(name string) string {
	name = unplain.ReplaceAllString(name, "-")
	if len(name) > 80 {
		name = name[len(name)-80:] // the end tells the kind of file
	}
	return name
}
