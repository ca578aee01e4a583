package incidents

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// snoozes are by how many minutes a reminder offers to put an update off.
var snoozes = []int{15, 30, 60}

// reminder has one message in the channel name those who are to write the update that is due. Once that is settled, the
// same message says what became of it.
func (d *Desk) reminder() effect {
	return effect{
		name: "reminder",
		want: func(i Incident) string {
			due, fate := i.Update.Reminded, i.Update.Fate
			if d.mustRemind(i) {
				due, fate = i.Update.Due, ""
			}
			if due.IsZero() || !i.inUse() {
				return ""
			}
			return state.SortableTime(due) + " " + fate
		},
		do: func(ctx context.Context, w *work) error {
			if d.mustRemind(w.Record) {
				if err := d.claimReminder(ctx, w); err != nil {
					return err
				}
			}
			d.o.Slack.Try(ctx, "remind of an incident's update", d.showReminder(ctx, w.Record))
			return ctx.Err()
		},
	}
}

func (d *Desk) mustRemind(i Incident) bool {
	at := d.o.Rules.remindAt(i)
	return !at.IsZero() && !at.After(d.o.Now())
}

// claimReminder notes for when somebody is reminded before that is posted, so that what is decided meanwhile is known to
// settle it. The reminder before is settled first.
func (d *Desk) claimReminder(ctx context.Context, w *work) error {
	if u := w.Record.Update; u.Fate != "" && w.Record.Effects["reminder"] != state.SortableTime(u.Reminded)+" "+u.Fate {
		d.o.Slack.Try(ctx, "remind of an incident's update", d.showReminder(ctx, w.Record))
	}
	return w.Note(ctx, func(i *Incident) {
		if d.mustRemind(*i) {
			i.Update.Reminded, i.Update.Fate = i.Update.Due, ""
		}
	})
}

// showReminder posts the newest reminder once, or edits it when it is settled.
func (d *Desk) showReminder(ctx context.Context, i Incident) error {
	m := chat.Message{Key: i.Key("reminder/" + strconv.FormatInt(i.Update.Reminded.Unix(), 10))}
	if i.Update.Fate != "" {
		m.Summary = fmt.Sprintf("The update of %s that was due is settled.", i.Name())
		m.Parts = []chat.Part{chat.Note(fmt.Sprintf("⏰ An update was due %s. %s", chat.Time(i.Update.Reminded), i.Update.Fate))}
	} else {
		m.Summary = fmt.Sprintf("An update of %s is due.", i.Name())
		m.Parts = []chat.Part{chat.Text("⏰ *An update is due.* " + d.askedFor(ctx, i, Commander, Communications) + ": what is new?"),
			chat.Note(lastUpdate(i)), reminderButtons(i)}
	}
	at, err := d.o.Slack.Post(ctx, i.Place.Channel, m)
	if err != nil || i.Update.Fate == "" {
		return err
	}
	return d.o.Slack.Edit(ctx, at, m)
}

func lastUpdate(i Incident) string {
	if i.Update.N == 0 {
		return fmt.Sprintf("There has been none since the %s was declared, %s.", i.Kind(), chat.Time(i.At))
	}
	return fmt.Sprintf("The last one was by %s, %s.", i.Update.By.Mention(), chat.Time(i.Update.At))
}

func reminderButtons(i Incident) chat.Actions {
	value := fmt.Sprintf("%d %d ", i.Number, i.Update.Reminded.Unix())
	buttons := chat.Actions{{Action: "incident.update", Value: strconv.Itoa(i.Number), Label: "Write the update…", Style: chat.Primary}}
	for _, minutes := range snoozes {
		buttons = append(buttons, chat.Button{Action: "incident.snooze", Value: value + strconv.Itoa(minutes), Label: fmt.Sprintf("In %d min", minutes)})
	}
	return append(buttons, chat.Button{Action: "incident.snooze", Value: value + "0", Label: "Stop reminding"})
}

