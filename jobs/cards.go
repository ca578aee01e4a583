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

	"github.com/kampyn/opsbot/chat"
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

const (
	// postTime is how long posting a card may take before another process may try, too.
	postTime = time.Minute
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
		r.o.Log.Error("a card cannot be written as JSON", "run", run.ID, "error", err)
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
			c.r.o.Log.Warn("a card could not be brought up to date; trying on", "run", id, "error", err)
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
	switch {
	case run.Status.Ended() && (age > editFor || age > newsFor && run.Card.IsZero()):
		return c.forget(ctx, run)
	case run.Status.Ended() && run.Shown == run.Status:
		// Only the followers are left.
	case run.Card.IsZero() && channel == "":
		if err := c.shown(ctx, run); err != nil {
			return err
		}
	case run.Card.IsZero():
		if err := c.post(ctx, channel, run); err != nil {
			return err
		}
	default:
		if err := c.edit(ctx, run); err != nil {
			return err
		}
	}
	if run.Status.Ended() && len(run.Followers) > 0 && !run.Told {
		return c.r.tell(ctx, run)
	}
	return nil
}

// post posts the card for the first time, unless another process is at it.
func (c *cards) post(ctx context.Context, channel string, run Run) error {
	var again bool
	run, err := c.r.change(ctx, run.ID, func(run *Run) error {
		now, p := c.r.o.Now(), run.Posting
		if !run.Card.IsZero() || p.Owner != "" && p.Owner != c.r.o.Owner && now.Before(p.Until) && !state.Gone(p.Owner) {
			return errChanged
		}
		again = p.Owner != ""
		run.Posting = Lease{Owner: c.r.o.Owner, Until: now.Add(postTime)}
		return nil
	})
	if errors.Is(err, errChanged) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("post the card: %w", err)
	}
	card := c.r.Card(run)
	card.Thread = run.Thread
	ref, err := c.r.o.Poster.Post(ctx, channel, card)
	if err != nil {
		var problem *chat.Problem
		elsewhere := errors.As(err, &problem) && run.Channel != "" && channel != c.r.o.OpsChannel && c.r.o.OpsChannel != ""
		_, storeErr := c.r.change(context.WithoutCancel(ctx), run.ID, func(run *Run) error {
			run.Posting.Until = time.Time{} // whoever is next may try at once
			if elsewhere {
				run.Channel, run.Thread = "", ""
			}
			return nil
		})
		if elsewhere && storeErr == nil {
			return c.tellWhere(ctx, run, problem)
		}
		return errors.Join(fmt.Errorf("post the card: %w", err), storeErr)
	}
	run, err = c.r.change(ctx, run.ID, func(now *Run) error {
		now.Card, now.Posting = ref, Lease{}
		if !again {
			now.Shown = run.Status
		}
		return nil
	})
	if err == nil && again {
		// The message is perhaps the one of an earlier try.
		return c.edit(ctx, run)
	}
	return err
}

// tellWhere tells the person who asked that the card stands in the ops channel, because it cannot stand where they are.
func (c *cards) tellWhere(ctx context.Context, run Run, why *chat.Problem) error {
	if run.Source != FromSlack {
		return nil
	}
	text := fmt.Sprintf("%s (%s) is noted, and its card stands in the ops channel. %s %s", run.Title, chat.Literal(run.ID), why.Say, why.Try)
	_, err := c.r.o.Poster.Direct(ctx, run.By.ID, chat.Message{Summary: plain(text), Parts: []chat.Part{chat.Text(text)}, Key: "elsewhere/" + run.ID})
	return err
}

func (c *cards) edit(ctx context.Context, run Run) error {
	if err := c.r.o.Poster.Edit(ctx, run.Card, c.r.Card(run)); err != nil {
		return fmt.Errorf("edit the card: %w", err)
	}
	return c.shown(ctx, run)
}

// forget notes that nothing more is to be said about the run, because it is old news.
func (c *cards) forget(ctx context.Context, run Run) error {
	_, err := c.r.change(ctx, run.ID, func(now *Run) error {
		now.Shown, now.Told = run.Status, true
		return nil
	})
	return err
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
				c.r.o.Log.Warn("the last cards were not brought up to date; that is done after the next start", "error", err)
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
