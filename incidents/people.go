package incidents

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kampyn/opsbot/converge"

	"github.com/kampyn/opsbot/bot"
)

// people invites who declared it, who is on call, whom the severity calls and who holds a role. Nobody is invited
// twice, so whoever has left is left alone.
func (d *Desk) people() effect {
	return inChannel(effect{
		name: "people",
		want: func(i Incident) string { return strings.Join(d.o.Rules.called(i), " ") },
		do: func(ctx context.Context, w *work) error {
			people, noGroups := d.resolve(ctx, d.o.Rules.called(w.Record))
			people = slices.DeleteFunc(people, func(id string) bool { return slices.Contains(w.Record.Invited, id) })
			var missing []string
			for _, group := range noGroups {
				if !slices.Contains(w.Record.Invited, group) {
					missing = append(missing, "<!subteam^"+group+"> (its members cannot be read)")
				}
			}
			var refused error
			if len(people) > 0 {
				var left []bot.NotInvited
				if left, refused = d.o.Slack.Invite(ctx, w.Record.Place.Channel, people); ctx.Err() != nil || bot.Code(refused) == "is_archived" {
					return refused
				}
				for _, one := range left {
					missing = append(missing, one.String())
				}
			}
			if refused != nil {
				missing = append(missing, everybody(people)...)
			}
			if err := d.nameMissing(ctx, w, missing, refused); err != nil {
				return err
			}
			if err := w.Note(ctx, func(i *Incident) { i.Invited = append(i.Invited, append(people, noGroups...)...) }); err != nil {
				return err
			}
			return refused
		},
		optional: "invite people into an incident's channel",
	})
}

// called lists the users and groups who are to be in the channel, sorted.
func (r Rules) called(i Incident) []string {
	all := slices.Concat(r.OnCall, r.severityOf(i).Invite)
	if inSlack(i.By) {
		all = append(all, i.By.ID)
	}
	for _, who := range i.Roles {
		if inSlack(who) {
			all = append(all, who.ID)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// resolve answers the people who are meant, each once, and the groups whose members could not be read.
func (d *Desk) resolve(ctx context.Context, called []string) (people, noGroups []string) {
	for _, id := range called {
		if !strings.HasPrefix(id, "S") {
			people = append(people, id)
			continue
		}
		members, err := d.o.Slack.UserGroupMembers(ctx, id)
		if err != nil {
			what := "read who is in the user group <!subteam^" + id + ">"
			if bot.Unavailable(err) { // all of them are unreadable then, which is said once
				what = "read who is in user groups"
			}
			d.o.Slack.Try(ctx, what, err)
			noGroups = append(noGroups, id)
		}
		people = append(people, members...)
	}
	slices.Sort(people)
	return slices.Compact(people), noGroups
}

func everybody(ids []string) []string {
	var all []string
	for _, id := range ids {
		all = append(all, "<@"+id+">")
	}
	return all
}

// nameMissing says once in the channel who is not there, so that a person can see to it.
func (d *Desk) nameMissing(ctx context.Context, w *work, missing []string, refused error) error {
	if len(missing) == 0 {
		return ctx.Err()
	}
	const most = 30
	if more := len(missing) - most; more > 0 {
		missing = append(missing[:most:most], fmt.Sprintf("and %d more", more))
	}
	text := "I could not invite " + strings.Join(missing, ", ")
	if refused != nil {
		text += ": " + bot.Reason(refused) + " Please invite them."
	} else {
		text += ". Please call them if they are needed."
	}
	_, err := d.o.Slack.Post(ctx, w.Record.Place.Channel, paragraph(text, w.Record.Key("missing/"+converge.Digest(missing))))
	return err
}
