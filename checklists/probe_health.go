package checklists

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/health"
)

// Health passes when health checks were green over a span. Looks that failed count against it; looks that could not know, and
// those that were never made, leave it unknown. What fell into maintenance counts neither way.
type Health struct {
	// Past is what is known of a check, as (*health.Monitor).Past answers.
	Past func(ctx context.Context, check string, from, to time.Time) (health.Past, error)
	// Standings are how checks stand now, as (*health.Monitor).Standings answers.
	Standings func(ctx context.Context) (map[string]health.Standing, error)
	// Checks are those that are asked about, at least one.
	Checks []health.Check
	// Over is how far back; single results must be kept for that long.
	Over time.Duration
	// Uptime is the share of looks that must have gone well, in percent: with 100 all of them.
	Uptime float64
	Now    func() time.Time
}

// Look implements Probe.
func (p Health) Look(ctx context.Context) Evidence {
	unread := func(err error) Evidence {
		return Evidence{Outcome: Unknown, Say: "The results of health checks could not be read: " + inWords(err)}
	}
	stand, err := p.Standings(ctx)
	if err != nil {
		return unread(err)
	}
	now := p.Now()
	var bad, blank []string
	looks := int64(0)
	for _, c := range p.Checks {
		past, err := p.Past(ctx, c.Name, now.Add(-p.Over), now)
		if err != nil {
			return unread(err)
		}
		seen := count(past, c)
		looks += int64(seen.Good + seen.Failed + seen.Unknown)
		best, worst := seen.bounds()
		name := chat.Literal(c.Name)
		switch s := stand[c.Name]; {
		case s.Status == health.Down:
			bad = append(bad, name+" is down since "+chat.Time(s.Since))
		case best < p.Uptime:
			bad = append(bad, fmt.Sprintf("%s failed %s, last %s", name, chat.Plural(int64(seen.Failed), "time"), chat.Time(seen.lastFailed)))
		case seen.Good == 0:
			blank = append(blank, name+" was never seen to be well")
		case worst < p.Uptime:
			blank = append(blank, fmt.Sprintf("%s was not seen %s of %d", name, chat.Plural(int64(seen.Unknown+seen.missing), "time"), seen.all()))
		}
	}
	span := " over " + chat.Span(p.Over)
	switch {
	case len(bad) > 0:
		return Evidence{Outcome: Failed, Say: some(bad) + span}
	case len(blank) > 0:
		return Evidence{Outcome: Unknown, Say: some(blank) + span}
	}
	return Evidence{Outcome: Passed, Say: fmt.Sprintf("%s green%s, %s", chat.Plural(int64(len(p.Checks)), "check"), span, chat.Plural(looks, "look"))}
}

// looks are how often a check was looked at in a span.
type looks struct {
	health.Tally
	// missing are the looks that were due and never made.
	missing    int
	lastFailed time.Time
}

func (l looks) all() int { return l.Good + l.Failed + l.Unknown + l.missing }

// bounds are the best and the worst that the uptime may have been, in percent.
func (l looks) bounds() (best, worst float64) {
	if l.all() == 0 {
		return 100, 0
	}
	return 100 * float64(l.all()-l.Failed) / float64(l.all()), 100 * float64(l.Good) / float64(l.all())
}

// count goes through the single results of a span, and finds the gaps between them: two looks are at most an interval, a
// jitter and what the bot itself takes apart.
func count(past health.Past, c health.Check) looks {
	var l looks
	before := past.From
	gap := func(until time.Time) {
		if apart := until.Sub(before); apart > c.Every+c.Every/2+c.Jitter+c.Timeout {
			l.missing += max(1, int(math.Round(float64(apart)/float64(c.Every)))-1)
		}
		before = until
	}
	for _, s := range past.Samples {
		gap(s.At)
		switch {
		case s.Maintained:
			l.Maintained++
		case s.Outcome == health.OK:
			l.Good++
		case s.Outcome == health.Failed:
			l.Failed++
			l.lastFailed = s.At
		default:
			l.Unknown++
		}
	}
	gap(past.To)
	return l
}
