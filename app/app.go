// Package app wires the parts together: one straight function, top to bottom, each part stopped in reverse. The
// program and the demo both start from it.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/checkup"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/state"
)

// Version is what manifests and `opsbot version` say.
const Version = "0.1.0"

// App is opsbot with everything but Slack: what the command line needs. Bot adds Slack to it.
type App struct {
	Config    *config.Config
	State     *state.SQLite
	Events    *events.Log
	Objects   objects.Store
	Databases []*databases.Database
	Catalogue *backups.Catalogue
	Backup    *jobs.Backup
	Verify    *jobs.Verify
	Restore   *jobs.Restore
	Drop      *jobs.Drop
	InPlace   *jobs.InPlace
	Prune     *jobs.Prune
	Check     *jobs.Check
	// RestoreArchive works only in a process that has set how its files are opened.
	RestoreArchive *jobs.RestoreArchive
	Log            *slog.Logger
	// Now is the clock of everything that is wired here. It can be replaced until Run.
	Now func() time.Time
	// StoreWithin is how long storing what Slack sends may take before it is refused; 0 means 1 s. It can be set until Run.
	StoreWithin time.Duration

	store   state.Store // State, measured
	metrics *metrics
	stops   []stop
}

type stop struct {
	name string
	run  func() error
}

func (a *App) onStop(name string, run func() error) { a.stops = append(a.stops, stop{name, run}) }

// Close stops what Open has started, the last first, and joins the errors.
func (a *App) Close() error {
	var err error
	for i := len(a.stops) - 1; i >= 0; i-- {
		if e := a.stops[i].run(); e != nil {
			err = errors.Join(err, fmt.Errorf("app: stop %s: %w", a.stops[i].name, e))
		}
	}
	a.stops = nil
	return err
}

// Open opens state, object store and databases as the configuration says. A failed start closes what was opened.
func Open(ctx context.Context, c *config.Config, log *slog.Logger) (_ *App, err error) {
	a := &App{Config: c, Log: log, Now: time.Now, metrics: newMetrics()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.State, err = state.OpenSQLite(ctx, c.State.SQLite); err != nil {
		return nil, err
	}
	a.onStop("state", a.State.Close)
	a.store = &timed{a.State, a.metrics.writes}
	a.Events = events.New(a.store)
	if a.Objects, err = openObjects(ctx, c.Storage); err != nil {
		return nil, err
	}
	for _, d := range c.Databases {
		db, err := databases.Open(ctx, d.Name, d.URI.Reveal(), databases.Options{ReadPreference: d.ReadPreference})
		if err != nil {
			return nil, err
		}
		a.onStop("database "+d.Name, func() error { return db.Close(context.WithoutCancel(ctx)) })
		a.Databases = append(a.Databases, db)
	}
	a.Catalogue = backups.NewCatalogue(a.Objects)
	a.kinds()
	return a, nil
}

func openObjects(ctx context.Context, s config.Storage) (objects.Store, error) {
	if s.S3 == nil {
		return objects.NewFolder(s.Folder)
	}
	return objects.NewS3(ctx, objects.S3Options{
		Bucket: s.S3.Bucket, Prefix: s.S3.Prefix, Region: s.S3.Region, Endpoint: s.S3.Endpoint, PathStyle: s.S3.PathStyle,
		AccessKey: s.S3.AccessKey.Reveal(), SecretKey: s.S3.SecretKey.Reveal(),
	})
}

func (a *App) kinds() {
	now := func() time.Time { return a.Now() }
	b, approvals := a.Config.Backups, a.Config.Approvals
	a.Backup = &jobs.Backup{
		Databases: a.Databases, Store: a.Objects, Catalogue: a.Catalogue,
		Parallel: b.Parallel, Readers: b.Readers, Tool: "opsbot " + Version, Now: now,
	}
	a.Verify = &jobs.Verify{Store: a.Objects}
	a.Restore = &jobs.Restore{
		Databases: a.Databases, Store: a.Objects, Catalogue: a.Catalogue,
		Needs: approvals.Restore, Lifetime: approvals.Lifetime, Now: now,
	}
	a.RestoreArchive = &jobs.RestoreArchive{
		Databases: a.Databases, Store: a.Objects, Needs: approvals.Restore, Lifetime: approvals.Lifetime, Now: now,
	}
	a.Check = &jobs.Check{Begin: func(ctx context.Context) ([]checkup.Probe, func() error) {
		u := NewCheckup(ctx, a.Config, nil)
		return u.Probes, u.Close
	}}
	a.Prune = &jobs.Prune{
		Databases: a.Databases, Store: a.Objects, Catalogue: a.Catalogue,
		Policy: backups.Retention{Daily: b.Retention.Daily, Weekly: b.Retention.Weekly, Monthly: b.Retention.Monthly, Location: b.Timezone},
		Needs:  approvals.Prune, Lifetime: approvals.Lifetime, Now: now,
	}
	a.InPlace = &jobs.InPlace{
		Databases: a.Databases, Store: a.Objects, Catalogue: a.Catalogue, Backup: a.Backup,
		Needs: approvals.Restore, Lifetime: approvals.Lifetime, Now: now,
	}
	a.Drop = &jobs.Drop{Databases: a.Databases, Store: a.Objects, Needs: approvals.Restore, Lifetime: approvals.Lifetime, Now: now}
}

// Runner makes the runner of this process. The poster is nil on the command line, where cards are left to the bot.
func (a *App) Runner(poster jobs.Poster) (*jobs.Runner, error) {
	runner, err := jobs.New(jobs.Options{
		Store: a.store, Ended: a.metrics.ended, Events: a.Events, Poster: poster, OpsChannel: a.Config.Slack.Channels.Ops,
		Kinds: []jobs.Kind{
			a.Backup.Kind(), a.Verify.Kind(), a.Restore.Kind(), a.Drop.Kind(), a.InPlace.Kind(), a.Prune.Kind(), a.Check.Kind(),
			a.RestoreArchive.Kind(),
		},
		Buttons: a.runButtons(), Grace: a.Config.ShutdownGrace, Now: a.Now, Log: a.Log,
	})
	if err != nil {
		return nil, err
	}
	a.Prune.Active = runner.Active
	return runner, nil
}
