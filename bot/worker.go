package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// lanes hold the IDs of stored envelopes that wait for a worker. Those of one person in one channel are a lane: they
// are worked on one after the other, in order. An ID that waits or is worked on is not taken again.
type lanes struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting map[string][]string // by lane; a lane that is being worked on keeps its entry
	ready   []string            // lanes that a worker may take
	known   map[string]bool
	closed  bool
}

func newLanes() *lanes {
	l := &lanes{waiting: map[string][]string{}, known: map[string]bool{}}
	l.changed = sync.NewCond(&l.mu)
	return l
}

func (l *lanes) add(id string, e envelope) {
	lane := e.lane()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[id] {
		return
	}
	l.known[id] = true
	_, busy := l.waiting[lane]
	l.waiting[lane] = append(l.waiting[lane], id)
	if !busy {
		l.ready = append(l.ready, lane)
		l.changed.Signal()
	}
}

// take waits for work; ok is false once the lanes are closed.
func (l *lanes) take() (lane, id string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.ready) == 0 && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return "", "", false
	}
	lane = l.ready[0]
	l.ready = l.ready[1:]
	return lane, l.waiting[lane][0], true
}

// done ends the work on the head of a lane.
func (l *lanes) done(lane, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, id)
	if l.waiting[lane] = l.waiting[lane][1:]; len(l.waiting[lane]) == 0 {
		delete(l.waiting, lane)
		return
	}
	l.ready = append(l.ready, lane)
	l.changed.Signal()
}

func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.changed.Broadcast()
}

// settleView is how long after a submission its form is left alone.
const settleView = 300 * time.Millisecond

// maxAttempts is how often an envelope is begun: a handler that ended the process twice would do it again.
const maxAttempts = 2

// underWay is how many requests are on their way at once. Most of that is waiting for the store or for Slack, which must
// not keep others from it; how many handlers run at once is bounded by itself.
const underWay = 512

// work takes what is ready until the lanes are closed, and waits for what it has begun.
func (b *Bot) work(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	places := make(chan struct{}, underWay)
	for {
		lane, id, ok := b.lanes.take()
		if !ok {
			return
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			b.process(ctx, id)
			b.lanes.done(lane, id)
		})
	}
}

// tend picks up what was stored and not done, and forgets what was done long ago. picked says that the first was done.
func (b *Bot) tend(ctx context.Context, picked bool) {
	forgotten := time.Time{}
	for pause := time.Second; sleep(ctx, pause) == nil; pause = time.Minute {
		err := b.pickUp(ctx, !picked)
		picked = picked || err == nil
		if err == nil && time.Since(forgotten) > time.Hour {
			err = b.forgetDone(ctx)
			forgotten = time.Now()
		}
		if err != nil && ctx.Err() == nil {
			b.log.Error("could not look through the stored envelopes", "error", err)
		}
	}
}

// pickUp hands over the envelopes that are not done, oldest first: at the start all of them, later those that another
// instance has left lying.
func (b *Bot) pickUp(ctx context.Context, all bool) error {
	left, err := b.store.Query(ctx, state.Query{Kind: kindEnvelope, OrderBy: "at",
		Where: []state.Condition{{Field: "status", Op: state.Equal, Value: statusStored}}})
	if err != nil {
		return fmt.Errorf("bot: look for envelopes to do: %w", err)
	}
	for _, r := range left {
		s, err := decodeStored(r)
		if err != nil {
			return err
		}
		if all || b.now().Sub(latest(s.Received, s.Until)) > time.Minute {
			b.lanes.add(s.ID, envelope{Type: s.Type, Payload: s.Payload})
		}
	}
	return nil
}

func (b *Bot) forgetDone(ctx context.Context) error {
	before := state.SortableTime(b.now().Add(-keepDone))
	for _, status := range []string{statusDone, statusFailed, statusRefused} {
		err := forget(ctx, b.store, state.Query{Kind: kindEnvelope, OrderBy: "at", Limit: 200, Where: []state.Condition{
			{Field: "status", Op: state.Equal, Value: status}, {Field: "at", Op: state.Less, Value: before}}})
		if err != nil {
			return fmt.Errorf("bot: forget envelopes: %w", err)
		}
	}
	return nil
}

// process does what a stored envelope asks for, unless it is done or in other hands, and notes the outcome.
func (b *Bot) process(ctx context.Context, id string) {
	s, ok := b.claim(ctx, id)
	if !ok {
		return
	}
	status := statusDone
	var err error
	if s.Attempts > maxAttempts {
		status, err = statusFailed, b.giveUp(ctx, &s)
	} else {
		err = b.serve(ctx, &s)
	}
	if errors.Is(err, errTaken) {
		return // another instance does it, and notes it
	}
	if stopping(ctx, err) { // the next start does it
		s.Attempts--
		s.By, s.Until = "", time.Time{}
		status = statusStored
	} else if err != nil {
		s.Fault = b.fault("a request was not answered", &s, err)
		status = statusFailed
	}
	b.settle(ctx, &s, status)
}

