// Package commands is what people can ask for: one slash command in one file, listed in All. A command turns a
// request into a run, or into an answer; it never does the work itself.
package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/objects"
)

// Parts are what the commands work with.
type Parts struct {
	Runner    *jobs.Runner
	Scheduler *jobs.Scheduler
	Catalogue *backups.Catalogue
	Databases []*databases.Database
	Store     objects.Store
	Events    *events.Log
	// SendFile sends a text file to one person.
	SendFile func(ctx context.Context, userID, name, content string) error
	// ShowPicture shows a picture in a channel, in a thread unless that is "".
	ShowPicture func(ctx context.Context, channel, thread string, p bot.Picture) error
	// AuditWords is how filters of Events are read, but for who asks and when.
	AuditWords AuditWords
	Backup     *jobs.Backup
	Verify     *jobs.Verify
	Restore    *jobs.Restore
	Drop       *jobs.Drop
	InPlace    *jobs.InPlace
	Prune      *jobs.Prune
	Check      *jobs.Check
	// Desk looks after incidents; Incidents says that they are switched on, which the manifest needs to know without one.
	Desk      *incidents.Desk
	Incidents bool
	// Health looks at the checks; Checks says that there are some, as with incidents.
	Health *health.Monitor
	Checks bool
	// Lists looks after checklists; Checklists says that they are switched on, as with incidents.
	Lists      *checklists.Desk
	Checklists bool
	Version    string
	Now        func() time.Time
}

// All lists the commands in the order of the help.
func All(p Parts) []bot.Command {
	all := []bot.Command{p.backup(), p.restore()}
	if p.Incidents {
		all = append(all, p.incident())
	}
	if p.Checks {
		all = append(all, p.health())
	}
	if p.Checklists {
		all = append(all, p.checklist())
	}
	return append(all, p.jobs(), p.audit(), p.ops())
}

// submit stores the run for the person who asked and answers with nothing: the run's card says the rest.
func (p Parts) submit(ctx context.Context, r bot.Request, run jobs.Run) (bot.Reply, error) {
	run.Request = r.ID
	run.By = r.User
	run.Source = jobs.FromSlack
	run.Channel, run.Thread = r.Channel, r.Thread
	stored, err := p.Runner.Submit(ctx, run)
	if err != nil {
		return bot.Reply{}, err
	}
	if r.Channel == "" { // App Home and forms opened there have no channel: the card stands in the ops channel
		return private(fmt.Sprintf("%s: noted as %s. Its card is in the ops channel.", stored.Title, chat.Literal(stored.ID))), nil
	}
	return bot.Reply{}, nil
}

// private answers the person alone with one paragraph.
func private(text string) bot.Reply {
	return bot.Reply{Message: &chat.Message{Summary: text, Parts: []chat.Part{chat.Text(text)}, Private: true}}
}

// sendFile sends a file to the person who asks. If that is not possible it says which command of the command line shows the
// same.
func (p Parts) sendFile(ctx context.Context, r bot.Request, name, content, uncut string) error {
	err := p.SendFile(ctx, r.User.ID, name, content)
	var problem *chat.Problem
	if errors.As(err, &problem) {
		told := *problem
		told.Try = strings.TrimSpace(told.Try + " Until then, on the command line: " + chat.Literal(uncut))
		return &told
	}
	return err
}
