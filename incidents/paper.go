package incidents

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/github"
)

// namesWithin is how long Slack may take to say what people are called.
const namesWithin = 10 * time.Second

// compose writes the post-mortem as it is now. If Slack does not say in time what somebody is called, an older name stands
// there until it does.
func (d *Desk) compose(ctx context.Context, i Incident) (title string, body github.Body, err error) {
	entries, err := d.Timeline(ctx, i.Number, 0)
	if err != nil {
		return "", nil, err
	}
	within, stop := context.WithTimeout(ctx, namesWithin)
	defer stop()
	p := d.write(within, i, entries)
	return p.title(), p.body(), context.Cause(ctx)
}

// PostMortem is the post-mortem of an incident as a Markdown document, as it would be written now.
func (d *Desk) PostMortem(ctx context.Context, i Incident) (string, error) {
	title, body, err := d.compose(ctx, i)
	return document(title, body), err
}

// document is a body where it is no issue.
func document(title string, body github.Body) string {
	text := "# " + title + "\n"
	for _, s := range body {
		text += "\n" + s.Text + "\n"
	}
	return text
}

// write makes a paper of these entries. It asks Slack for names as it is written.
func (d *Desk) write(ctx context.Context, i Incident, entries []Entry) paper {
	return paper{incident: i, timeline: entries, zone: d.o.Rules.zone(), names: d.Names(ctx)}
}
