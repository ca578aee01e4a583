package health

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

const (
	// livedOn is how long after opsbot was known to live last a look can have been made.
	livedOn = time.Minute
	// mostNamed is how many checks a message names.
	mostNamed = 10
	// mostWindows bounds how many times of maintenance are looked at for each window.
	mostWindows = 10000
)

// Missed answers, in lines of mrkdwn, which looks were due between two moments at which nobody looked, apart from those
// under maintenance. Checks that were never looked at before are new and have missed nothing.
func (m *Monitor) Missed(ctx context.Context, from, to time.Time) ([]string, error) {
	stands, err := m.Standings(ctx)
	if err != nil {
		return nil, err
	}
	looks := 0
	var names []string
	for _, c := range m.o.Rules.Checks {
		s := stands[c.Name]
		if s.Status == Unseen && s.Slot.IsZero() {
			continue
		}
		since := from
		for _, r := range s.Last {
			if r.At.After(since) && r.At.Before(from.Add(livedOn)) {
				since = r.At
			}
		}
		if n := m.o.Rules.due(c, since, to); n > 0 {
			looks += n
			names = append(names, chat.Literal(c.Name))
		}
	}
	if looks == 0 {
		return nil, nil
	}
	list := strings.Join(names[:min(len(names), mostNamed)], ", ")
	if more := len(names) - mostNamed; more > 0 {
		list += fmt.Sprintf(" and %s more", chat.Count(int64(more)))
	}
	line := fmt.Sprintf("%s of %s did not take place: %s. What happened to them meanwhile is not known; each is looked at again now, see `/health`.",
		chat.Plural(int64(looks), "look"), chat.Plural(int64(len(names)), "check"), list)
	return []string{line}, nil
}

// due counts a check's looks after from and up to to, apart from those under maintenance.
func (r Rules) due(c Check, from, to time.Time) int {
	n := c.slots(from, to)
	for _, s := range r.maintenance(c.Name, from, to) {
		n -= c.slots(s.from.Add(-1), s.to.Add(-1))
	}
	return n
}

// stretch is the time from one moment, included, to another.
type stretch struct{ from, to time.Time }

// maintenance answers when a check is under maintenance between two moments, in order; where windows overlap they are one.
func (r Rules) maintenance(check string, from, to time.Time) (all []stretch) {
	end := to.Add(1) // a look at to itself counts
	for _, w := range r.Windows {
		if len(w.Checks) > 0 && !slices.Contains(w.Checks, check) {
			continue
		}
		at := w.Next(from.Add(-w.For))
		for range mostWindows {
			if at.IsZero() || !at.Before(end) {
				break
			}
			all = append(all, stretch{later(at, from.Add(1)), earlier(at.Add(w.For), end)})
			at = w.Next(at)
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return a.from.Compare(b.from) })
	merged := all[:0]
	for _, s := range all {
		switch last := len(merged) - 1; {
		case !s.from.Before(s.to):
		case last >= 0 && !s.from.After(merged[last].to):
			merged[last].to = later(merged[last].to, s.to)
		default:
			merged = append(merged, s)
		}
	}
	return merged
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// lateBy is how much later than due a look may be done before the monitor is not well: the lease of a process that died
// has to run out, the clock is looked at now and then, and the store takes its time.
func (m *Monitor) lateBy(c Check) time.Duration {
	return c.Timeout + graceOfLook + m.o.LeaseTTL + longestSleep + 30*time.Second
}

// Late names the checks whose looks are long overdue, whichever process is to look: none while the monitor is well. What
// this process was not there for does not count.
func (m *Monitor) Late(ctx context.Context) ([]string, error) {
	stands, err := m.Standings(ctx)
	if err != nil {
		return nil, err
	}
	now := m.o.Now()
	var late []string
	for _, c := range m.o.Rules.Checks {
		if due := c.slot(now.Add(-m.lateBy(c))); due.After(stands[c.Name].Slot) && due.After(m.began) {
			late = append(late, c.Name)
		}
	}
	return late, nil
}
