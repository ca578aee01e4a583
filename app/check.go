package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checkup"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/github"
	"github.com/kampyn/opsbot/objects"
)

// Checkup tries everything that a configuration names, with connections of its own. Run it, then Close it.
type Checkup struct {
	Probes []checkup.Probe

	c        *config.Config
	problems config.Problems
	now      func() time.Time
	stops    []func() error
	// client speaks to Slack, opened are the databases that can be reached for; nil when the configuration is faulty.
	client *checkup.Slack
	opened []*databases.Database
}

// checkTimeout bounds each search for a database server; the bot itself waits longer.
const checkTimeout = 8 * time.Second

// NewCheckup makes the probes for a configuration that may have problems: what depends on a faulty part is skipped with
// a word about it.
func NewCheckup(ctx context.Context, c *config.Config, problems config.Problems) *Checkup {
	u := &Checkup{c: c, problems: problems, now: time.Now}
	u.configuration()
	u.slack()
	u.databases(ctx)
	store := u.storage(ctx)
	u.state()
	u.github()
	u.backups(store)
	u.health(ctx, store)
	return u
}

// Close ends the connections.
func (u *Checkup) Close() error {
	var err error
	for _, stop := range u.stops {
		err = errors.Join(err, stop())
	}
	return err
}

func (u *Checkup) add(probes ...checkup.Probe) { u.Probes = append(u.Probes, probes...) }

// faulty answers why what depends on these paths cannot be tried; "" when it can.
func (u *Checkup) faulty(paths ...string) string {
	for _, path := range paths {
		if problem := u.problems.About(path); problem != nil {
			if problem.Path == "" {
				return "because the configuration could not be read"
			}
			return fmt.Sprintf("because of %s in line %d", chat.Literal(problem.Path), problem.Line)
		}
	}
	return ""
}

// configuration has a row for each fault.
func (u *Checkup) configuration() {
	u.add(checkup.Probe{Section: "Configuration", Run: func(_ context.Context, found *checkup.Rows) {
		for _, p := range u.problems {
			say := asWritten(p.Say)
			if p.Path != "" {
				say = chat.Literal(p.Path) + ": " + say
			}
			found.Fail(fmt.Sprintf("line %d", p.Line), say, asWritten(upper(p.Try)))
		}
		if len(u.problems) > 0 {
			return
		}
		name := "file"
		if u.changed(found) {
			name = "in use"
		}
		into := "a folder"
		if u.c.Storage.S3 != nil {
			into = "a bucket"
		}
		found.OK(name, "in order: %s, backups into %s", chat.Plural(int64(len(u.c.Databases)), "database"), into)
	}})
}

// changed finds when the file is not any more what opsbot was started with, and answers that it is not.
func (u *Checkup) changed(found *checkup.Rows) bool {
	changed, problems, err := u.c.Changed()
	const try = "Look at it with `opsbot check` on its machine, then start opsbot anew."
	switch {
	case err != nil:
		found.Remark("file", "it cannot be read any more; what I was started with is checked here", "Put it back before the next start.")
	case changed && len(problems) > 0:
		found.Remark("file", fmt.Sprintf("it has changed since I was started, and has %s now; what I was started with is checked here",
			chat.Plural(int64(len(problems)), "fault")), try)
	case changed:
		found.Remark("file", "it has changed since I was started; what I was started with is checked here", try)
	}
	return changed || err != nil
}

// asWritten shows plain words in mrkdwn; those with stars would lose them.
func asWritten(s string) string {
	if strings.Contains(s, "*") && !strings.Contains(s, "`") {
		return chat.Literal(s)
	}
	return chat.Escape(s)
}

// upper makes the hint of a problem the sentence of a row.
func upper(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	if r[0] >= 'a' && r[0] <= 'z' {
		r[0] -= 'a' - 'A'
	}
	if last := r[len(r)-1]; last != '?' && last != '.' && last != ')' {
		r = append(r, '.')
	}
	return string(r)
}

