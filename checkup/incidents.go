package checkup

import (
	"context"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

const incidentsTitle = "Incidents"

// Call is what people are called for by themselves, in the words of its rows.
type Call struct{ section, row, are, key, to string }

// ToIncidents is the call of those who are invited to incidents.
func ToIncidents() Call {
	return Call{incidentsTitle, "on call", "invited", "incidents.on_call", "an incident"}
}

// ToChecklists is the call of those who are asked for checklists.
func ToChecklists() Call {
	return Call{"Checklists", "asked", "asked", "checklists.asks", "a checklist"}
}

// Called tries whether everybody who is called is there and can act. Each place is the ID of a user or a user group and the
// key that names it; one that several keys name is tried once.
func (s *Slack) Called(to Call, places []Place) Probe {
	return Probe{Section: to.section, Run: func(ctx context.Context, found *Rows) {
		if len(places) == 0 {
			found.Remark(to.row, "nobody is "+to.are+" by itself", "Name people or a user group as `"+to.key+"`.")
			return
		}
		grant, ok := s.signedIn(ctx, found, to.row)
		if !ok {
			return
		}
		var ids []string
		keys := map[string]string{}
		for _, p := range places {
			if keys[p.Channel] == "" {
				ids, keys[p.Channel] = append(ids, p.Channel), p.Key
			}
		}
		c := newCensus(s.Client, grant.Identity)
		c.take(ctx, ids)
		for _, id := range ids {
			if id[0] == 'S' {
				c.calledGroup(found, to, id, keys[id])
			} else {
				c.called(found, to, id, keys[id])
			}
		}
	}}
}

func (c *census) called(found *Rows, to Call, id, key string) {
	if err := c.faults[id]; err != nil && bot.Code(err) != bot.UnknownUser {
		silent(found, id, err)
		return
	}
	name := chat.Escape(c.people[id].Name)
	if name == "" {
		name = "this id"
	}
	if why := c.unfit(id); why != "" {
		found.Fail(id, name+" "+why+", and can do nothing about "+to.to, "Take the id out of "+chat.Literal(key)+", or put in that of a full member.")
		return
	}
	found.OK(id, "%s is %s", name, to.are)
}

func (c *census) calledGroup(found *Rows, to Call, id, key string) {
	if c.groupE != nil {
		silent(found, id, c.groupE)
		return
	}
	g, ok := c.groups[id]
	handle := chat.Literal("@" + g.Handle)
	unfit := c.unfitMembers(g)
	switch {
	case !ok:
		found.Fail(id, "there is no user group with this id", "Take it out of "+chat.Literal(key)+", or put in another (the group's menu, Copy group ID).")
	case g.Disabled:
		found.Fail(id, handle+" is disabled", "Enable the group, or take it out of "+chat.Literal(key)+".")
	case len(g.Members) == 0:
		found.Fail(id, handle+" has no members, so nobody is "+to.are+" by it", "Put people into the group.")
	case len(unfit) == len(g.Members):
		found.Fail(id, handle+" has no member who can do anything about "+to.to+": "+some(unfit), "Put full members into the group.")
	case len(unfit) > 0:
		found.Remark(id, fmt.Sprintf("%s, %s; of no use: %s", handle, chat.Plural(int64(len(g.Members)), "member"), some(unfit)), "")
	default:
		found.OK(id, "%s is %s, %s", handle, to.are, chat.Plural(int64(len(g.Members)), "member"))
	}
}

// PostMortems says where post-mortems go: into the repository, or nowhere but here if that is "". Severities are those
// that cannot be closed without one.
func PostMortems(repo string, severities []string) Probe {
	return Probe{Section: incidentsTitle, Run: func(_ context.Context, found *Rows) {
		needed := "no severity needs one"
		if len(severities) > 0 {
			needed = "needed for " + strings.Join(severities, ", ")
		}
		if repo == "" {
			found.Remark("post-mortems", needed+"; they stay Markdown files, because there is no `github` in the configuration", "Name a repository as `github.repo`, if they shall be issues.")
			return
		}
		found.OK("post-mortems", "%s; filed in %s", needed, chat.Literal(repo))
	}}
}
