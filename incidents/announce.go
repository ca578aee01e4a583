package incidents

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
)

// announcement is one message in the incidents channel for the incident's whole life. A private incident has none.
func (d *Desk) announcement() effect {
	return effect{
		name: "announcement",
		want: func(i Incident) string {
			if i.Private || d.o.Rules.Announce == "" {
				return ""
			}
			return converge.Digest(d.o.Rules.announce(i))
		},
		do: func(ctx context.Context, w *work) error {
			return w.Show(ctx, "announcement", d.o.Rules.Announce, w.Record.Place.Announcement, d.o.Rules.announce(w.Record),
				func(i *Incident, at chat.Ref) { i.Place.Announcement, i.Place.AnnouncementLink = at, "" })
		},
		optional: "announce incidents in their channel",
	}
}

// tell has those channels know that the severity is for. Once told, they are kept up to date, whatever it becomes.
func (d *Desk) tell(name, channel string, wanted func(Severity) bool) effect {
	told := func(i Incident) chat.Ref { return i.Place.Told[name] }
	return effect{
		name: name,
		want: func(i Incident) string {
			if i.Private || channel == "" || told(i).IsZero() && (i.Status.Over() || !wanted(d.o.Rules.severityOf(i))) {
				return ""
			}
			return converge.Digest(d.o.Rules.announce(i))
		},
		do: func(ctx context.Context, w *work) error {
			return w.Show(ctx, name, channel, told(w.Record), d.o.Rules.announce(w.Record), func(i *Incident, at chat.Ref) {
				all := maps.Clone(i.Place.Told)
				if all == nil {
					all = map[string]chat.Ref{}
				}
				all[name] = at
				i.Place.Told = all
			})
		},
		optional: "tell " + name + " of incidents",
	}
}

// announce draws the incident for those who only want to know.
func (r Rules) announce(i Incident) chat.Message {
	title := Icon(r, i) + " " + strings.ToUpper(i.Severity) + " · " + i.Name() + " " + unmarked(i.Title)
	if i.Drill {
		title = "🧪 DRILL · " + title
	}
	parts := []chat.Part{chat.Header(title), chat.Text(standing(i))}
	fields := slices.DeleteFunc(cardFields(i), func(f chat.Field) bool {
		return f.Label != "Services" && f.Label != "Commander" && f.Label != "Next update"
	})
	channel := "is being made"
	if i.Place.Channel != "" {
		channel = "<#" + i.Place.Channel + ">"
	}
	parts = append(parts, append(fields, chat.Field{Label: "Channel", Value: channel}))
	if i.Update.N > 0 {
		parts = append(parts, chat.Text("*Newest update*, "+chat.Time(i.Update.At)+"\n"+clip(i.Update.Text, mostSaid)))
	} else if i.Seen != "" {
		parts = append(parts, chat.Text("*What is seen*\n"+clip(i.Seen, mostSeen)))
	}
	if i.Status.Over() {
		parts = append(parts, findingParts(i)...)
	}
	if url, _ := i.filed(); url != "" {
		parts = append(parts, chat.Note("<"+url+"|Post-mortem>"))
	}
	return chat.Message{Summary: summary(i), Parts: parts}
}
