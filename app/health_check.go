package app

import (
	"context"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/checkup"
	"github.com/kampyn/opsbot/health"
	"github.com/kampyn/opsbot/objects"
)

// alertPlaces is where alerts go, if that is known.
func (u *Checkup) alertPlaces() []checkup.Place {
	if u.c.Health == nil || u.c.Health.Channel == "" || u.faulty("health.channel") != "" {
		return nil
	}
	return []checkup.Place{{Channel: u.c.Health.Channel, Key: "health.channel"}}
}

// health looks once at what is looked at all the time; there are no rows for those who have switched it off.
func (u *Checkup) health(ctx context.Context, store objects.Store) {
	h := u.c.Health
	if h == nil {
		return
	}
	if why := u.faulty("health"); why != "" {
		u.add(checkup.Skip("Health", "everything", why))
		return
	}
	var told []checkup.Place
	for _, id := range h.Tell {
		told = append(told, checkup.Place{Channel: id, Key: "health.tell"})
	}
	for _, c := range h.Checks {
		for _, id := range c.Tell {
			told = append(told, checkup.Place{Channel: id, Key: "health.checks." + c.Name + ".tell"})
		}
	}
	if u.client != nil && len(told) > 0 {
		u.add(u.client.Called(checkup.ToAlerts(), told))
	}
	s := &sights{databases: u.opened, now: u.now}
	if store != nil {
		s.catalogue = backups.NewCatalogue(store)
	}
	var watches []checkup.Watch
	for _, c := range s.healthRules(ctx, h).Checks {
		watches = append(watches, checkup.Watch{Name: c.Name, Target: c.Target, Within: min(c.Timeout, checkTimeout),
			Look: func(ctx context.Context) (well, known bool, say string) {
				r := c.Look(ctx)
				return r.Outcome == health.OK, r.Outcome != health.Unknown, r.Say
			}})
	}
	u.stops = append(u.stops, func() error { return s.close(context.WithoutCancel(ctx)) })
	u.add(checkup.Watches(watches))
}
