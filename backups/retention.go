package backups

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Retention says which backups of a database stay. A count says how many days, ISO weeks or months that have a verified
// backup keep the newest one of theirs; a day without any uses none up, so that a pause of the schedule costs nothing.
type Retention struct {
	Daily, Weekly, Monthly int
	// Location is where days, weeks and months begin; nil means UTC.
	Location *time.Location
}

// brokenFor is how long a backup that does not count is left to be looked at.
const brokenFor = 3 * 24 * time.Hour

// Verdict says of one backup whether it stays, and why.
type Verdict struct {
	Entry
	Keep bool
	// Class groups verdicts of the same kind, as "daily" or "not verified"; Reason is the whole sentence, in mrkdwn.
	Class, Reason string
}

// The classes of a Verdict.
const (
	ClassInUse      = "in use"
	ClassForeign    = "not understood"
	ClassFuture     = "dated in the future"
	ClassNewest     = "newest"
	ClassDaily      = "daily"
	ClassWeekly     = "weekly"
	ClassMonthly    = "monthly"
	ClassSurplus    = "not needed"
	ClassUnverified = "not verified"
	ClassDamaged    = "damaged"
)

// Decide says of each backup whether it stays under the policy at that moment, and why; it touches nothing. Only
// verified backups fill a day, week or month, and the newest verified one of each database always stays. inUse maps IDs
// to the run that needs them. The order of the entries does not matter; the verdicts are ordered by database, then
// newest first.
func Decide(entries []Entry, policy Retention, inUse map[string]string, now time.Time) []Verdict {
	if policy.Location == nil {
		policy.Location = time.UTC
	}
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Database, b.Database), b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID))
	})
	verdicts := make([]Verdict, 0, len(entries))
	for len(entries) > 0 {
		n := slices.IndexFunc(entries, func(e Entry) bool { return e.Database != entries[0].Database })
		if n < 0 {
			n = len(entries)
		}
		verdicts = append(verdicts, decideOne(entries[:n], policy, inUse, now)...)
		entries = entries[n:]
	}
	return verdicts
}

// bucket is a kind of calendar span with the newest backup of each of its latest spans.
type bucket struct {
	class  string
	most   int
	label  func(time.Time) string
	filled map[string]bool
}

// take says whether a backup of that time is the newest of a span that still counts. Times come newest first.
func (b *bucket) take(at time.Time) bool {
	span := b.label(at)
	if b.filled[span] || len(b.filled) >= b.most {
		return false
	}
	b.filled[span] = true
	return true
}

func buckets(p Retention) []*bucket {
	week := func(t time.Time) string {
		year, week := t.ISOWeek()
		return fmt.Sprintf("week %d of %d", week, year)
	}
	return []*bucket{
		{ClassDaily, p.Daily, func(t time.Time) string { return t.Format("2006-01-02") }, map[string]bool{}},
		{ClassWeekly, p.Weekly, week, map[string]bool{}},
		{ClassMonthly, p.Monthly, func(t time.Time) string { return t.Format("January 2006") }, map[string]bool{}},
	}
}

// decideOne decides on the backups of one database, newest first.
func decideOne(entries []Entry, policy Retention, inUse map[string]string, now time.Time) []Verdict {
	counts := func(e Entry) bool { return e.Verified() && e.Format == 1 && !e.Started.After(now) }
	newest := slices.IndexFunc(entries, counts)
	all := buckets(policy)
	verdicts := make([]Verdict, len(entries))
	for i, e := range entries {
		v := Verdict{Entry: e}
		if counts(e) {
			// It fills its spans also when it stays for another reason.
			v.Keep, v.Class, v.Reason = fill(all, e.Started.In(policy.Location))
			if i == newest && !v.Keep {
				v.Keep, v.Class, v.Reason = true, ClassNewest, "the newest verified backup always stays"
			}
		} else {
			v.Keep, v.Class, v.Reason = uncounted(e, entries, newest, now)
		}
		if run := inUse[e.ID]; run != "" && !v.Keep {
			v.Keep, v.Class, v.Reason = true, ClassInUse, "the run "+chat.Literal(run)+" needs it"
		}
		verdicts[i] = v
	}
	return verdicts
}

func fill(all []*bucket, at time.Time) (keep bool, class, reason string) {
	for _, b := range all {
		if b.take(at) && !keep {
			keep, class, reason = true, b.class, "the newest of "+b.label(at)
		}
	}
	if !keep {
		class, reason = ClassSurplus, "a newer one stands for its day, and its week and month are not kept or have a newer one"
	}
	return keep, class, reason
}

// uncounted decides on a backup that fills no span.
func uncounted(e Entry, entries []Entry, newest int, now time.Time) (keep bool, class, reason string) {
	switch {
	case e.Fault == "" && e.Format != 1:
		return true, ClassForeign, fmt.Sprintf("its format %d is not known to this version of opsbot", e.Format)
	case e.Started.After(now):
		return true, ClassFuture, "its time lies in the future; look at the clock of the machine that took it"
	}
	class, what := ClassUnverified, "it was never verified"
	switch {
	case e.Fault != "":
		class, what = ClassDamaged, "its manifest is damaged"
	case e.Verification != nil && !e.Verification.OK:
		class, what = ClassDamaged, "reading it back found damage"
	}
	switch {
	case newest < 0:
		return true, class, what + ", but there is no verified backup of this database"
	case !entries[newest].Started.After(e.Started):
		return true, class, what + ", but no verified one is newer"
	case now.Sub(e.Started) < brokenFor:
		return true, class, what + "; it is left for 3 days to be looked at"
	}
	return false, class, what + ", and there are newer verified ones"
}
