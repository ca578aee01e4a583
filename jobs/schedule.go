package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// Schedule says when something is to be done.
type Schedule struct {
	// Name is unique and stays the same from start to start: what was fired is remembered under it.
	Name string
	// Spec is a cron line of five fields, or @daily, @every 1h and the like. https://pkg.go.dev/github.com/robfig/cron/v3
	Spec string
	// Location is the time zone of Spec; nil means UTC.
	Location *time.Location
	// Missed is what happens with firings that were missed while the program was down.
	Missed Policy
	// Fire does it, within a minute, usually by submitting a run. It is called again for the same at when the process
	// died meanwhile, so it carries (name, at) as its idempotency key. late says that the firing is caught up.
	Fire func(ctx context.Context, at time.Time, late bool) error
}

// Policy is what happens with missed firings.
type Policy string

// The policies: run the newest missed firing once, or only say that it was missed.
const (
	CatchUp Policy = "catch up"
	Report  Policy = "report"
)

// SchedulerOptions are what a Scheduler needs; Store and Events are required.
type SchedulerOptions struct {
	Store  state.Store
	Events *events.Log
	// Poster and OpsChannel get what was missed or could not be begun.
	Poster     Poster
	OpsChannel string
	// Told, if any, answers whether somebody else says what was missed at a moment, so that it need not be said here.
	Told func(ctx context.Context, at time.Time) (bool, error)
	// Owner names this process, as in Options.
	Owner string
	Now   func() time.Time
	Log   *slog.Logger
}

// Scheduler fires schedules. Any number of processes can run the same ones: each firing is done by one of them.
type Scheduler struct {
	o         SchedulerOptions
	schedules []timetable
	progress  *state.Collection[progressed]
	firings   *state.Collection[firing]
}

type timetable struct {
	Schedule
	cron cron.Schedule
}

// progressed is how far a schedule has come: everything up to Last is dealt with. Its key is the schedule's name.
type progressed struct {
	Spec string    `json:"spec"`
	Zone string    `json:"zone"`
	Last time.Time `json:"last"`
	// Known is since when the schedule is as it is; zero for those of older versions.
	Known time.Time `json:"known,omitzero"`
}

// firing is one moment of one schedule. Its key is made of both, so that there is only one.
type firing struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"`
	Done     bool      `json:"done"`
	// Owner and Until are the lease of the process that fires it.
	Owner string    `json:"owner"`
	Until time.Time `json:"until"`
	// Notice is what has to be said about it in the ops channel; Said, that it was.
	Notice string `json:"notice,omitempty"`
	Said   bool   `json:"said,omitempty"`
}

func (f firing) key() string { return f.Schedule + "/" + state.SortableTime(f.At) }

// NewScheduler answers a Scheduler, or an error that names the schedule that cannot be.
func NewScheduler(o SchedulerOptions, schedules ...Schedule) (*Scheduler, error) {
	if o.Store == nil || o.Events == nil {
		return nil, errors.New("jobs: a scheduler needs a store and an event log")
	}
	o.Owner = cmp.Or(o.Owner, state.ThisProcess())
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Scheduler{o: o, progress: state.NewCollection[progressed](o.Store, "schedule", nil),
		firings: state.NewCollection(o.Store, "firing", func(f firing) map[string]string {
			fields := map[string]string{"schedule " + f.Schedule: state.SortableTime(f.At)}
			if f.Done && f.Notice != "" && !f.Said {
				fields["unsaid"] = "1"
			}
			return fields
		})}
	names := map[string]bool{}
	for _, schedule := range schedules {
		if schedule.Name == "" || schedule.Fire == nil || names[schedule.Name] {
			return nil, fmt.Errorf("jobs: the schedule %q needs a name of its own and something to do", schedule.Name)
		}
		names[schedule.Name] = true
		if schedule.Missed != CatchUp && schedule.Missed != Report {
			return nil, fmt.Errorf("jobs: the schedule %q needs a policy for missed firings, not %q", schedule.Name, schedule.Missed)
		}
		if schedule.Location == nil {
			schedule.Location = time.UTC
		}
		plan, err := ParseSpec(schedule.Spec, schedule.Location)
		if err != nil {
			return nil, fmt.Errorf("jobs: the schedule %q: %w", schedule.Name, err)
		}
		s.schedules = append(s.schedules, timetable{schedule, plan})
	}
	return s, nil
}

// Upcoming is a firing to come.
type Upcoming struct {
	Name string
	At   time.Time
}

