package backups_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/backups"
)

// taken is a verified backup of that time, which is also its ID.
func taken(t *testing.T, at string) backups.Entry {
	t.Helper()
	start, err := time.Parse(time.RFC3339, at)
	require.NoError(t, err)
	return backups.Entry{
		Manifest:     backups.Manifest{Format: 1, ID: at, Database: "orders", Started: start},
		Verification: &backups.Verification{OK: true},
	}
}

// kept are the IDs that stay, with their class.
func kept(verdicts []backups.Verdict) map[string]string {
	stay := map[string]string{}
	for _, v := range verdicts {
		if v.Keep {
			stay[v.ID] = v.Class
		}
	}
	return stay
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	require.NoError(t, err)
	return l
}

func TestDecide(t *testing.T) {
	const now = "2026-11-25T12:00:00Z"
	broken := func(e backups.Entry) backups.Entry {
		e.Verification = &backups.Verification{Faults: []string{"the digest differs"}}
		return e
	}
	unverified := func(e backups.Entry) backups.Entry { e.Verification = nil; return e }
	faulty := func(e backups.Entry) backups.Entry {
		e.Format, e.Verification, e.Fault = 0, nil, "The manifest is damaged."
		return e
	}
	foreign := func(e backups.Entry) backups.Entry { e.Format = 2; return e }
	of := func(database string, e backups.Entry) backups.Entry { e.Database = database; return e }
	at := func(text string) backups.Entry { return taken(t, text) }
	for _, c := range []struct {
		name    string
		policy  backups.Retention
		entries []backups.Entry
		inUse   map[string]string
		want    map[string]string
	}{
		{"nothing", backups.Retention{Daily: 7}, nil, nil, map[string]string{}},
		{"the newest of each day", backups.Retention{Daily: 2},
			[]backups.Entry{at("2026-11-25T02:00:00Z"), at("2026-11-25T01:00:00Z"), at("2026-11-24T02:00:00Z"), at("2026-11-23T02:00:00Z")}, nil,
			map[string]string{"2026-11-25T02:00:00Z": "daily", "2026-11-24T02:00:00Z": "daily"}},
		{"a pause uses no day up", backups.Retention{Daily: 2},
			[]backups.Entry{at("2026-11-25T02:00:00Z"), at("2026-06-01T02:00:00Z"), at("2026-05-31T02:00:00Z")}, nil,
			map[string]string{"2026-11-25T02:00:00Z": "daily", "2026-06-01T02:00:00Z": "daily"}},
		{"ISO weeks begin on Monday and belong to the year of their Thursday", backups.Retention{Weekly: 3},
			[]backups.Entry{at("2026-01-05T00:00:00Z"), at("2026-01-04T23:00:00Z"), at("2025-12-29T00:00:00Z"), at("2025-12-28T23:00:00Z")}, nil,
			map[string]string{"2026-01-05T00:00:00Z": "weekly", "2026-01-04T23:00:00Z": "weekly", "2025-12-28T23:00:00Z": "weekly"}},
		{"months", backups.Retention{Monthly: 2},
			[]backups.Entry{at("2026-03-31T23:59:59Z"), at("2026-03-01T00:00:00Z"), at("2026-02-28T02:00:00Z"), at("2026-01-31T02:00:00Z")}, nil,
			map[string]string{"2026-03-31T23:59:59Z": "monthly", "2026-02-28T02:00:00Z": "monthly"}},
		{"one backup counts for its day, its week and its month", backups.Retention{Daily: 1, Weekly: 1, Monthly: 1},
			[]backups.Entry{at("2026-11-25T02:00:00Z"), at("2026-11-24T02:00:00Z"), at("2026-10-24T02:00:00Z")}, nil,
			map[string]string{"2026-11-25T02:00:00Z": "daily"}},
		{"without any policy the newest verified one stays", backups.Retention{},
			[]backups.Entry{broken(at("2026-11-20T02:00:00Z")), at("2026-11-19T02:00:00Z"), at("2026-11-18T02:00:00Z")}, nil,
			map[string]string{"2026-11-20T02:00:00Z": "damaged", "2026-11-19T02:00:00Z": "newest"}},
		{"what does not count fills no day", backups.Retention{Daily: 1},
			[]backups.Entry{unverified(at("2026-11-25T03:00:00Z")), broken(at("2026-11-25T02:00:00Z")), at("2026-11-25T01:00:00Z")}, nil,
			map[string]string{"2026-11-25T03:00:00Z": "not verified", "2026-11-25T02:00:00Z": "damaged", "2026-11-25T01:00:00Z": "daily"}},
		{"broken ones go when they are older than three days and than a verified one", backups.Retention{Daily: 1},
			[]backups.Entry{at("2026-11-25T01:00:00Z"), unverified(at("2026-11-22T13:00:00Z")), unverified(at("2026-11-22T11:00:00Z")),
				broken(at("2026-11-21T01:00:00Z")), faulty(at("2026-11-20T01:00:00Z"))}, nil,
			map[string]string{"2026-11-25T01:00:00Z": "daily", "2026-11-22T13:00:00Z": "not verified"}},
		{"without a verified one nothing goes", backups.Retention{},
			[]backups.Entry{broken(at("2020-01-01T01:00:00Z")), unverified(at("2019-01-01T01:00:00Z")), faulty(at("2018-01-01T01:00:00Z"))}, nil,
			map[string]string{"2020-01-01T01:00:00Z": "damaged", "2019-01-01T01:00:00Z": "not verified", "2018-01-01T01:00:00Z": "damaged"}},
		{"a format of the future stays and fills nothing", backups.Retention{Daily: 1},
			[]backups.Entry{foreign(at("2026-11-25T02:00:00Z")), at("2026-11-24T02:00:00Z"), foreign(at("2020-11-25T02:00:00Z"))}, nil,
			map[string]string{"2026-11-25T02:00:00Z": "not understood", "2026-11-24T02:00:00Z": "daily", "2020-11-25T02:00:00Z": "not understood"}},
		{"a wrong clock costs nothing", backups.Retention{Daily: 1},
			[]backups.Entry{at("2036-11-25T02:00:00Z"), at("2026-11-24T02:00:00Z"), at("2026-11-23T02:00:00Z")}, nil,
			map[string]string{"2036-11-25T02:00:00Z": "dated in the future", "2026-11-24T02:00:00Z": "daily"}},
		{"what a run needs stays", backups.Retention{Daily: 1},
			[]backups.Entry{at("2026-11-25T02:00:00Z"), at("2026-11-24T02:00:00Z"), at("2026-11-23T02:00:00Z")},
			map[string]string{"2026-11-24T02:00:00Z": "r-1", "2026-11-25T02:00:00Z": "r-2"},
			map[string]string{"2026-11-25T02:00:00Z": "daily", "2026-11-24T02:00:00Z": "in use"}},
		{"each database for itself", backups.Retention{Daily: 1},
			[]backups.Entry{at("2026-11-25T02:00:00Z"), of("users", at("2026-11-20T02:00:00Z")), of("users", at("2026-11-19T02:00:00Z"))}, nil,
			map[string]string{"2026-11-25T02:00:00Z": "daily", "2026-11-20T02:00:00Z": "daily"}},
		{"a day begins where the people are", backups.Retention{Daily: 2, Location: zone(t, "Asia/Kolkata")},
			[]backups.Entry{at("2026-11-24T19:00:00Z"), at("2026-11-24T18:29:00Z"), at("2026-11-23T18:31:00Z")}, nil,
			map[string]string{"2026-11-24T19:00:00Z": "daily", "2026-11-24T18:29:00Z": "daily"}},
		{"a day of 25 hours is one day", backups.Retention{Daily: 9, Location: zone(t, "Europe/Berlin")},
			[]backups.Entry{at("2026-10-25T22:59:00Z"), at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"), at("2026-10-24T22:00:00Z"), at("2026-10-24T21:59:00Z")}, nil,
			map[string]string{"2026-10-25T22:59:00Z": "daily", "2026-10-24T21:59:00Z": "daily"}},
		{"a day of 23 hours is one day", backups.Retention{Daily: 9, Location: zone(t, "Europe/Berlin")},
			[]backups.Entry{at("2026-03-29T21:59:00Z"), at("2026-03-28T23:00:00Z"), at("2026-03-28T22:59:00Z")}, nil,
			map[string]string{"2026-03-29T21:59:00Z": "daily", "2026-03-28T22:59:00Z": "daily"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			moment := taken(t, now).Started
			got := backups.Decide(c.entries, c.policy, c.inUse, moment)
			require.Len(t, got, len(c.entries))
			require.Equal(t, c.want, kept(got))
			for _, v := range got {
				require.NotEmpty(t, v.Reason, v.ID)
			}
			shuffled := slices.Clone(c.entries)
			rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			require.Equal(t, got, backups.Decide(shuffled, c.policy, c.inUse, moment))
		})
	}
}

// TestDecideOnAYear prunes each night for two years: what stands in the handbook is always there.
func TestDecideOnAYear(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	policy := backups.Retention{Daily: 7, Weekly: 4, Monthly: 6, Location: berlin}
	var there []backups.Entry
	for day := range 730 {
		at := time.Date(2025, 1, 1+day, 2, 30, 0, 0, berlin) // an hour that does not exist, or twice, on two days a year
		there = append(there, taken(t, at.UTC().Format(time.RFC3339)))
		now := at.Add(time.Hour)
		var left []backups.Entry
		classes := map[string]int{}
		for _, v := range backups.Decide(there, policy, nil, now) {
			if v.Keep {
				left = append(left, v.Entry)
				classes[v.Class]++
			}
		}
		require.Equal(t, min(day+1, 7), classes["daily"], fmt.Sprint(at))
		// Once what stays has been decided on, deciding again changes nothing.
		require.Len(t, kept(backups.Decide(left, policy, nil, now)), len(left))
		there = left
	}
	months := map[string]bool{}
	weeks := map[string]bool{}
	for _, e := range there {
		months[e.Started.In(berlin).Format("2006-01")] = true
		year, week := e.Started.In(berlin).ISOWeek()
		weeks[fmt.Sprint(year, week)] = true
	}
	require.GreaterOrEqual(t, len(months), 6)
	require.GreaterOrEqual(t, len(weeks), 4)
	require.LessOrEqual(t, len(there), 7+4+6)
}