func (u *Checkup) slack() {
	c := u.c
	why := u.faulty("slack.bot_token", "slack.api_url")
	if why == "" {
		why = u.faulty("slack.app_token")
	}
	if why != "" {
		u.add(checkup.Skip("Slack", "everything", why), checkup.Skip("People", "everything", why))
		if c.Incidents != nil {
			u.add(checkup.Skip("Incidents", "everything", why))
		}
		if c.Checklists != nil {
			u.add(checkup.Skip("Checklists", "everything", why))
		}
		return
	}
	// The client retries by itself, so its failures are told by the rows alone.
	s := &checkup.Slack{Client: bot.NewSlack(bot.SlackOptions{
		BotToken: c.Slack.BotToken.Reveal(), AppToken: c.Slack.AppToken.Reveal(), APIURL: c.Slack.APIURL, Log: slog.New(slog.DiscardHandler),
	})}
	u.client = s
	u.add(s.Tokens(), s.Scopes(Scopes(c)))
	if why := u.faulty("slack.command_prefix"); why != "" {
		u.add(checkup.Skip("Slack", "commands", why))
	} else {
		names := []string{}
		for _, command := range commands.All(commands.Parts{}) {
			names = append(names, command.Name)
		}
		u.add(s.SlashCommands(c.Slack.CommandPrefix, names))
	}
	places := []checkup.Place{}
	for _, p := range []checkup.Place{
		{Channel: c.Slack.Channels.Ops, Key: "slack.channels.ops"}, {Channel: c.Slack.Channels.Incidents, Key: "slack.channels.incidents"},
		{Channel: c.Slack.Channels.Security, Key: "slack.channels.security"},
	} {
		if why := u.faulty(p.Key); why != "" {
			u.add(checkup.Skip("Slack", "channel", why))
		} else if p.Channel != "" {
			places = append(places, p)
		}
	}
	if i := c.Incidents; i != nil {
		if why := u.faulty("incidents.stakeholders"); why != "" {
			u.add(checkup.Skip("Slack", "channel", why))
		} else if i.Stakeholders != "" {
			places = append(places, checkup.Place{Channel: i.Stakeholders, Key: "incidents.stakeholders"})
		}
	}
	places = append(places, u.listPlaces()...)
	places = append(places, u.alertPlaces()...)
	u.add(s.Channels(places))
	u.incidents(s)
	u.checklists(s)
	if why := u.faulty("roles", "approvals"); why != "" {
		u.add(checkup.Skip("People", "everything", why))
		return
	}
	u.add(s.People(checkup.People{Roles: roles(c.Roles), Needs: c.Approvals.Restore, Keys: slices.Sorted(maps.Keys(c.Approvals.Keys))}))
}

// incidents has no rows for those who have switched them off.
func (u *Checkup) incidents(s *checkup.Slack) {
	i := u.c.Incidents
	if i == nil {
		return
	}
	if why := u.faulty("incidents.on_call", "incidents.severities"); why != "" {
		u.add(checkup.Skip("Incidents", "everything", why))
		return
	}
	var called []checkup.Place
	for _, id := range i.OnCall {
		called = append(called, checkup.Place{Channel: id, Key: "incidents.on_call"})
	}
	var needed []string
	for _, severity := range i.Severities {
		for _, id := range severity.Invite {
			called = append(called, checkup.Place{Channel: id, Key: "incidents.severities." + severity.Name + ".invite"})
		}
		if severity.PostMortem {
			needed = append(needed, severity.Name)
		}
	}
	u.add(s.Called(checkup.ToIncidents(), called))
	if why := u.faulty("github"); why != "" {
		u.add(checkup.Skip("Incidents", "post-mortems", why))
		return
	}
	repo := ""
	if u.c.GitHub != nil {
		repo = u.c.GitHub.Repo
	}
	u.add(checkup.PostMortems(repo, needed))
}