// claim marks an envelope as being worked on by this instance and counts the attempt.
func (b *Bot) claim(ctx context.Context, id string) (stored, bool) {
	for n := 0; ; n++ {
		s, err := b.load(ctx, id)
		if errors.Is(err, state.ErrNotFound) || err == nil && !b.mine(s) {
			return s, false
		}
		if err == nil {
			s.Attempts++
			s.By, s.Until = b.o.Instance, b.now().Add(b.o.HandleWithin+time.Minute)
			if err = b.save(ctx, &s, statusStored); err == nil {
				return s, true
			}
		}
		if errors.Is(err, state.ErrConflict) {
			return s, false // another instance was faster
		}
		b.log.Error("could not begin with a stored envelope, trying again", "id", id, "error", err)
		if sleep(ctx, wait(n, err)) != nil {
			return s, false
		}
	}
}

func (b *Bot) mine(s stored) bool {
	held := s.By != "" && s.By != b.o.Instance && s.Until.After(b.now())
	return s.status == statusStored && !held && !b.arrivals.refused(s.ID)
}

// settle notes the outcome, also while the bot is shutting down.
func (b *Bot) settle(ctx context.Context, s *stored, status string) {
	if ctx.Err() != nil {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		ctx = bounded
	}
	for n := 0; ; n++ {
		err := b.save(ctx, s, status)
		if err == nil || errors.Is(err, state.ErrConflict) || errors.Is(err, state.ErrNotFound) {
			return
		}
		if sleep(ctx, wait(n, err)) != nil {
			b.log.Error("the outcome of a request could not be noted, it will be done again", "id", s.ID, "error", err)
			return
		}
	}
}

var errGivenUp = errors.New("bot: the request ended the process more than once")

// giveUp tells the person that the request ended the process again and again.
func (b *Bot) giveUp(ctx context.Context, s *stored) error {
	t, err := b.route(ctx, s)
	s.Fault = b.fault("a request ended the process more than once, given up", s, err)
	if t == nil || t.request.User.ID == "" || t.event {
		return nil
	}
	b.record(ctx, t, nil, errGivenUp)
	return b.answer(ctx, t.request, Reply{}, &chat.Problem{
		Say: "I stopped in the middle of this more than once, so I gave it up.",
		Try: "Please look at what it left behind before you try again (reference " + s.Fault + ").",
	})
}

// serve has the handlers do what was asked, and answers. An error means that the person could not be answered.
func (b *Bot) serve(ctx context.Context, s *stored) error {
	t, err := b.route(ctx, s)
	if t == nil {
		if err != nil {
			b.log.Warn("an envelope that can't be understood", "id", s.ID, "error", err)
		}
		return nil
	}
	if t.event {
		return b.tell(ctx, s, t)
	}
	if v := t.request.origin.view; v != nil && v.Type == "home" { // it is open, and what was pressed changes it
		defer func() { b.homes.visit(t.request.User.ID, b.now()) }()
	}
	denied := b.permit(ctx, t, err)
	if denied != nil {
		err = denied
	}
	var reply Reply
	if err == nil {
		reply, err = b.handle(ctx, s, t.request, t.run)
	}
	if errors.Is(err, errTaken) {
		return err
	}
	if t.request.origin.submitted {
		// Slack gives no order between the acknowledgement, which shows "Working on it…", and a call that replaces it.
		_ = sleep(ctx, settleView-b.now().Sub(s.Received)) // cut short, the answer fails by itself
	}
	if stopping(ctx, err) {
		return err
	}
	b.record(ctx, t, denied, err)
	problem := b.speakable(s, err)
	if err = b.answer(ctx, t.request, reply, problem); err == nil || problem != nil || stopping(ctx, err) {
		return err
	}
	return b.answer(ctx, t.request, Reply{}, b.speakable(s, err))
}

// errTaken says that an envelope waited here for so long that another instance took it over.
var errTaken = errors.New("bot: another instance has taken the request over")

// hand waits until a handler may run; free lets the next one. If that took long, the claim on the envelope (when there
// is one) counts anew from then on.
func (b *Bot) hand(ctx context.Context, s *stored) (free func(), err error) {
	select {
	case b.hands <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	free = func() { <-b.hands }
	until := b.now().Add(b.o.HandleWithin + time.Minute)
	if s == nil || until.Sub(s.Until) < time.Minute/2 {
		return free, nil
	}
	s.Until = until
	if err = b.save(ctx, s, statusStored); err != nil {
		free()
		if errors.Is(err, state.ErrConflict) {
			err = errTaken
		}
		return nil, err
	}
	return free, nil
}

// stopping says that an error comes from the end of the bot, so that the next start has to do the work.
func stopping(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, ErrClosed))
}

