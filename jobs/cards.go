package jobs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kampyn/opsbot/state"
)

// cards brings the cards of runs up to date, each in a goroutine of its own, so that a chat service that is slow or
// away never holds up the work.
type cards struct {
	r      *Runner
	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu    sync.Mutex
	state map[string]*cardState
}

// cardState is what this process knows of one card; it is all right to forget it.
type cardState struct {
	busy     bool
	drawn    [sha256.Size]byte
	at       time.Time
	failures int
	after    time.Time
}

// posting stands in Run.Shown while the card is posted for the first time. Who finds it there without a card knows that
// somebody died meanwhile, and that the message may show an older state.
const posting Status = "posting"

const (
	// newsFor is how long after the end of a run its card is still posted, if it never was.
	newsFor = 24 * time.Hour
	// editFor is how long after the end of a run its card is brought up to date.
	editFor = 7 * 24 * time.Hour
)

func (c *cards) begin(ctx context.Context) {
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
}

// refresh begins to bring the card up to date if it is behind and it is time to.
func (c *cards) refresh(run Run) {
	if c.r.o.Poster == nil {
		return
	}
	drawing := draw(c.r, run)
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state[run.ID]
	if s == nil {
		s = &cardState{}
		c.state[run.ID] = s
	}
	behind := run.Shown != run.Status || run.Status.Ended() && len(run.Followers) > 0 && !run.Told
	now := time.Now()
	if s.busy || now.Before(s.after) || !behind && (s.drawn == drawing || now.Sub(s.at) < c.interval(run)) {
		return
	}
	s.busy = true
	c.wait.Go(func() { c.deliver(run.ID, s) })
}

// interval is the time between two edits that show mere progress: longer for longer runs.
func (c *cards) interval(run Run) time.Duration {
	if run.Status != Running {
		return 0
	}
	return min(max(c.r.o.Now().Sub(run.Started)/60, 2*time.Second), 15*time.Second)
}

func draw(r *Runner, run Run) [sha256.Size]byte {
	text, err := json.Marshal(r.Card(run))
	if err != nil {
		r.o.Log.Error("a card cannot be written as JSON", "run", run.ID, "err", err)
	}
	return sha256.Sum256(text)
}

// deliver shows the run as it is now, and puts off the next try if that fails.
func (c *cards) deliver(id string, s *cardState) {
	run, err := c.r.Get(c.ctx, id)
	drawing := draw(c.r, run)
	if err == nil {
		err = c.show(c.ctx, run)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.busy = false
	if err != nil {
		if s.failures == 0 && c.ctx.Err() == nil {
			c.r.o.Log.Warn("a card could not be brought up to date; trying on", "run", id, "err", err)
		}
		s.after = time.Now().Add(min(c.r.o.Poll<<min(s.failures, 12), 5*time.Minute))
		s.failures++
		return
	}
	*s = cardState{drawn: drawing, at: time.Now()}
	if run.Status.Ended() {
		delete(c.state, id)
	}
	c.r.nudge()
}

// show posts or edits the card, then tells the followers.
func (c *cards) show(ctx context.Context, run Run) error {
	channel := cmp.Or(run.Channel, c.r.o.OpsChannel)
	age := c.r.o.Now().Sub(run.Finished)
	silent := run.Card.IsZero() && channel == "" || run.Status.Ended() && (run.Card.IsZero() && age > newsFor || age > editFor)
	switch {
	case silent:
		if err := c.shown(ctx, run); err != nil {
			return err
		}
	case run.Card.IsZero():
		var err error
		if run, err = c.post(ctx, channel, run); err != nil {
			return err
		}
		if run.Shown != posting {
			break
		}
		fallthrough
	default:
		if err := c.r.o.Poster.Edit(ctx, run.Card, c.r.Card(run)); err != nil {
			return fmt.Errorf("edit the card: %w", err)
		}
		if err := c.shown(ctx, run); err != nil {
			return err
		}
	}
	if run.Status.Ended() && len(run.Followers) > 0 && !run.Told {
		return c.r.tell(ctx, run)
	}
	return nil
}

// post posts the card for the first time. In the run that it answers, Shown is posting if the message may be an older
// one.
func (c *cards) post(ctx context.Context, channel string, run Run) (Run, error) {
	again := run.Shown == posting
	if !again {
		marked, err := c.r.change(ctx, run.ID, func(run *Run) error {
			if !run.Card.IsZero() || run.Shown != "" {
				return errChanged
			}
			run.Shown = posting
			return nil
		})
		if err != nil {
			return run, fmt.Errorf("post the card: %w", err)
		}
		run = marked
	}
	ref, err := c.r.o.Poster.Post(ctx, channel, c.r.Card(run))
	if err != nil {
		return run, fmt.Errorf("post the card: %w", err)
	}
	status := run.Status
	if again {
		status = posting
	}
	return c.r.change(ctx, run.ID, func(run *Run) error {
		run.Card, run.Shown = ref, status
		return nil
	})
}

// shown notes that the card shows this status.
func (c *cards) shown(ctx context.Context, run Run) error {
	if run.Shown == run.Status {
		return nil
	}
	_, err := c.r.change(ctx, run.ID, func(now *Run) error {
		now.Shown = run.Status
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}

// finish gives the cards a last chance before the program ends; what is still behind then is shown after the next
// start.
func (c *cards) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopTime/2)
	defer cancel()
	if c.r.o.Poster != nil {
		for range 2 { // the second time for those that were busy with an older state
			c.rest(ctx)
			behind, err := c.r.query(ctx, state.Query{Where: is("sync", "1"), Limit: 200})
			if err != nil {
				c.r.o.Log.Warn("the last cards were not brought up to date; that is done after the next start", "err", err)
				break
			}
			for _, run := range behind {
				c.refresh(run)
			}
		}
		c.rest(ctx)
	}
	c.cancel()
	c.wait.Wait()
}

// rest waits until no card is being delivered.
func (c *cards) rest(ctx context.Context) {
	for {
		c.mu.Lock()
		busy := false
		for _, s := range c.state {
			busy = busy || s.busy
		}
		c.mu.Unlock()
		if !busy || sleep(ctx, 10*time.Millisecond) != nil {
			return
		}
	}
}
