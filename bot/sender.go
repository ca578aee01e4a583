package bot

import (
	"context"
	"slices"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// sender sends what one channel gets, one thing at a time, in the order in which it was asked for. Its goroutine lives
// as long as there is something to send. All its fields are guarded by Slack.mu.
type sender struct {
	queue  []task
	edits  map[string]*edit // by the message's timestamp
	active bool
	wake   chan struct{}
}

// task is one thing to send, not before due. It gets the context of the senders; fail is called instead of do when
// that has ended.
type task struct {
	due  time.Time
	do   func(ctx context.Context)
	fail func()
	rest bool // due at once when the senders are shutting down
}

// start lets the senders run, with what was waiting for that.
func (s *Slack) start(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = ctx
	for _, c := range s.senders {
		s.nudge(c)
	}
}

func (s *Slack) senderOf(channel string) *sender {
	c, ok := s.senders[channel]
	if !ok {
		c = &sender{edits: map[string]*edit{}, wake: make(chan struct{}, 1)}
		s.senders[channel] = c
	}
	return c
}

// nudge makes the sender look at its queue. The caller holds s.mu.
func (s *Slack) nudge(c *sender) {
	if s.running == nil || len(c.queue) == 0 {
		return
	}
	if c.active {
		select {
		case c.wake <- struct{}{}:
		default: // it will look anyway
		}
		return
	}
	c.active = true
	ctx := s.running
	s.wg.Go(func() { s.drain(ctx, c) })
}

func (s *Slack) drain(ctx context.Context, c *sender) {
	for {
		t, pause, ok := s.next(c)
		switch {
		case !ok:
			return
		case ctx.Err() != nil:
			t.fail()
		case pause > 0:
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-c.wake:
			case <-ctx.Done():
			}
			timer.Stop()
		default:
			t.do(ctx)
		}
	}
}

// next takes the first task that is due. If none is, it answers how long the sender may sleep; when the queue is empty
// the sender ends. After the end of the senders' context every task is due.
func (s *Slack) next(c *sender) (t task, pause time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.queue) == 0 {
		c.active = false
		s.sweep(c)
		return task{}, 0, false
	}
	now := time.Now()
	pause = time.Duration(1<<63 - 1)
	for i, t := range c.queue {
		left := t.due.Sub(now)
		if left <= 0 || s.running.Err() != nil || t.rest && s.closed {
			c.queue = append(c.queue[:i], c.queue[i+1:]...)
			return t, 0, true
		}
		pause = min(pause, left)
	}
	return task{}, pause, true
}

// sweep forgets the edits whose message may be edited again at once.
func (s *Slack) sweep(c *sender) {
	for ts, e := range c.edits {
		if !e.queued && time.Since(e.last) > s.o.EditEvery {
			delete(c.edits, ts)
		}
	}
}

// send has do called in the channel's order and waits for it. When ctx ends first, its error is answered, and do is
// not called if it has not begun.
func (s *Slack) send(ctx context.Context, channel string, do func(ctx context.Context) error) error {
	done := make(chan error, 1)
	t := task{
		do: func(running context.Context) {
			both, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			defer context.AfterFunc(running, func() { cancel(ErrClosed) })()
			if both.Err() != nil {
				done <- context.Cause(both)
				return
			}
			done <- do(both)
		},
		fail: func() { done <- ErrClosed },
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	c := s.senderOf(channel)
	c.queue = append(c.queue, t)
	s.nudge(c)
	s.mu.Unlock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// edit is what one message shall show. Guarded by Slack.mu.
type edit struct {
	newest   chat.Message
	version  int // of newest
	waiting  []waiter
	queued   bool
	last     time.Time // when the last attempt ended
	failed   int       // attempts in a row
	attached []file    // the newest files beside it
}

// waiter waits until its version or a newer one was delivered or refused.
type waiter struct {
	version int
	done    chan error
}

// Edit shows m in the place of the message at. Edits of one message are coalesced: none leaves sooner than EditEvery
// after the last, and the newest state wins. Edit returns when m or a newer state was delivered, or with the error by
// which Slack refused it; when ctx ends sooner, m is delivered all the same.
func (s *Slack) Edit(ctx context.Context, at chat.Ref, m chat.Message) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if _, err := s.render(m, inThread); err != nil {
		return err
	}
	w := waiter{done: make(chan error, 1)}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	c := s.senderOf(at.Channel)
	e, ok := c.edits[at.TS]
	if !ok {
		e = &edit{}
		c.edits[at.TS] = e
	}
	e.version++
	e.newest = m
	w.version = e.version
	e.waiting = append(e.waiting, w)
	s.schedule(c, e, at, e.last.Add(s.o.EditEvery))
	s.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// schedule queues the edit unless it is queued. The caller holds s.mu.
func (s *Slack) schedule(c *sender, e *edit, at chat.Ref, due time.Time) {
	if e.queued {
		return
	}
	e.queued = true
	c.queue = append(c.queue, task{
		due:  due,
		do:   func(ctx context.Context) { s.deliver(ctx, c, e, at) },
		fail: func() { s.settle(c, e, at, 1<<62, ErrClosed) },
	})
	s.nudge(c)
}

// deliver attempts once to show the newest state. A transient failure queues it again, behind what else the channel
// gets, so that retries too keep EditEvery and carry the newest state.
func (s *Slack) deliver(ctx context.Context, c *sender, e *edit, at chat.Ref) {
	s.mu.Lock()
	if until := s.paused["chat.update"]; until.After(time.Now()) {
		e.queued = false
		s.schedule(c, e, at, until)
		s.mu.Unlock()
		return
	}
	m, version := e.newest, e.version
	s.mu.Unlock()
	drawn, err := s.render(m, inThread)
	if err == nil {
		err = s.update(ctx, at, m, drawn)
	}
	s.settle(c, e, at, version, err)
	if err == nil && len(drawn.files) > 0 {
		s.attachLater(c, e, at, version, drawn.files)
	}
}

// attachLater uploads what was cut from an edited message once the message has come to rest: a file for each state on
// the way would be noise.
func (s *Slack) attachLater(c *sender, e *edit, at chat.Ref, version int, files []file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.queue = append(c.queue, task{
		due: time.Now().Add(5 * s.o.EditEvery),
		do: func(ctx context.Context) {
			s.mu.Lock()
			m, stale := e.newest, e.version != version || slices.Equal(e.attached, files)
			if !stale {
				e.attached = files
			}
			s.mu.Unlock()
			if !stale {
				s.attachFiles(ctx, at, m, files)
			}
		},
		fail: func() {},
		rest: true,
	})
	s.nudge(c)
}

// settle tells the waiters of a delivered or refused version, and queues what is still to be delivered.
func (s *Slack) settle(c *sender, e *edit, at chat.Ref, version int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.queued = false
	e.last = time.Now()
	again := e.last.Add(s.o.EditEvery)
	if err != nil && transient(err) && s.running.Err() == nil {
		e.failed++
		s.schedule(c, e, at, latest(again, e.last.Add(wait(e.failed-1, err))))
		return
	}
	e.failed = 0
	err = explain(at.Channel, err)
	left := e.waiting[:0]
	for _, w := range e.waiting {
		if w.version <= version {
			w.done <- err
		} else {
			left = append(left, w)
		}
	}
	e.waiting = left
	if version < e.version {
		s.schedule(c, e, at, again)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