// permit checks who asks. What could not be routed is for members only, too: outsiders learn nothing about what there is.
func (b *Bot) permit(ctx context.Context, t *asked, unrouted error) error {
	role := t.role
	if unrouted != nil {
		role = Anyone
	}
	err := b.may(ctx, t.request.User.ID, t.request.origin.team, role)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// record notes in the log of events what was asked and what came of it, once for each request: after a crash in the
// middle the request is begun again, or given up, and recorded then.
func (b *Bot) record(ctx context.Context, t *asked, denied, err error) {
	if t.quiet && denied == nil || b.o.Events == nil {
		return
	}
	r := t.request
	asked := chat.Redact(t.what)
	e := events.Event{At: r.At, Key: "command/" + r.ID, Who: r.User, What: "command", Outcome: events.OK,
		Text: "asked for " + chat.Literal(asked), Detail: map[string]string{"asked": asked, "channel": r.Channel}}
	if name := b.belongsTo(r.Action); name != "" {
		e.Detail[events.Command] = name
	}
	if b.o.About != nil {
		words := append(slices.Clone(r.Words), strings.Fields(r.Value+" "+r.Meta)...)
		for _, chosen := range r.Values {
			words = append(words, chosen...)
		}
		e.On, e.Run = b.o.About(words)
	}
	problem, refused := errors.AsType[*chat.Problem](err)
	switch {
	case denied != nil && refused:
		e.What, e.Outcome, e.Text = "command.refused", events.Refused, e.Text+" and was refused: "+chat.Redact(problem.Say)
	case refused && problem.Err == nil:
		e.Outcome, e.Text = events.Refused, e.Text+", to no effect: "+chat.Redact(problem.Say)
	case err != nil:
		e.Outcome, e.Text = events.Failure, e.Text+", which failed"
	}
	if _, fault := b.o.Events.Append(ctx, e); fault != nil {
		b.log.Error("what was asked could not be recorded", "id", r.ID, "error", fault)
	}
}

// belongsTo answers the command that an action ("backup now", "backup.all", "form:backup.now") belongs to, or "".
func (b *Bot) belongsTo(action string) string {
	if a, ok := b.actions[action]; ok {
		return a.command
	}
	name, _, _ := strings.Cut(action, " ")
	if _, ok := b.commands[name]; ok {
		return name
	}
	return ""
}

// tell calls every handler of an event. Nobody asked, so failures are only logged.
func (b *Bot) tell(ctx context.Context, s *stored, t *asked) error {
	for _, e := range b.o.On {
		if e.Type != t.request.Action {
			continue
		}
		if _, err := b.handle(ctx, s, t.request, e.Run); err != nil {
			if stopping(ctx, err) || errors.Is(err, errTaken) {
				return err
			}
			b.fault("an event could not be handled", s, err)
		}
	}
	return nil
}

// handle calls a handler when there is a hand free, within its time; a panic becomes an error.
func (b *Bot) handle(ctx context.Context, s *stored, r Request, run Handler) (reply Reply, err error) {
	free, err := b.hand(ctx, s)
	if err != nil {
		return Reply{}, err
	}
	defer free()
	r.may = b.May
	ctx, cancel := context.WithTimeout(ctx, b.o.HandleWithin)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bot: the handler of %s panicked: %v\n%s", r.Action, p, debug.Stack())
		}
	}()
	return run(ctx, r)
}

// speakable makes an error one that can be shown: internal ones become a short reference to the log.
func (b *Bot) speakable(s *stored, err error) *chat.Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*chat.Problem](err); ok {
		if p.Err == nil {
			return p
		}
		reference := chat.NewReference()
		b.log.Warn("a request met a problem", "reference", reference, "id", s.ID, "error", p.Err)
		told := *p
		told.Try = strings.TrimSpace(p.Try + " (reference " + reference + ")")
		return &told
	}
	s.Fault = b.fault("a request failed", s, err)
	return &chat.Problem{Say: "Something went wrong inside opsbot (reference " + s.Fault + ").",
		Try: "The log has the details under that reference.", Err: err}
}

// fault logs an error under a new short reference and answers that.
func (b *Bot) fault(what string, s *stored, err error) string {
	reference := chat.NewReference()
	b.log.Error("a fault", "what", what, "reference", reference, "id", s.ID, "attempt", s.Attempts, "error", err)
	return reference
}
