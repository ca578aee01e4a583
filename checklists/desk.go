package checklists

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// Options are what a Desk works with.
type Options struct {
	Store  state.Store
	Events *events.Log
	// Slack is nil on the command line; then what follows from a change is left to the bot.
	Slack *bot.Slack
	Rules Rules
	Now   func() time.Time
	Log   *slog.Logger
	// Poll is how often the store is asked for what is due; 0 means 1 s.
	Poll time.Duration
	// LeaseTTL is how long another process waits for one that has fallen silent; 0 means 30 s.
	LeaseTTL time.Duration
}

// Desk takes checklists from their opening to their end.
type Desk struct {
	o         Options
	lists     *state.Collection[List]
	requested *state.Collection[int]
	kept      *Kept
	engine    *converge.Engine[List]

	mu sync.Mutex
	// looking are the items whose probes have not answered yet, and since when.
	looking map[string]time.Time
}

// New answers the desk; Run then brings about what is due.
func New(o Options) *Desk {
	o.Rules.LookEvery = cmp.Or(o.Rules.LookEvery, 15*time.Minute)
	o.Rules.LookFor = cmp.Or(o.Rules.LookFor, 20*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &Desk{
		o:         o,
		lists:     state.NewCollection(o.Store, "checklist", fields),
		requested: state.NewCollection[int](o.Store, "checklist-request", nil),
		kept:      NewKept(o.Store),
		looking:   map[string]time.Time{},
	}
	d.engine = converge.New(converge.Options[List]{
		Kind: "checklist", Records: d.lists, Name: func(l List) string { return fmt.Sprint(l.Number) },
		State: func(l *List) *converge.State { return &l.State }, Lanes: d.lanes(), Slack: o.Slack,
		Leases: state.NewLeases(o.Store, state.ThisProcess(), cmp.Or(o.LeaseTTL, 30*time.Second)), Now: o.Now, Log: o.Log, Poll: o.Poll,
	})
	return d
}

// Run brings about what is due, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	if d.o.Slack == nil {
		return errors.New("checklists: nothing can be brought about without Slack")
	}
	if err := d.closeGone(ctx); err != nil {
		d.o.Log.Warn("lists whose template is gone could not be closed; trying at the next start", "error", err)
	}
	return d.engine.Run(ctx)
}

