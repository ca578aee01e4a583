package incidents

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
)

// tellsFiling are what the channel is told of what is filed: that it is late, once; that it is filed, once; and what
// people keep as they wrote it on GitHub.
func (d *Desk) tellsFiling() []effect {
	return []effect{
		d.tells("post-mortem late", func(i Incident) (key, text string) {
			if i.PostMortem.Late.IsZero() || i.PostMortem.Exists() {
				return "", ""
			}
			return stamp(i.PostMortem.Late), "⏳ The post-mortem cannot be filed yet: " + i.PostMortem.Fault +
				" Nothing is lost, and it is tried again by itself. `/incident postmortem` tries at once."
		}),
		d.filedMessage(),
		d.tells("post-mortem edited", func(i Incident) (key, text string) {
			if len(i.PostMortem.Edited) == 0 {
				return "", ""
			}
			return converge.Digest(i.PostMortem.Edited), fmt.Sprintf("✍️ On GitHub somebody has edited the <%s|post-mortem>: opsbot leaves as it is there: %s. All else is kept up to date.",
				i.PostMortem.URL, strings.Join(i.PostMortem.Edited, ", "))
		}),
		d.tells("actions late", func(i Incident) (key, text string) {
			late, n := i.lateActions()
			if n == 0 {
				return "", ""
			}
			return stamp(late.Filed.Late), fmt.Sprintf("⏳ %s cannot be filed on GitHub yet: %s Nothing is lost, and it is tried again by itself.",
				chat.Plural(int64(n), "action"), late.Filed.Fault)
		}),
		d.tells("actions filed", func(i Incident) (key, text string) {
			if _, n := i.lateActions(); n > 0 || i.Effects["actions late"] == "" {
				return "", ""
			}
			return i.Effects["actions late"], "📌 The actions are filed on GitHub now. `/incident actions` shows them."
		}),
	}
}

func stamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// lateActions are those that GitHub keeps from being filed: the first of them, and how many.
func (i Incident) lateActions() (first Action, n int) {
	for _, a := range i.OpenActions() {
		if a.Filed.Number > 0 || a.Filed.Late.IsZero() {
			continue
		}
		if n == 0 || a.Filed.Late.Before(first.Filed.Late) {
			first = a
		}
		n++
	}
	return first, n
}

// tells says something in the incident's channel, once for each key.
func (d *Desk) tells(name string, what func(Incident) (key, text string)) effect {
	return inChannel(effect{
		name: name,
		want: func(i Incident) string { key, _ := what(i); return key },
		do: func(ctx context.Context, w *work) error {
			key, text := what(w.Record)
			if key == "" {
				return nil
			}
			_, err := d.o.Slack.Post(ctx, w.Record.Place.Channel, paragraph(text, w.Record.Key(name+"/"+key)))
			return err
		},
		optional: "say in an incident's channel what is filed",
	})
}

// mostShown is how much of a post-mortem stands in the message itself when it is no issue; the rest is in the file.
const mostShown = 1500

// filedMessage says that the post-mortem is filed; without GitHub it is the file itself.
func (d *Desk) filedMessage() effect {
	return inChannel(effect{
		name: "post-mortem filed",
		want: func(i Incident) string {
			if !i.PostMortem.Exists() {
				return ""
			}
			return "said"
		},
		do: func(ctx context.Context, w *work) error {
			f := w.Record.PostMortem
			text := fmt.Sprintf("📝 The post-mortem is filed: <%s|#%d>. It follows what is changed here; what is edited there stays.", f.URL, f.Number)
			m := paragraph(text, "")
			if f.File != "" {
				text, err := d.PostMortem(ctx, w.Record)
				if err != nil {
					return err
				}
				m = FileMessage(w.Record, text)
			}
			m.Key = w.Record.Key("post-mortem filed")
			_, err := d.o.Slack.Post(ctx, w.Record.Place.Channel, m)
			return err
		},
		optional: "say in an incident's channel that its post-mortem is filed",
	})
}

// FileMessage shows a post-mortem that is a document, with all of it as a file.
func FileMessage(i Incident, text string) chat.Message {
	say := "📝 The post-mortem of " + i.Name() + ", as it is kept in the object store"
	shown := []rune(text)
	shown = shown[:min(len(shown), mostShown)]
	return chat.Message{Summary: say, Parts: []chat.Part{chat.Text(say),
		chat.Sheet{Name: fmt.Sprintf("post-mortem-%d.md", i.Number), Shown: string(shown), Whole: text}}}
}
