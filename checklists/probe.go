package checklists

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// ask looks with the probes of all items side by side, and answers what they found by item. It takes no longer than a look
// may take: a probe that does not answer by then is left to itself, and is unknown until it has answered.
func (d *Desk) ask(ctx context.Context, l List) map[int]Evidence {
	ctx, stop := context.WithTimeout(ctx, d.o.Rules.LookFor)
	defer stop()
	found := map[int]Evidence{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for n, e := range l.Items {
		if e.Probe == "" {
			continue
		}
		all.Go(func() {
			evidence := d.askOne(ctx, fmt.Sprintf("%d/%d", l.Number, n+1), e.Probe)
			mu.Lock()
			defer mu.Unlock()
			found[n+1] = evidence
		})
	}
	all.Wait()
	return found
}

// askOne looks with the named probe for an item, which has one look at a time.
func (d *Desk) askOne(ctx context.Context, item, name string) Evidence {
	unknown := func(say string) Evidence { return Evidence{Outcome: Unknown, Say: say, At: d.o.Now()} }
	probe := d.o.Rules.Probes[name]
	if probe == nil {
		return unknown("What looked at this is not configured any more.")
	}
	since, free := d.begin(item)
	if !free {
		return unknown("The look that began " + chat.Time(since) + " has not ended yet.")
	}
	answer := make(chan Evidence, 1)
	go func() { // its owner is the desk, which begins no other look for this item before it has ended
		defer d.end(item)
		defer func() {
			if p := recover(); p != nil {
				d.o.Log.Error("a probe panicked", "probe", name, "panic", fmt.Sprint(p))
				answer <- Evidence{Outcome: Unknown, Say: "The look ended with a fault, which is in the log."}
			}
		}()
		answer <- probe.Look(ctx)
	}()
	select {
	case evidence := <-answer:
		return d.sound(evidence)
	case <-ctx.Done():
	}
	select { // an answer to the end of the context
	case evidence := <-answer:
		return d.sound(evidence)
	case <-time.After(time.Second):
		return unknown("No answer within " + chat.Span(d.o.Rules.LookFor) + ".")
	}
}

// sound holds that an answer is one of the outcomes, with its time.
func (d *Desk) sound(e Evidence) Evidence {
	if e.Outcome != Passed && e.Outcome != Failed {
		e.Outcome = Unknown
	}
	if e.At.IsZero() {
		e.At = d.o.Now()
	}
	return e
}

// begin notes that an item is being looked at; false if it is already, since when.
func (d *Desk) begin(item string) (since time.Time, free bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if since, busy := d.looking[item]; busy {
		return since, false
	}
	d.looking[item] = d.o.Now()
	return time.Time{}, true
}

func (d *Desk) end(item string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.looking, item)
}
