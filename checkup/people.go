package checkup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// People are the configured people.
type People struct {
	// Roles are user IDs (U…, W…) and user group IDs (S…) by role.
	Roles map[bot.Role][]string
	// Needs is how many others must approve a restore.
	Needs int
	// Keys are the user IDs that have an approval key for the command line.
	Keys []string
}

// mostPeople bounds how many members of user groups are looked at, one call each.
const mostPeople = 150

// census is what Slack says of the configured people.
type census struct {
	self   bot.Identity
	client *bot.Slack

	mu     sync.Mutex
	people map[string]bot.Person
	faults map[string]error
	groups map[string]bot.Group
	groupE error
}

// People tries whether everybody who was given a role exists and may use it, and whether there are two persons for what
// needs two.
func (s *Slack) People(p People) Probe {
	return Probe{Section: "People", Run: func(ctx context.Context, found *Rows) {
		grant, ok := s.signedIn(ctx, found, "people")
		if !ok {
			return
		}
		c := newCensus(s.Client, grant.Identity)
		c.take(ctx, slices.Concat(p.everybody(), p.Keys))
		for _, id := range p.everybody() {
			if id[0] == 'S' {
				c.group(found, id, p.rolesOf(id))
			} else {
				c.person(found, id, p.rolesOf(id))
			}
		}
		c.keys(found, p)
		c.twoPersons(found, p)
	}}
}