// askedFor mentions those who have the roles, or those on call if nobody has one or who has it is not in Slack any more.
func (d *Desk) askedFor(ctx context.Context, i Incident, roles ...Role) string {
	var names []string
	seen := map[string]bool{}
	for _, role := range roles {
		who, taken := i.Roles[role]
		if !taken || seen[who.ID] {
			continue
		}
		seen[who.ID] = true
		if person, err := d.o.Slack.User(ctx, who.ID); err == nil && person.Gone {
			continue
		}
		names = append(names, who.Mention())
	}
	if len(names) == 0 {
		names = d.onCall()
	}
	return strings.Join(names, " ")
}

// onCall mentions the people and groups on call.
func (d *Desk) onCall() []string {
	names := chat.Mentions(d.o.Rules.OnCall)
	if len(names) == 0 {
		names = append(names, "All")
	}
	return names
}

// nobodyAfter is how long an incident may have no commander before somebody is asked to take the role.
const nobodyAfter = 5 * time.Minute

// unled asks once for a commander if there has been none for a while; the message then says who it is.
func (d *Desk) unled() effect {
	return effect{
		name: "unled",
		want: func(i Incident) string {
			commander, led := i.Roles[Commander]
			asking := slices.Contains([]string{"meant", "asked"}, i.Effects["unled"])
			at := d.askLeaderAt(i)
			switch {
			case !i.inUse():
			case asking && led:
				return "led by " + commander.ID
			case asking && i.Status.Over():
				return "over"
			case asking || !at.IsZero() && !at.After(d.o.Now()):
				return "asked"
			}
			return ""
		},
		do: func(ctx context.Context, w *work) error {
			// What is meant is noted first, so that a question that was asked just before a crash is known to stand.
			if err := w.Note(ctx, func(i *Incident) {
				if i.Effects == nil {
					i.Effects = map[string]string{}
				}
				i.Effects["unled"] = "meant"
			}); err != nil {
				return err
			}
			d.o.Slack.Try(ctx, "ask for a commander", d.showUnled(ctx, w.Record))
			return ctx.Err()
		},
	}
}

// askLeaderAt is when a commander is asked for; zero is never, or that it has been done.
func (d *Desk) askLeaderAt(i Incident) time.Time {
	if _, led := i.Roles[Commander]; led || i.Status.Over() || i.Effects["unled"] != "" {
		return time.Time{}
	}
	at := i.At.Add(nobodyAfter)
	if d.o.Rules.severityOf(i).Nights {
		return at
	}
	return d.o.Rules.Quiet.After(at)
}

func (d *Desk) showUnled(ctx context.Context, i Incident) error {
	m := chat.Message{Key: i.Key("unled"), Summary: i.Called() + " has no commander."}
	commander, led := i.Roles[Commander]
	switch {
	case led:
		m.Parts = []chat.Part{chat.Note("👤 Nobody was commander; now " + commander.Mention() + " is.")}
	case i.Status.Over():
		m.Parts = []chat.Part{chat.Note(fmt.Sprintf("👤 Nobody was commander; the %s is %s.", i.Kind(), i.Status))}
	default:
		m.Parts = []chat.Part{chat.Text(fmt.Sprintf("👤 *Nobody is commander* of this %s. %s: who takes it?", i.Kind(), d.askedFor(ctx, i, Communications, Scribe))),
			chat.Actions{i.TakeButton(Commander), i.TakeButton(Communications), i.TakeButton(Scribe)}}
	}
	at, err := d.o.Slack.Post(ctx, i.Place.Channel, m)
	if _, asking := m.Parts[0].(chat.Text); err != nil || asking {
		return err
	}
	return d.o.Slack.Edit(ctx, at, m)
}

// remindNext is when time alone gives the reminders something to do.
func (d *Desk) remindNext(i Incident) time.Time {
	if !i.inUse() {
		return time.Time{}
	}
	return earliest(d.o.Rules.remindAt(i), d.askLeaderAt(i))
}
