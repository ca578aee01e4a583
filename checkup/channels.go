package checkup

import (
	"context"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// Place is a configured channel: a name or an ID, and the key that names it.
type Place struct{ Channel, Key string }

// Channels tries whether the bot is in each of the configured channels. One that several keys name is tried once.
func (s *Slack) Channels(places []Place) Probe {
	return Probe{Section: slackTitle, Run: func(ctx context.Context, found *Rows) {
		if _, ok := s.signedIn(ctx, found, "channels"); !ok {
			return
		}
		var wanted []string
		keys := map[string]string{}
		for _, p := range places {
			if keys[p.Channel] == "" {
				wanted, keys[p.Channel] = append(wanted, p.Channel), p.Key
			}
		}
		seen, names, err := s.Client.Channels(ctx, wanted)
		if err != nil {
			silent(found, "channels", err)
			return
		}
		for _, want := range wanted {
			channel, ok := seen[want]
			if !ok {
				found.Fail(shownChannel(want), "there is no channel of that name that I can see", unseen(want, keys[want], names))
				continue
			}
			standing(found, channel)
		}
	}}
}

func shownChannel(name string) string {
	if name != "" && (name[0] == 'C' || name[0] == 'G') {
		return name
	}
	return "#" + name
}

func unseen(want, key string, names []string) string {
	if near := chat.Nearest(want, names); near != "" {
		return "Did you mean " + chat.Literal("#"+near) + "? It is " + chat.Literal(key) + "."
	}
	return "If it is private, type `/invite @opsbot` there; otherwise make it, or mend " + chat.Literal(key) + "."
}

// standing says how the bot stands in a channel that it can see.
func standing(found *Rows, c bot.Channel) {
	name, kind := "#"+c.Name, "public"
	if c.Private {
		kind = "private"
	}
	switch {
	case c.Archived:
		found.Fail(name, "is archived", "Unarchive it, or name another channel.")
	case !c.Member:
		found.Fail(name, "I am not in it", "Type `/invite @opsbot` there.")
	case c.Shared:
		found.Remark(name, "is shared: people of other workspaces read what I say there", "Name a channel of your own, if they shall not.")
	default:
		found.OK(name, "%s, and I am in it", kind)
	}
}