// everybody are the IDs that were given a role, in the order of the roles.
func (p People) everybody() []string {
	var all []string
	for _, role := range []bot.Role{bot.Operator, bot.Approver, bot.Admin} {
		for _, id := range p.Roles[role] {
			if id != "" && !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all
}

func (p People) rolesOf(id string) string {
	var roles []string
	for _, role := range []bot.Role{bot.Operator, bot.Approver, bot.Admin} {
		if slices.Contains(p.Roles[role], id) {
			roles = append(roles, string(role))
		}
	}
	return strings.Join(roles, ", ")
}

func newCensus(client *bot.Slack, self bot.Identity) *census {
	return &census{self: self, client: client, people: map[string]bot.Person{}, faults: map[string]error{}}
}

// take asks Slack for the groups and for all people among these IDs.
func (c *census) take(ctx context.Context, called []string) {
	ids := map[string]bool{}
	for _, id := range called {
		if id[0] != 'S' {
			ids[id] = true
			continue
		}
		if c.groups == nil && c.groupE == nil {
			c.groups, c.groupE = c.client.Groups(ctx)
		}
		for _, member := range c.groups[id].Members {
			ids[member] = true
		}
	}
	var work errgroup.Group
	work.SetLimit(6)
	for _, id := range slices.Sorted(maps.Keys(ids))[:min(len(ids), mostPeople)] {
		work.Go(func() error {
			person, err := c.client.User(ctx, id)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.people[id], c.faults[id] = person, err
			return nil
		})
	}
	_ = work.Wait() // faults are kept by person
}

// unfit says why somebody may not use a role; "" when they may, as far as is known.
func (c *census) unfit(id string) string {
	person, asked := c.people[id]
	switch err := c.faults[id]; {
	case !asked:
		return ""
	case bot.Code(err) == bot.UnknownUser:
		return "is nobody in this workspace"
	case err != nil:
		return "could not be looked up"
	}
	return person.Unfit(c.self)
}

func (c *census) person(found *Rows, id, roles string) {
	if err := c.faults[id]; err != nil && bot.Code(err) != bot.UnknownUser {
		silent(found, id, err)
		return
	}
	name := chat.Escape(c.people[id].Name)
	if name == "" {
		name = "this id"
	}
	if why := c.unfit(id); why != "" {
		found.Fail(id, fmt.Sprintf("%s %s, so the role %s is of no use", name, why, roles),
			"Take the id out of `roles`, or put in that of a full member (profile, Copy member ID).")
		return
	}
	found.OK(id, "%s: %s", name, roles)
}

func (c *census) group(found *Rows, id, roles string) {
	if c.groupE != nil {
		silent(found, id, c.groupE)
		return
	}
	g, ok := c.groups[id]
	handle := chat.Literal("@" + g.Handle)
	unfit := c.unfitMembers(g)
	switch {
	case !ok:
		found.Fail(id, "there is no user group with this id", "Take it out of `roles`, or put in another (the group's menu, Copy group ID).")
	case g.Disabled:
		found.Fail(id, handle+" is disabled", "Enable the group, or take it out of `roles`.")
	case len(g.Members) == 0:
		found.Fail(id, handle+" has no members, so the role "+roles+" goes to nobody", "Put people into the group.")
	case len(unfit) == len(g.Members):
		found.Fail(id, handle+" has no member who may use the role "+roles+": "+some(unfit), "Put full members into the group.")
	case len(unfit) > 0:
		found.Remark(id, fmt.Sprintf("%s: %s, %s; not for all: %s", handle, roles, chat.Plural(int64(len(g.Members)), "member"), some(unfit)), "")
	default:
		found.OK(id, "%s: %s, %s", handle, roles, chat.Plural(int64(len(g.Members)), "member"))
	}
}

// unfitMembers are the members of a group who can do nothing, each with why.
func (c *census) unfitMembers(g bot.Group) []string {
	var unfit []string
	for _, member := range g.Members {
		if why := c.unfit(member); why != "" {
			unfit = append(unfit, chat.Escape(c.people[member].Name)+" "+why)
		}
	}
	return unfit
}

// some lists a few of many.
func some(words []string) string {
	if more := len(words) - 4; more > 0 {
		return strings.Join(words[:4], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(words, ", ")
}

// holders are the people who may use one of the roles.
func (c *census) holders(p People, roles ...bot.Role) map[string]bool {
	all := map[string]bool{}
	for _, role := range roles {
		for _, id := range p.Roles[role] {
			members := []string{id}
			if id != "" && id[0] == 'S' {
				members = nil
				if g := c.groups[id]; !g.Disabled {
					members = g.Members
				}
			}
			for _, member := range members {
				if c.unfit(member) == "" {
					all[member] = true
				}
			}
		}
	}
	return all
}

func (c *census) keys(found *Rows, p People) {
	approvers := c.holders(p, bot.Approver, bot.Admin)
	operators := c.holders(p, bot.Operator, bot.Admin)
	for _, id := range p.Keys {
		name := "key " + id
		switch why := c.unfit(id); {
		case why != "":
			found.Fail(name, "the holder "+why, "Take the key out of `approvals.keys`.")
		case !approvers[id] && !operators[id]:
			found.Remark(name, chat.Escape(c.people[id].Name)+" has no role, so the key opens nothing", "Give the person a role, or take the key out of `approvals.keys`.")
		default:
			found.OK(name, "%s can sign on the command line", chat.Escape(c.people[id].Name))
		}
	}
}

// twoPersons holds that whoever may ask for a restore finds enough others to approve it.
func (c *census) twoPersons(found *Rows, p People) {
	operators, approvers := c.holders(p, bot.Operator, bot.Admin), c.holders(p, bot.Approver, bot.Admin)
	var stuck []string
	for _, id := range slices.Sorted(maps.Keys(operators)) {
		others := len(approvers)
		if approvers[id] {
			others--
		}
		if others < p.Needs {
			stuck = append(stuck, "<@"+id+">")
			if name := c.people[id].Name; name != "" {
				stuck[len(stuck)-1] = chat.Escape(name)
			}
		}
	}
	counts := fmt.Sprintf("%s, %s, %s", chat.Plural(int64(len(operators)), "operator"), chat.Plural(int64(len(approvers)), "approver"),
		chat.Plural(int64(len(c.holders(p, bot.Admin))), "admin"))
	switch {
	case c.groupE != nil:
		found.Skip("two persons", "because the user groups could not be read")
	case len(operators) == 0:
		found.Fail("two persons", "nobody can use the bot", "Give the role operator or admin to a full member.")
	case len(stuck) > 0:
		finds := "no other approver"
		if p.Needs > 1 {
			finds = fmt.Sprintf("fewer than %d other approvers", p.Needs)
		}
		found.Fail("two persons", fmt.Sprintf("a restore that %s asks for finds %s: the requester never counts", some(stuck), finds),
			"Add approvers, or lower `approvals.restore`.")
	case p.Needs == 0:
		found.Remark("two persons", counts+"; restores need no second person", "Set `approvals.restore: 1` once there are two of you.")
	default:
		found.OK("two persons", "%s: whoever asks for a restore finds %s", counts, chat.Plural(int64(p.Needs), "other approver"))
	}
}
