package incidents

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// mostInDocument is how many characters of an entry stand in a document; the link leads to the rest.
const mostInDocument = 1500

// TimelineMarkdown is a timeline as GitHub's Markdown: a list for each day of the location, with local time and UTC, who,
// what, and links to the messages. It is quiet already (see github.Quiet).
func TimelineMarkdown(entries []Entry, location *time.Location, names Names) string {
	if len(entries) == 0 {
		return "_Nothing is on the timeline._"
	}
	var w strings.Builder
	day := ""
	for _, e := range entries {
		local := e.At.In(location)
		if today := local.Format("Monday, 2 January 2006"); today != day {
			if day != "" {
				w.WriteString("\n")
			}
			day = today
			w.WriteString("**" + day + "**\n\n")
		}
		w.WriteString("- **" + times(local) + "** · " + entryMarkdown(e, names) + "\n")
	}
	return strings.TrimRight(w.String(), "\n")
}

// times are the local time and UTC.
func times(local time.Time) string {
	utc := local.UTC()
	if _, offset := local.Zone(); offset == 0 {
		return utc.Format("15:04 UTC")
	}
	format := "15:04 UTC"
	if utc.Day() != local.Day() {
		format = "2 Jan 15:04 UTC"
	}
	return local.Format("15:04 MST") + " (" + utc.Format(format) + ")"
}

func entryMarkdown(e Entry, names Names) string {
	text := Markdown(Cut(e.Text, mostInDocument), names)
	if text == "" && len(e.Shown()) == 0 {
		text = "_a message without words_"
	}
	who := ""
	if e.Source == FromMessage || e.Source == FromNote {
		who = "**" + literally(known(names.Person, e.By.ID, e.By.Name, "somebody")) + "**: "
	}
	behind := ""
	if e.Edited {
		behind = " _(edited)_"
	}
	if e.Link != "" {
		behind += " " + link(e.Link, "message")
	}
	lines := strings.Split(text, "\n")
	if len(lines) > 1 || strings.HasPrefix(text, "> ") || strings.HasPrefix(text, "- ") { // a block of its own within the item
		for n := range lines {
			if lines[n] != "" {
				lines[n] = "  " + lines[n]
			}
		}
		text = strings.TrimSpace(who+behind) + "\n\n" + strings.Join(lines, "\n")
		who, behind = "", ""
	}
	out := who + text + behind
	for _, k := range e.Shown() {
		out += "\n  - file " + codeSpan(oneLine(k.From.Name)) + ": " + keptWords(k)
	}
	return out
}

// keptWords say what has become of a file.
func keptWords(k Kept) string {
	switch {
	case k.Fault != "":
		return "not kept: " + k.Fault
	case k.Object == "":
		return "being copied"
	}
	return fmt.Sprintf("%s, kept as %s", chat.Bytes(k.From.Size), codeSpan(k.Object))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Names finds out what people, channels and groups are called, each once. Private channels have no name for others.
func (d *Desk) Names(ctx context.Context) Names {
	if d.o.Slack == nil {
		return Names{}
	}
	once := func(ask func(id string) (string, error)) func(string) string {
		found := map[string]string{}
		return func(id string) string {
			name, asked := found[id]
			if asked {
				return name
			}
			name, err := ask(id)
			if err != nil {
				d.o.Log.Info("a name could not be found out", "id", id, "error", err)
			}
			found[id] = name
			return name
		}
	}
	return Names{
		Person: once(func(id string) (string, error) {
			person, err := d.o.Slack.User(ctx, id)
			return person.Name, err
		}),
		Channel: once(func(id string) (string, error) {
			channel, err := d.o.Slack.ChannelInfo(ctx, id)
			if channel.Private {
				return "private channel", err
			}
			return channel.Name, err
		}),
		Group: once(func(id string) (string, error) {
			groups, err := d.o.Slack.Groups(ctx)
			return groups[id].Handle, err
		}),
	}
}
