package checklists

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/incidents"
)

func TestBackupsProbe(t *testing.T) {
	verified := func(hours int) backups.Entry {
		return backups.Entry{Manifest: backups.Manifest{Started: nine.Add(-time.Duration(hours) * time.Hour)}, Verification: &backups.Verification{OK: true}}
	}
	unverified := backups.Entry{Manifest: backups.Manifest{Started: nine.Add(-time.Hour)}}
	for name, test := range map[string]struct {
		orders, users []backups.Entry
		err           error
		outcome       Outcome
		say           string
	}{
		"fresh": {[]backups.Entry{verified(5), verified(29)}, []backups.Entry{verified(4)}, nil, Passed,
			"last backup of `orders` 5 h ago, verified; 1 other younger"},
		"old": {[]backups.Entry{verified(30)}, []backups.Entry{verified(4)}, nil, Failed,
			"the newest verified one of `orders` is 1 d 6 h old (at most 1 d 2 h)"},
		"only an unverified one is fresh": {[]backups.Entry{unverified, verified(30)}, []backups.Entry{verified(4)}, nil, Failed,
			"the newest verified one of `orders` is 1 d 6 h old (at most 1 d 2 h)"},
		"none":             {[]backups.Entry{unverified}, nil, nil, Failed, "`orders`, `users` have no verified backup (at most 1 d 2 h)"},
		"not to be listed": {nil, nil, errors.New("dial tcp: refused"), Unknown, "The backups could not be listed: dial tcp: refused"},
	} {
		t.Run(name, func(t *testing.T) {
			probe := Backups{Databases: []string{"orders", "users"}, YoungerThan: 26 * time.Hour, Now: func() time.Time { return nine },
				Catalogue: func(_ context.Context, database string) ([]backups.Entry, error) {
					return map[string][]backups.Entry{"orders": test.orders, "users": test.users}[database], test.err
				}}
			require.Equal(t, Evidence{Outcome: test.outcome, Say: test.say}, probe.Look(t.Context()))
		})
	}
}

func TestIncidentsProbe(t *testing.T) {
	open := func(all ...incidents.Incident) Incidents {
		return Incidents{Open: func(context.Context) ([]incidents.Incident, error) { return all, nil }}
	}
	require.Equal(t, Evidence{Outcome: Passed, Say: "no incident is open"},
		open(incidents.Incident{Number: 1, Drill: true}, incidents.Incident{Number: 2, Status: incidents.Resolved}).Look(t.Context()))
	require.Equal(t, Evidence{Outcome: Failed, Say: "2 incidents open: #3 Payments &lt;fail&gt;, #4"},
		open(incidents.Incident{Number: 3, Title: "Payments <fail>"}, incidents.Incident{Number: 4, Title: "Leak", Private: true}).Look(t.Context()))
	broken := Incidents{Open: func(context.Context) ([]incidents.Incident, error) { return nil, errors.New("closed") }}
	require.Equal(t, Unknown, broken.Look(t.Context()).Outcome)
}
