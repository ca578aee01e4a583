package incidents

import (
	"cmp"
	"context"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// namesWithin is how long Slack may take to say what people are called.
const namesWithin = 10 * time.Second

// paper gathers what the post-mortem is written from. If Slack does not say what somebody is called, an older name or the
// ID stands there until it does.
func (d *Desk) paper(ctx context.Context, i Incident) (paper, error) {
	entries, err := d.Timeline(ctx, i.Number, 0)
	if err != nil {
		return paper{}, err
	}
	within, stop := context.WithTimeout(ctx, namesWithin)
	defer stop()
	return d.write(within, i, entries), ctx.Err()
}

// PostMortem is the post-mortem of an incident as a Markdown document, as it would be written now.
func (d *Desk) PostMortem(ctx context.Context, i Incident) (string, error) {
	p, err := d.paper(ctx, i)
	if err != nil {
		return "", err
	}
	return p.file(), nil
}

// write makes a paper of these entries.
func (d *Desk) write(ctx context.Context, i Incident, entries []Entry) paper {
	name, names := func(u chat.User) string { return d.called(ctx, u) }, d.names(ctx)
	return paper{incident: i, timeline: entries, zone: d.o.Rules.zone(), name: name,
		markdown: func(mrkdwn string) string { return Markdown(mrkdwn, names) }}
}

// called is what a person is called: by Slack, else as when it was noted.
func (d *Desk) called(ctx context.Context, u chat.User) string {
	name := cmp.Or(u.Name, u.ID)
	if inSlack(u) && d.o.Slack != nil {
		if p, err := d.o.Slack.User(ctx, u.ID); err == nil {
			name = cmp.Or(p.Name, name)
		}
	}
	return literally(name)
}

// names resolves the mentions in a text. The names of private channels are not for the readers of a repository.
func (d *Desk) names(ctx context.Context) Names {
	if d.o.Slack == nil {
		return Names{}
	}
	channels := map[string]string{}
	return Names{
		Person: func(id string) string {
			p, err := d.o.Slack.User(ctx, id)
			if err != nil {
				return ""
			}
			return p.Name
		},
		Channel: func(id string) string {
			if _, known := channels[id]; known {
				return channels[id]
			}
			c, err := d.o.Slack.ChannelInfo(ctx, id)
			switch {
			case err != nil:
				return ""
			case c.Private:
				c.Name = "private channel"
			}
			channels[id] = c.Name
			return c.Name
		},
	}
}