// closeGone closes the open lists whose template the configuration does not have any more.
func (d *Desk) closeGone(ctx context.Context) error {
	open, err := d.Open(ctx)
	if err != nil {
		return err
	}
	for _, l := range open {
		if _, err := d.o.Rules.Find(l.Template.Name); err == nil {
			continue
		}
		if _, err := d.Change(ctx, l.Number, Act{Request: "gone"}, func(l *List) error {
			l.CloseGone(d.o.Now())
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// Rules are what the configuration decides.
func (d *Desk) Rules() Rules { return d.o.Rules }

// fields are what can be asked: the open ones and all by number, those of a template, and what is due in a lane.
func fields(l List) map[string]string {
	f := map[string]string{
		"number": recordID(l.Number), "at": state.SortableTime(l.Opened), "template " + l.Template.Name: recordID(l.Number),
	}
	if l.Status == Open {
		f["open"] = recordID(l.Number)
	}
	l.Index(f)
	return f
}

func recordID(number int) string { return fmt.Sprintf("%08d", number) }

// Scheduled opens the list of a template that was due at that moment; the message and all else follow. late says that opsbot
// was away then. It can be called again for the same moment, which opens nothing more.
func (d *Desk) Scheduled(ctx context.Context, template string, at time.Time, late bool) error {
	act := Act{Request: "schedule/" + template + "/" + at.UTC().Format(time.RFC3339), By: chat.User{Name: "the schedule"}, At: d.o.Now()}
	t, err := d.o.Rules.Find(template)
	if err != nil {
		return err
	}
	l, err := d.o.Rules.open(act, t, "")
	if err != nil {
		return err
	}
	l.For, l.Late = at.In(l.For.Location()), late
	text := fmt.Sprintf("%s was opened by the schedule.", t.Title)
	if late {
		text = fmt.Sprintf("%s of %s was opened late, as opsbot was away.", t.Title, chat.Time(at))
	}
	l.note(act, "opened", text)
	_, err = d.insert(ctx, l, func(context.Context) error { return nil })
	return err
}

// Start opens a list because a person wants it, for a version if the template asks for one. While one of the template is open
// it answers a *chat.Problem, but for a version that is another one: then that is closed as the schedule would.
func (d *Desk) Start(ctx context.Context, act Act, template, version string) (List, error) {
	t, err := d.o.Rules.Find(template)
	if err != nil {
		return List{}, err
	}
	l, err := d.o.Rules.open(act, t, version)
	if err != nil {
		return List{}, err
	}
	text := fmt.Sprintf("%s started the %s.", act.By.Mention(), lower(t.Title))
	if version != "" {
		text = fmt.Sprintf("%s started the %s for %s.", act.By.Mention(), lower(t.Title), chat.Literal(l.Version))
	}
	l.note(act, "opened", text)
	return d.insert(ctx, l, func(ctx context.Context) error {
		open, err := d.Open(ctx)
		if err != nil {
			return err
		}
		for _, o := range open {
			if o.Template.Name == template && o.Version == l.Version {
				return &chat.Problem{Say: fmt.Sprintf("%s is open already, since %s.", o.Called(), chat.Time(o.Opened)),
					Try: fmt.Sprintf("`/checklist show %d` shows it.", o.Number)}
			}
		}
		return nil
	})
}

// insert stores the list under the next number, once for its request, if nothing speaks against it.
func (d *Desk) insert(ctx context.Context, l List, check func(context.Context) error) (List, error) {
	d.engine.Touch(&l)
	for {
		if number, _, err := d.requested.Get(ctx, l.Request); err == nil {
			return d.Get(ctx, number)
		} else if !errors.Is(err, state.ErrNotFound) {
			return List{}, fmt.Errorf("checklists: open: %w", err)
		}
		// The newest is read before the check: what somebody else inserts after it takes the number, and this begins again.
		newest, err := d.lists.Query(ctx, state.Query{OrderBy: "number", Descending: true, Limit: 1})
		if err != nil {
			return List{}, fmt.Errorf("checklists: open: %w", err)
		}
		if err := check(ctx); err != nil {
			return List{}, err
		}
		l.Number = 1
		if len(newest) > 0 {
			l.Number = newest[0].Value.Number + 1
		}
		record, err := d.lists.Record(recordID(l.Number), l)
		if err != nil {
			return List{}, err
		}
		request, err := d.requested.Record(l.Request, l.Number)
		if err != nil {
			return List{}, err
		}
		err = d.o.Store.Insert(ctx, record, request)
		if errors.Is(err, state.ErrExists) {
			continue // somebody else took the number, or the request came twice at once
		}
		if err != nil {
			return List{}, fmt.Errorf("checklists: open: %w", err)
		}
		d.engine.Nudge()
		return d.Get(ctx, l.Number)
	}
}

// Get reads a list by its number, or answers a *chat.Problem.
func (d *Desk) Get(ctx context.Context, number int) (List, error) {
	l, _, err := d.lists.Get(ctx, recordID(number))
	if errors.Is(err, state.ErrNotFound) {
		return List{}, &chat.Problem{Say: fmt.Sprintf("There is no checklist #%d.", number), Try: "`/checklist history` lists the newest."}
	}
	if err != nil {
		return List{}, fmt.Errorf("checklists: read %d: %w", number, err)
	}
	return l, nil
}

// Open lists those that are open, the oldest first.
func (d *Desk) Open(ctx context.Context) ([]List, error) {
	return d.query(ctx, state.Query{OrderBy: "open"})
}

// Since lists those that were opened since then, the newest first, at most that many (0: all).
func (d *Desk) Since(ctx context.Context, t time.Time, most int) ([]List, error) {
	return d.query(ctx, state.Query{OrderBy: "at", Descending: true, Limit: most,
		Where: []state.Condition{{Field: "at", Op: state.GreaterEqual, Value: state.SortableTime(t)}}})
}

// History lists those of a template ("" for all), the newest first, at most that many (0: all).
func (d *Desk) History(ctx context.Context, template string, most int) ([]List, error) {
	field := "number"
	if template != "" {
		field = "template " + template
	}
	return d.query(ctx, state.Query{OrderBy: field, Descending: true, Limit: most})
}

func (d *Desk) query(ctx context.Context, q state.Query) ([]List, error) {
	entries, err := d.lists.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("checklists: list: %w", err)
	}
	all := make([]List, len(entries))
	for n, e := range entries {
		all[n] = e.Value
	}
	return all, nil
}

// Change applies a person's decision once, whatever becomes of this process afterwards, and answers the list as it then is. A
// request that was applied before answers the list as it is now. A *chat.Problem of decide changes nothing.
func (d *Desk) Change(ctx context.Context, number int, act Act, decide func(*List) error) (List, error) {
	if _, err := d.Get(ctx, number); err != nil {
		return List{}, err
	}
	return d.engine.Change(ctx, recordID(number), act.Request, decide)
}

// Step brings about all that is due now, and returns.
func (d *Desk) Step(ctx context.Context) error { return d.engine.Step(ctx) }

// Due answers when there is something to bring about next, zero for never. It goes with Step.
func (d *Desk) Due(ctx context.Context) (time.Time, error) { return d.engine.Due(ctx) }
