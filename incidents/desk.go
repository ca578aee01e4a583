package incidents

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/github"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/state"
)

// Options are what a Desk works with.
type Options struct {
	Store  state.Store
	Events *events.Log
	// Slack is nil on the command line; then what follows from a change is left to the bot.
	Slack *bot.Slack
	// GitHub is nil when nothing is to be filed; then post-mortems are Markdown files in Objects.
	GitHub *github.Repo
	// Labels are put on every post-mortem.
	Labels []string
	// Objects keeps the files of timelines.
	Objects objects.Store
	Rules   Rules
	Now     func() time.Time
	Log     *slog.Logger
	// Poll is how often the store is asked for what is due; 0 means 1 s.
	Poll time.Duration
	// LeaseTTL is how long another process waits for one that has fallen silent; 0 means 30 s.
	LeaseTTL time.Duration
}

// Desk takes incidents from their declaration to what remains of them.
type Desk struct {
	o         Options
	incidents *state.Collection[Incident]
	declared  *state.Collection[int]
	entries   *state.Collection[Entry]
	leases    *state.Leases
	engine    *converge.Engine[Incident]

	installations *state.Collection[string]
	mornings      *state.Collection[morning]

	mu sync.Mutex
	// reminding says that this process is at bringing up overdue actions; remindedOn is the day on which that was done. If
	// it failed it is tried again at remindAgain.
	reminding   bool
	remindedOn  string
	remindAgain time.Time
}

// New answers the desk; Run then brings about what is due.
func New(o Options) *Desk {
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.LeaseTTL = cmp.Or(o.LeaseTTL, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &Desk{
		o:             o,
		incidents:     state.NewCollection(o.Store, "incident", fields),
		declared:      state.NewCollection[int](o.Store, "incident-request", nil),
		entries:       state.NewCollection(o.Store, "incident-entry", entryFields),
		installations: state.NewCollection[string](o.Store, "installation", nil),
		mornings:      state.NewCollection[morning](o.Store, "incident-morning", nil),
		leases:        state.NewLeases(o.Store, state.ThisProcess(), o.LeaseTTL),
	}
	var lanes []converge.Lane[Incident]
	for _, l := range d.allLanes() {
		lanes = append(lanes, d.converging(l))
	}
	d.engine = converge.New(converge.Options[Incident]{
		Kind: "incident", Records: d.incidents, Name: func(i Incident) string { return strconv.Itoa(i.Number) },
		State: func(i *Incident) *converge.State { return &i.State }, Lanes: lanes, Slack: o.Slack,
		Leases: d.leases, Now: o.Now, Log: o.Log, Poll: o.Poll, Beside: d.remindOfActions,
	})
	return d
}

// Rules are what the configuration decides.
func (d *Desk) Rules() Rules { return d.o.Rules }

// fields are what can be asked: the open ones and all by number, by channel, and what is due in a lane.
func fields(i Incident) map[string]string {
	f := map[string]string{"number": recordID(i.Number), "at": state.SortableTime(i.At)}
	if i.Status != Closed {
		f["open"] = recordID(i.Number)
	}
	if i.Place.Channel != "" {
		f["channel"] = i.Place.Channel
	}
	i.Index(f)
	if len(i.OpenActions()) > 0 {
		f["actions"] = recordID(i.Number)
	}
	return f
}

func recordID(number int) string { return fmt.Sprintf("%08d", number) }

// Declaration is what is known when an incident is declared.
type Declaration struct {
	Title, Severity string
	Services        []string
	Seen            string
	Private, Drill  bool
	// From is the message that it is about, or only the channel where it was declared.
	From chat.Ref
	// Run is the failed run that it is about.
	Run string
	// Began is when the trouble was first seen by a machine, and Source what saw it; zero when nobody knows better than
	// the declaration.
	Began  time.Time
	Source string
}

// mostTitle is how many characters a title has at most.
const mostTitle = 120

// Declare stores a new incident and answers it; its channel and all else follows. A request that has declared one
// before answers that one.
func (d *Desk) Declare(ctx context.Context, act Act, what Declaration) (Incident, error) {
	i, err := d.o.Rules.declare(act, what)
	if err != nil {
		return Incident{}, err
	}
	d.engine.Touch(&i)
	for {
		if number, _, err := d.declared.Get(ctx, act.Request); err == nil {
			return d.Get(ctx, number)
		} else if !errors.Is(err, state.ErrNotFound) {
			return Incident{}, fmt.Errorf("incidents: declare: %w", err)
		}
		newest, err := d.incidents.Query(ctx, state.Query{OrderBy: "number", Descending: true, Limit: 1})
		if err != nil {
			return Incident{}, fmt.Errorf("incidents: declare: %w", err)
		}
		i.Number = 1
		if len(newest) > 0 {
			i.Number = newest[0].Value.Number + 1
		}
		err = d.insert(ctx, i)
		if errors.Is(err, state.ErrExists) {
			continue // somebody else took the number, or the request came twice at once
		}
		if err != nil {
			return Incident{}, fmt.Errorf("incidents: declare: %w", err)
		}
		d.engine.Nudge()
		return d.Get(ctx, i.Number)
	}
}

// insert stores the incident and that its request has declared one, both or neither.
func (d *Desk) insert(ctx context.Context, i Incident) error {
	record, err := d.incidents.Record(recordID(i.Number), i)
	if err != nil {
		return err
	}
	request, err := d.declared.Record(i.Request, i.Number)
	if err != nil {
		return err
	}
	return d.o.Store.Insert(ctx, record, request)
}

// declare makes the record of a new incident.
func (r Rules) declare(act Act, what Declaration) (Incident, error) {
	title := strings.Join(strings.Fields(what.Title), " ")
	switch {
	case title == "":
		return Incident{}, &chat.Problem{Say: "An incident needs a title.", Try: "As in `/incident sev2 payments failing`."}
	case len([]rune(title)) > mostTitle:
		return Incident{}, &chat.Problem{Say: fmt.Sprintf("The title has %d characters; at most %d fit.", len([]rune(title)), mostTitle), Try: "Put the rest into what is seen."}
	}
	severity, err := r.Severity(what.Severity)
	if err != nil {
		return Incident{}, err
	}
	if err := r.checkServices(what.Services); err != nil {
		return Incident{}, err
	}
	i := Incident{
		Request: act.Request, Title: title, Severity: severity.Name, Services: what.Services, Seen: strings.TrimSpace(what.Seen),
		Private: what.Private, Drill: what.Drill, By: act.By, At: act.At, From: what.From, Run: what.Run,
		Status: Investigating, Since: act.At, Milestones: map[Milestone]Mark{},
	}
	for _, step := range r.FirstResponse {
		i.Response = append(i.Response, Step{Text: step})
	}
	i.Began(what)
	i.reach(Began, act, "the declaration, as nothing earlier is known")
	i.reach(Detected, act, "the declaration by "+act.By.Mention())
	i.note(act, "declared", fmt.Sprintf("%s declared the %s as *%s*: %s", act.By.Mention(), i.Kind(), severity.Name, typed(title)))
	i.expectUpdate(r, act.At)
	return i, nil
}

// Began notes what a machine saw before a person did.
func (i *Incident) Began(what Declaration) {
	if what.Began.IsZero() || what.Began.After(i.At) {
		return
	}
	seen := Act{At: what.Began}
	i.reach(Began, seen, what.Source)
	i.reach(Detected, seen, what.Source)
}

// Run brings about what is due, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	if d.o.Slack == nil {
		return errors.New("incidents: nothing can be brought about without Slack")
	}
	return d.engine.Run(ctx)
}

