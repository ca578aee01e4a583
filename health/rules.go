package health

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Check is one thing that is looked at again and again.
type Check struct {
	Name string
	// Kind is "http", "tcp", "mongodb", …; Target says what is looked at in a few words of mrkdwn, without secrets.
	Kind, Target string
	Look         Look
	// Every is the interval, Jitter how much later than that a look may begin, Timeout how long it may take.
	Every, Jitter, Timeout time.Duration
	// FailAfter and RecoverAfter are how many looks in a row make it down, and up again.
	FailAfter, RecoverAfter int
	// DependsOn are the checks without which this one fails anyway.
	DependsOn []string
	// Service is the one of incidents that is affected; "" for none.
	Service string
	// Limit is the time from which a look counts as too slow, for charts; 0 for none.
	Limit time.Duration
	// Tell are Slack ids of people and user groups who are named on the alert; they are called again every Repeat while it
	// is down, never for 0.
	Tell   []string
	Repeat time.Duration
	// DeclareAfter is after how long an incident of that Severity is declared by itself; 0 means never.
	DeclareAfter time.Duration
	Severity     string
}

// Window is a time of maintenance that comes again and again.
type Window struct {
	// Next is when the first one after a moment begins; it lasts For.
	Next func(time.Time) time.Time
	For  time.Duration
	// Checks are those it is about; none means all.
	Checks []string
}

// Rules are what the configuration decides.
type Rules struct {
	// Checks are in the order of the configuration.
	Checks  []Check
	Windows []Window
	// Channel is where alerts are posted.
	Channel string
	// Location is the zone of days; nil means UTC.
	Location *time.Location
	// KeepResults is how long each result is kept, Keep how long the figures of each day are.
	KeepResults, Keep time.Duration
}

// Check finds a check by its name, or answers a *chat.Problem.
func (r Rules) Check(name string) (Check, error) {
	for _, c := range r.Checks {
		if c.Name == name {
			return c, nil
		}
	}
	return Check{}, chat.Unknown("check", name, r.Names())
}

// Names are the names of all checks, in the order of the configuration.
func (r Rules) Names() []string {
	names := make([]string, len(r.Checks))
	for i, c := range r.Checks {
		names[i] = c.Name
	}
	return names
}

// Zone is the zone of days.
func (r Rules) Zone() *time.Location {
	if r.Location == nil {
		return time.UTC
	}
	return r.Location
}

// maintained says that a check is under maintenance at a moment.
func (r Rules) maintained(check string, at time.Time) bool {
	return slices.ContainsFunc(r.Windows, func(w Window) bool {
		return (len(w.Checks) == 0 || slices.Contains(w.Checks, check)) && w.covers(at)
	})
}

func (w Window) covers(at time.Time) bool {
	began := w.Next(at.Add(-w.For))
	return !began.IsZero() && !began.After(at)
}

// slot answers the newest moment at or before now for which a look is due. Checks are spread over their interval by their
// names, and each look is moved by up to the jitter, so that they come neither together nor in step with what runs on the
// clock; yet each process, now and after a restart, computes the same.
func (c Check) slot(now time.Time) time.Time {
	at := c.slotBegin(now)
	if due := at.Add(c.jitter(at)); !due.After(now) {
		return due
	}
	at = at.Add(-c.Every)
	return at.Add(c.jitter(at))
}

// nextSlot answers the first one after now.
func (c Check) nextSlot(now time.Time) time.Time {
	at := c.slotBegin(now)
	if due := at.Add(c.jitter(at)); due.After(now) {
		return due
	}
	at = at.Add(c.Every)
	return at.Add(c.jitter(at))
}

// slots counts those after from and up to now.
func (c Check) slots(from, now time.Time) int {
	if !now.After(from) {
		return 0
	}
	first, last := c.nextSlot(from), c.slot(now)
	if last.Before(first) {
		return 0
	}
	return int(c.slotBegin(last).Sub(c.slotBegin(first))/c.Every) + 1
}

func (c Check) slotBegin(now time.Time) time.Time {
	every := c.Every.Nanoseconds()
	phase := int64(hash(c.Name) % uint64(every))
	n := now.UnixNano() - phase
	return time.Unix(0, n-n%every+phase).UTC()
}

func (c Check) jitter(slot time.Time) time.Duration {
	if c.Jitter <= 0 {
		return 0
	}
	return time.Duration(hash(fmt.Sprint(c.Name, slot.UnixNano())) % uint64(c.Jitter))
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // it cannot fail
	return h.Sum64()
}