func (u *Checkup) databases(ctx context.Context) {
	all := &checkup.Databases{}
	for _, d := range u.c.Databases {
		path := "databases." + d.Name
		if u.faulty(path) != "" {
			continue
		}
		db, err := databases.Open(ctx, d.Name, d.URI.Reveal(), databases.Options{ReadPreference: d.ReadPreference, Timeout: checkTimeout})
		if err != nil {
			u.add(checkup.Probe{Section: "Database " + d.Name, Run: func(_ context.Context, found *checkup.Rows) { found.Error("uri", err) }})
			continue
		}
		u.stops = append(u.stops, func() error { return db.Close(context.WithoutCancel(ctx)) })
		all.All = append(all.All, db)
	}
	for _, d := range u.c.Databases {
		if why := u.faulty("databases." + d.Name); why != "" {
			u.add(checkup.Skip("Database "+d.Name, "everything", why))
		}
	}
	u.opened = all.All
	for _, db := range all.All {
		u.add(all.Database(db))
	}
	switch {
	case len(u.c.Databases) == 0 && len(u.problems) > 0:
		u.add(checkup.Skip("Databases", "everything", "because none could be read from the configuration"))
	case len(all.All) > 1:
		u.add(all.Twins())
	}
}

func (u *Checkup) storage(ctx context.Context) objects.Store {
	if why := u.faulty("storage"); why != "" {
		u.add(checkup.Skip("Storage", "everything", why))
		return nil
	}
	c := u.c
	store, err := openObjects(ctx, c.Storage)
	if err != nil {
		u.add(checkup.Probe{Section: "Storage", Run: func(_ context.Context, found *checkup.Rows) { found.Error("open", err) }})
		return nil
	}
	u.add(checkup.Store(store, c.State.SQLite))
	return store
}

func (u *Checkup) state() {
	if why := u.faulty("state"); why != "" {
		u.add(checkup.Skip("State", "everything", why))
		return
	}
	u.add(checkup.State(u.c.State.SQLite))
}

func (u *Checkup) github() {
	g := u.c.GitHub
	if why := u.faulty("github"); why != "" {
		u.add(checkup.Skip("GitHub", "everything", why))
		return
	}
	if g == nil {
		u.add(checkup.Skip("GitHub", "everything", "because there is no `github` in the configuration: nothing is filed there"))
		return
	}
	repo, err := github.New(github.Options{Repo: g.Repo, Token: g.Token.Reveal(), APIURL: g.APIURL})
	if err != nil {
		u.add(checkup.Probe{Section: "GitHub", Run: func(_ context.Context, found *checkup.Rows) { found.Error("repository", err) }})
		return
	}
	u.add(checkup.GitHub(repo, g.Labels, u.now))
	if runs, alerts := u.reads(); runs || alerts {
		u.add(checkup.Automation(repo, runs, alerts))
	}
}

func (u *Checkup) backups(store objects.Store) {
	b := u.c.Backups
	every := time.Duration(0)
	if why := u.faulty("backups.full", "backups.timezone"); why != "" {
		u.add(checkup.Skip("Backups", "schedule", why))
	} else {
		schedule := checkup.Schedule{Name: "schedule", Spec: b.Full, Zone: b.Timezone}
		if plan, err := config.ParseCron(b.Full); b.Full != "" && err == nil {
			schedule.Next = plan.Next
			first := plan.Next(u.now())
			every = plan.Next(first).Sub(first)
		}
		u.add(checkup.Schedules([]checkup.Schedule{schedule}, u.now))
	}
	if store == nil {
		u.add(checkup.Skip("Backups", "newest", "because of the storage"))
		return
	}
	names := []string{}
	for _, d := range u.c.Databases {
		names = append(names, d.Name)
	}
	u.add(checkup.Newest(backups.NewCatalogue(store), names, every, u.now))
}