// Get reads an incident by its number, or answers a *chat.Problem.
func (d *Desk) Get(ctx context.Context, number int) (Incident, error) {
	i, version, err := d.incidents.Get(ctx, recordID(number))
	if errors.Is(err, state.ErrNotFound) {
		return Incident{}, &chat.Problem{Say: fmt.Sprintf("There is no incident #%d.", number), Try: "`/incident list` shows the open ones and the newest."}
	}
	if err != nil {
		return Incident{}, fmt.Errorf("incidents: read %d: %w", number, err)
	}
	i.version = version
	return i, nil
}

// Parse reads "#12", "12" or "inc-12".
func Parse(word string) (int, bool) {
	word = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(word), "inc-"), "#")
	n, err := strconv.Atoi(word)
	return n, err == nil && n > 0
}

// In answers the incident whose channel that is; false when it is none's.
func (d *Desk) In(ctx context.Context, channel string) (Incident, bool, error) {
	if channel == "" {
		return Incident{}, false, nil
	}
	found, err := d.query(ctx, state.Query{Where: []state.Condition{{Field: "channel", Op: state.Equal, Value: channel}}, Limit: 1})
	if err != nil || len(found) == 0 {
		return Incident{}, false, err
	}
	return found[0], true, nil
}

// Open lists the incidents that are not closed: worst first, then the oldest. Private ones are among them.
func (d *Desk) Open(ctx context.Context) ([]Incident, error) {
	open, err := d.query(ctx, state.Query{OrderBy: "open"})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(open, func(a, b Incident) int {
		return cmp.Or(cmp.Compare(d.o.Rules.rank(a.Severity), d.o.Rules.rank(b.Severity)), cmp.Compare(a.Number, b.Number))
	})
	return open, nil
}

// Since lists the incidents that were declared since then, the newest first, at most that many (0: all).
func (d *Desk) Since(ctx context.Context, t time.Time, most int) ([]Incident, error) {
	return d.query(ctx, state.Query{OrderBy: "at", Descending: true, Limit: most,
		Where: []state.Condition{{Field: "at", Op: state.GreaterEqual, Value: state.SortableTime(t)}}})
}

func (d *Desk) query(ctx context.Context, q state.Query) ([]Incident, error) {
	entries, err := d.incidents.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("incidents: list: %w", err)
	}
	all := make([]Incident, len(entries))
	for n, e := range entries {
		all[n] = e.Value
		all[n].version = e.Version
	}
	return all, nil
}

// Change applies a person's decision once, whatever becomes of this process afterwards, and answers the incident as it
// then is. A request that was applied before answers the incident as it is now. A *chat.Problem of decide changes nothing.
func (d *Desk) Change(ctx context.Context, number int, act Act, decide func(*Incident) error) (Incident, error) {
	if _, err := d.Get(ctx, number); err != nil {
		return Incident{}, err
	}
	return d.engine.Change(ctx, recordID(number), act.Request, func(i *Incident) error {
		if err := decide(i); err != nil {
			return err
		}
		d.o.Rules.settle(i)
		return nil
	})
}