// Next answers the next firing of each schedule, soonest first. Schedules that never fire again are left out.
func (s *Scheduler) Next(context.Context) []Upcoming {
	var list []Upcoming
	for _, t := range s.schedules {
		if at := t.cron.Next(s.o.Now()); !at.IsZero() {
			list = append(list, Upcoming{t.Name, at})
		}
	}
	slices.SortStableFunc(list, func(a, b Upcoming) int { return a.At.Compare(b.At) })
	return list
}

const (
	// longestSleep is after how long the clock is looked at again: it may have been set, or the machine have slept.
	longestSleep = 30 * time.Second
	// lateAfter is how late a firing may be and still count as on time.
	lateAfter = time.Minute
	// fireTime is how long a firing may take; firingLease, when another process may take it over.
	fireTime, firingLease = time.Minute, 2 * time.Minute
	// keepFirings is how long firings are remembered after they were done.
	keepFirings = 7 * 24 * time.Hour
)

// Run fires the schedules until ctx is done.
func (s *Scheduler) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	for _, t := range s.schedules {
		wait.Go(func() { s.keepTime(ctx, t) })
	}
	wait.Go(func() { s.keepSaying(ctx) })
	wait.Wait()
	return nil
}

func (s *Scheduler) keepTime(ctx context.Context, t timetable) {
	failing := false
	for ctx.Err() == nil {
		next, err := s.step(ctx, t)
		if err != nil && !failing && ctx.Err() == nil {
			s.o.Log.Error("a schedule is held up; trying on", "schedule", t.Name, "error", err)
		}
		failing = err != nil
		pause := min(max(next.Sub(s.o.Now()), 0), longestSleep)
		if err != nil {
			pause = time.Second
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// step deals with what is due and answers when to look again.
func (s *Scheduler) step(ctx context.Context, t timetable) (time.Time, error) {
	now := s.o.Now()
	from, err := s.since(ctx, t, now)
	if err != nil {
		return now, err
	}
	d := t.due(from, now)
	if d.count == 0 {
		next := t.cron.Next(from)
		if next.IsZero() {
			next = now.Add(longestSleep)
		}
		return next, nil
	}
	done, err := s.fire(ctx, t, d, now)
	if err != nil {
		return now, err
	}
	if !done {
		return now.Add(time.Second), nil // another process is at it
	}
	_, err = s.progress.Change(ctx, t.Name, func(p *progressed) error {
		if d.newest.After(p.Last) {
			p.Last = d.newest
		}
		return nil
	})
	if err != nil {
		return now, err
	}
	return now, s.prune(ctx, t, now)
}

// since answers from when on firings are due: from the last one that was dealt with, or from now when the schedule is
// new or was changed.
func (s *Scheduler) since(ctx context.Context, t timetable, now time.Time) (time.Time, error) {
	fresh := progressed{Spec: t.Spec, Zone: t.Location.String(), Last: now, Known: now}
	err := s.progress.Insert(ctx, t.Name, fresh)
	if err == nil || !errors.Is(err, state.ErrExists) {
		return now, err
	}
	p, _, err := s.progress.Get(ctx, t.Name)
	if err == nil && (p.Spec != fresh.Spec || p.Zone != fresh.Zone) {
		p, err = s.progress.Change(ctx, t.Name, func(p *progressed) error {
			if p.Spec != fresh.Spec || p.Zone != fresh.Zone {
				*p = fresh
			}
			return nil
		})
	}
	return p.Last, err
}

// fire deals with the newest of the firings that are due, unless another process does. It answers whether it is dealt
// with.
func (s *Scheduler) fire(ctx context.Context, t timetable, d dues, now time.Time) (done bool, err error) {
	f, version, err := s.claim(ctx, t, d.newest, now)
	if err != nil || f.Done {
		return f.Done, err
	}
	if version == 0 {
		return false, nil
	}
	if d.missed(now) > 0 {
		if f.Notice, err = s.missed(ctx, t, d, now); err != nil {
			return false, err
		}
	}
	if late := d.late(now); !late || t.Missed == CatchUp {
		err := s.call(ctx, t, d.newest, late)
		if ctx.Err() != nil {
			return false, err // the next start takes it over
		}
		if err != nil {
			if f.Notice, err = s.failed(ctx, t, d.newest, err); err != nil {
				return false, err
			}
		}
	}
	f.Done = true
	return true, s.firings.Update(ctx, f.key(), f, version)
}

// claim makes this process the one that fires; version is 0 if another one is at it.
func (s *Scheduler) claim(ctx context.Context, t timetable, at, now time.Time) (f firing, version int64, err error) {
	mine := firing{Schedule: t.Name, At: at.UTC(), Owner: s.o.Owner, Until: now.Add(firingLease)}
	err = s.firings.Insert(ctx, mine.key(), mine)
	if err == nil {
		return mine, 1, nil
	}
	if !errors.Is(err, state.ErrExists) {
		return firing{}, 0, err
	}
	f, version, err = s.firings.Get(ctx, mine.key())
	if err != nil || f.Done {
		return f, 0, err
	}
	if f.Owner != s.o.Owner && now.Before(f.Until) && !state.Gone(f.Owner) {
		return f, 0, nil
	}
	err = s.firings.Update(ctx, mine.key(), mine, version)
	if errors.Is(err, state.ErrConflict) {
		return f, 0, nil
	}
	return mine, version + 1, err
}

// call fires, in up to three tries unless the error is one that was foreseen.
func (s *Scheduler) call(ctx context.Context, t timetable, at time.Time, late bool) error {
	ctx, cancel := context.WithTimeout(ctx, fireTime)
	defer cancel()
	var err error
	for try := range 3 {
		if try > 0 && sleep(ctx, time.Duration(try*try)*time.Second) != nil {
			break
		}
		err = safely(func() error { return t.Fire(ctx, at, late) })
		var problem *chat.Problem
		if err == nil || errors.As(err, &problem) {
			break
		}
	}
	return err
}

// failed stores that a firing could not be begun, and answers what is to be said about it.
func (s *Scheduler) failed(ctx context.Context, t timetable, at time.Time, err error) (string, error) {
	reference := chat.NewReference()
	s.o.Log.Error("a schedule could not be fired", "schedule", t.Name, "at", at, "reference", reference, "error", err)
	text := fmt.Sprintf("The schedule %s of %s could not begin its work.", chat.Literal(t.Name), chat.Time(at))
	var problem *chat.Problem
	if errors.As(err, &problem) {
		text += " " + problem.Say
	}
	if problem == nil || problem.Err != nil {
		text += " (reference " + reference + ")"
	}
	return text, s.note(ctx, t, at, "schedule.failed", events.Failure, text)
}

func (s *Scheduler) note(ctx context.Context, t timetable, at time.Time, what string, outcome events.Outcome, text string) error {
	_, err := s.o.Events.Append(ctx, events.Event{At: s.o.Now(), Key: what + "/" + firing{Schedule: t.Name, At: at}.key(),
		Who: self, What: what, On: []string{"schedule/" + t.Name}, Outcome: outcome, Text: text})
	return err
}

// prune forgets firings that were done long ago, a few at a time.
func (s *Scheduler) prune(ctx context.Context, t timetable, now time.Time) error {
	field := "schedule " + t.Name
	old, err := s.firings.Query(ctx, state.Query{OrderBy: field, Limit: 20,
		Where: []state.Condition{{Field: field, Op: state.Less, Value: state.SortableTime(now.Add(-keepFirings))}}})
	if err != nil {
		return err
	}
	for _, entry := range old {
		if err := s.firings.Delete(ctx, entry.ID, entry.Version); err != nil && !errors.Is(err, state.ErrNotFound) && !errors.Is(err, state.ErrConflict) {
			return err
		}
	}
	return nil
}

// keepSaying posts what is to be said, until it was, however long chat is away.
func (s *Scheduler) keepSaying(ctx context.Context) {
	if s.o.Poster == nil || s.o.OpsChannel == "" {
		return
	}
	const every = 5 * time.Second
	for failing := false; ; {
		err := s.say(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			s.o.Log.Warn("news of a schedule could not be posted; trying on", "error", err)
		}
		failing = err != nil
		if sleep(ctx, every) != nil {
			return
		}
	}
}

func (s *Scheduler) say(ctx context.Context) error {
	unsaid, err := s.firings.Query(ctx, state.Query{Where: is("unsaid", "1"), Limit: 20})
	if err != nil {
		return err
	}
	for _, entry := range unsaid {
		f := entry.Value
		_, err := s.o.Poster.Post(ctx, s.o.OpsChannel, chat.Message{Summary: f.Notice, Parts: []chat.Part{chat.Text("⏰ " + f.Notice)},
			Key: "schedule/" + f.key()})
		if err != nil {
			return err
		}
		f.Said = true
		if err := s.firings.Update(ctx, entry.ID, f, entry.Version); err != nil && !errors.Is(err, state.ErrConflict) {
			return err
		}
	}
	return nil
}
