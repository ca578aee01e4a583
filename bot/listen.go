package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// links are the connections to Slack, several side by side, because Slack hands each envelope to any one of them and
// refreshes each every few hours. slack-go's own Socket Mode client closes a connection before it opens the next,
// which leaves a gap, so the loop is ours.
type links struct {
	b     *Bot
	mu    sync.Mutex
	count int
	once  sync.Once
	slots chan struct{} // bounds the envelopes that are being stored
}

// The waits of the loop: for hello, for a connection's last acknowledgements, for Slack to close it, between attempts, and between attempts
// when Slack has refused the tokens or switched Socket Mode off.
const (
	helloWithin  = 15 * time.Second
	retireWithin = 3 * time.Second
	lingerWithin = time.Minute
	longestRedo  = 30 * time.Second
	refusedRedo  = time.Minute
	storing      = 1024 // a slow store must not make a queue: what is stored together takes no longer
)

func newLinks(b *Bot) *links {
	return &links{b: b, slots: make(chan struct{}, storing)}
}

func (l *links) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *links) add(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count += n
}

// keep holds all connections open until the context ends, or Slack refuses the first.
func (l *links) keep(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	faults := make([]error, l.b.o.Connections)
	var wg sync.WaitGroup
	for i := range faults {
		wg.Go(func() {
			if faults[i] = l.hold(ctx); faults[i] != nil {
				stop()
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}

// hold keeps one connection open: when Slack wants it replaced, the next is greeted before it is closed.
func (l *links) hold(ctx context.Context) error {
	current, err := l.connect(ctx)
	for err == nil && current != nil {
		select {
		case <-ctx.Done():
			current.retire(retireWithin)
			l.add(-1)
			return nil
		case <-current.done:
			l.add(-1)
			l.b.log.Info("a connection to Slack has ended")
			current.wg.Wait()
			current, err = l.connect(ctx)
		case reason := <-current.leave:
			l.b.log.Info("Slack wants a connection replaced", "reason", reason)
			if reason == "link_disabled" {
				l.b.log.Error("Socket Mode is switched off for this app; switch it on in the app's settings")
			}
			old := current
			l.b.wg.Go(func() { l.linger(ctx, old) })
			current, err = l.connect(ctx)
		}
	}
	return err
}

// linger keeps a connection that is being replaced: Slack hands envelopes to it until it closes it itself.
func (l *links) linger(ctx context.Context, old *socket) {
	timer := time.NewTimer(lingerWithin)
	defer timer.Stop()
	select {
	case <-old.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	old.retire(retireWithin)
	l.add(-1)
}

// connect opens a connection and waits for its hello, again and again until the context ends: then it answers nil. It
// fails when Slack refuses the tokens before any connection was ever greeted.
func (l *links) connect(ctx context.Context) (*socket, error) {
	for n := 0; ctx.Err() == nil; n++ {
		s, err := l.attempt(ctx)
		if err == nil {
			l.add(1)
			l.once.Do(func() { close(l.b.greeted) })
			return s, nil
		}
		if ctx.Err() != nil {
			break
		}
		pause := min(firstWait<<min(n, 10), longestRedo)
		if fatal(err) {
			if !closed(l.b.greeted) {
				return nil, fmt.Errorf("bot: open Socket Mode: %w", explain("", err))
			}
			pause = refusedRedo
		}
		l.b.log.Warn("could not connect to Slack, trying again", "attempts", n+1, "error", err)
		if sleep(ctx, pause/2+wait(0, err)) != nil {
			break
		}
	}
	return nil, nil
}

// fatal says that only a person can mend it. link_disabled and the like come with a refused apps.connections.open too.
func fatal(err error) bool {
	return slices.Contains([]string{"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
		"not_allowed_token_type", "missing_scope", "forbidden_team", "socket_mode_not_enabled"}, Code(err))
}

func (l *links) attempt(ctx context.Context) (*socket, error) {
	var url string
	err := l.b.slack.once(ctx, "apps.connections.open", "", func(ctx context.Context) (err error) {
		_, url, err = l.b.slack.api.StartSocketModeContext(ctx)
		if err == nil && url == "" {
			err = errEmptyAnswer
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s, err := dial(ctx, url, l.b.o.PingEvery, l.take)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(helloWithin)
	defer timer.Stop()
	select {
	case <-s.greeted:
		return s, nil
	case reason := <-s.leave:
		err = fmt.Errorf("Slack closed the new connection: %s", reason)
	case <-s.done:
		err = errors.New("the new connection ended before it was greeted")
	case <-timer.C:
		err = errors.New("the new connection was not greeted")
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	s.retire(retireWithin)
	return nil, err
}

// take is called by a socket's reader with each envelope and returns at once.
func (l *links) take(s *socket, e envelope) {
	l.b.wg.Go(func() {
		defer s.pending.Add(-1)
		l.accept(s, e)
	})
}

// accept stores an envelope, hands it over and acknowledges it. One that cannot be stored in time is refused.
func (l *links) accept(s *socket, e envelope) {
	b, begun, result := l.b, time.Now(), "copy"
	defer func() { b.o.Settled(e.kind(), result, time.Since(begun)) }()
	id, err := e.key()
	if err != nil {
		result = "refused"
		b.log.Warn("an envelope that can't be read", "type", e.Type, "error", err)
		return
	}
	if !b.wanted(e) {
		result = "ignored"
		s.ack(e, nil)
		return
	}
	within, refusable := b.o.StoreWithin, e.Type != eventsType
	if !refusable {
		within = 10 * within // nobody waits for it: late is better than a repeat
	}
	err = b.arrivals.settle(id, refusable, func() error {
		result = "stored"
		one := stored{ID: id, Type: e.Type, Payload: e.Payload, Received: b.now(), Copy: rand.Text()}
		err := l.storeWithin(one, within, refusable)
		if errors.Is(err, state.ErrExists) {
			return nil // another process has it
		}
		return err
	})
	if err != nil {
		result = "refused"
		b.log.Error("an envelope could not be stored, nothing was done", "id", id, "error", err)
		b.refuse(s, e)
		return
	}
	b.lanes.add(id, e) // before the acknowledgement, upon which the person may ask for the next thing
	s.ack(e, b.accepted(e))
}

// errLate is the error of an insert that took too long.
var errLate = errors.New("the store did not answer in time")

// storeWithin inserts the envelope. After an error that leaves its fate open a tombstone makes sure that it is never
// worked on.
func (l *links) storeWithin(s stored, within time.Duration, refusable bool) error {
	r, err := s.record(statusStored)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(l.b.life, within)
	defer cancel()
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return errLate
	}
	inserted := make(chan error, 1)
	l.b.wg.Go(func() {
		defer func() { <-l.slots }()
		inserted <- l.b.store.Insert(ctx, r)
	})
	select {
	case err = <-inserted:
	case <-ctx.Done():
		err = errLate
	}
	if err == nil || errors.Is(err, state.ErrExists) || !refusable {
		return err
	}
	l.b.wg.Go(func() {
		if errors.Is(err, errLate) {
			if late := <-inserted; late != nil {
				l.b.log.Warn("a refused envelope was not stored later either", "id", s.ID, "error", late)
			}
		}
		l.b.bury(s)
	})
	return err
}

// bury leaves a record by which a refused envelope can't be worked on, however late its insert lands.
func (b *Bot) bury(s stored) {
	ctx, cancel := context.WithTimeout(b.life, time.Minute)
	defer cancel()
	for n := 0; ; n++ {
		err := b.buryOnce(ctx, s)
		if err == nil {
			return
		}
		if sleep(ctx, wait(n, err)) != nil {
			b.log.Error("a refused envelope could not be marked", "id", s.ID, "error", err)
			return
		}
	}
}

func (b *Bot) buryOnce(ctx context.Context, s stored) error {
	r, err := s.record(statusRefused)
	if err != nil {
		return err
	}
	if err = b.store.Insert(ctx, r); !errors.Is(err, state.ErrExists) {
		return err
	}
	landed, err := b.load(ctx, s.ID)
	if err != nil || landed.Copy != s.Copy || landed.status != statusStored || landed.By != "" {
		return err
	}
	return b.save(ctx, &landed, statusRefused)
}

// accepted is the answer that goes with the acknowledgement of a stored envelope: a submitted form shows that its work
// has begun, until the result replaces it.
func (b *Bot) accepted(e envelope) any {
	p, ok := e.submission()
	if !ok {
		return nil
	}
	view, err := b.slack.notice(p.View, chat.Text(":hourglass_flowing_sand: Working on it…"))
	if err != nil {
		return nil
	}
	view.NotifyOnClose = false
	return map[string]any{"response_action": "update", "view": view}
}

// refuse tells the person in plain words that nothing was done, by the means that each type of envelope has.
func (b *Bot) refuse(s *socket, e envelope) {
	const say = "I could not note down your request, so nothing was done. Please try again in a moment."
	if e.Type == slashType && e.AcceptsPayload {
		s.ack(e, map[string]string{"response_type": "ephemeral", "text": say})
		return
	}
	if p, ok := e.submission(); ok {
		if input := p.View.firstInput(); input != "" {
			s.ack(e, map[string]any{"response_action": "errors", "errors": map[string]string{input: say}})
			return
		}
		if view, err := b.slack.notice(p.View, chat.Text(":warning: "+say)); err == nil {
			s.ack(e, map[string]any{"response_action": "update", "view": view})
		}
		return
	}
	// The rest is not acknowledged: Slack marks the button as failed, and repeats events.
	p, err := e.read()
	if err != nil || e.Type == eventsType || p.ResponseURL == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.life, b.slack.o.CallWithin)
	defer cancel()
	b.slack.Try(ctx, "tell that a request was not noted down", b.slack.respond(ctx, p.ResponseURL, p.User.ID, chat.Message{Summary: say, Private: true}, false))
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
