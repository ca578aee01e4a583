package bot

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/state"
)

// Home is what each person sees on the bot's App Home, kept up to date for those who have opened it lately: Slack does
// not say when they close it.
type Home struct {
	// Sections are drawn in order; none means that there is no App Home.
	Sections []Section
	// Stamp answers a text that changes whenever a section may look different. It is asked every few seconds while
	// somebody has opened their home lately; nil means that homes are drawn anew once a minute.
	Stamp func(ctx context.Context) (string, error)
	// Every is the shortest time between two states of one person's home; 0 means 4 s. Keep is how long after its
	// opening a home is kept up to date; 0 means 12 h.
	Every, Keep time.Duration
}

// Section is one part of App Home. It answers what to draw for the person who looks, at most 24 parts; an error is shown in its place,
// and the other sections stand.
type Section struct {
	Name string
	Draw func(ctx context.Context, v Viewer) ([]chat.Part, error)
}

// Viewer is who looks at App Home, and what they may do.
type Viewer struct {
	chat.User
	May func(Role) bool
}

const (
	kindHome        = "home"
	homeEvent       = "app_home_opened"
	homeAnew        = time.Minute // ages grow although nothing changes
	sectionWithin   = 5 * time.Second
	maxSectionParts = 24
	maxVisitors     = 100
)

// homes publishes App Homes from one goroutine: in order, at most one state per person every Every, and at a pace that
// Slack takes (100 a minute: https://docs.slack.dev/reference/methods/views.publish).
type homes struct {
	b    *Bot
	o    Home
	wake chan struct{}

	mu       sync.Mutex
	visitors map[string]*visitor // by user ID
	faults   map[string]string   // of sections, as they were last logged, with their reference

	// Of the loop alone.
	stamp string
	anew  time.Time
}

// visitor is somebody who has opened their home. Hash is of the view that Slack shows: a state is only accepted in the
// place of that one, so an attempt that arrives late never overwrites a newer one.
type visitor struct {
	id     string
	opened time.Time
	due    bool
	next   time.Time
	hash   string
	drawn  [sha256.Size]byte
	failed int
}

func newHomes(b *Bot, o Home) *homes {
	o.Every = cmp.Or(o.Every, 4*time.Second)
	o.Keep = cmp.Or(o.Keep, 12*time.Hour)
	return &homes{b: b, o: o, wake: make(chan struct{}, 1), visitors: map[string]*visitor{}, faults: map[string]string{}}
}

// opened handles the event: it remembers the person durably, and the loop does the rest.
func (h *homes) opened(ctx context.Context, r Request) (Reply, error) {
	value, err := json.Marshal(r.At)
	if err != nil {
		return Reply{}, err
	}
	record := state.Record{Kind: kindHome, ID: r.User.ID, Value: value, Fields: map[string]string{"at": state.SortableTime(r.At)}}
	known, err := h.b.store.Get(ctx, kindHome, r.User.ID)
	switch {
	case errors.Is(err, state.ErrNotFound):
		err = h.b.store.Insert(ctx, record)
	case err == nil:
		record.Version = known.Version
		err = h.b.store.Update(ctx, record)
	}
	if err != nil && !errors.Is(err, state.ErrExists) && !errors.Is(err, state.ErrConflict) {
		return Reply{}, fmt.Errorf("bot: remember who opened App Home: %w", err)
	}
	h.visit(r.User.ID, r.At)
	return Reply{}, nil
}

// visit has a person's home drawn now, and kept up to date from now on.
func (h *homes) visit(user string, at time.Time) {
	if len(h.o.Sections) == 0 || user == "" {
		return
	}
	h.mu.Lock()
	v := h.visitors[user]
	if v == nil {
		v = &visitor{id: user}
		h.visitors[user] = v
	}
	v.opened, v.due = latest(v.opened, at), true
	if len(h.visitors) > maxVisitors {
		oldest := v
		for _, other := range h.visitors {
			if other.opened.Before(oldest.opened) {
				oldest = other
			}
		}
		delete(h.visitors, oldest.id)
	}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// keep publishes until the context ends. Those who had opened their home before a restart are known from the store.
func (h *homes) keep(ctx context.Context) {
	if len(h.o.Sections) == 0 {
		return
	}
	for n := 0; ; n++ {
		err := h.recall(ctx)
		if err == nil || sleep(ctx, wait(n, err)) != nil {
			break
		}
	}
	look := time.NewTicker(h.o.Every / 2)
	defer look.Stop()
	for ctx.Err() == nil {
		h.mark(ctx)
		for v := h.nextDue(); v != nil && ctx.Err() == nil; v = h.nextDue() {
			h.publish(ctx, v)
			_ = sleep(ctx, h.o.Every/6) // cut short, the loop ends
		}
		select {
		case <-ctx.Done():
		case <-h.wake:
		case <-look.C:
		}
	}
}

func (h *homes) recall(ctx context.Context) error {
	old := state.Condition{Field: "at", Op: state.Less, Value: state.SortableTime(h.b.now().Add(-h.o.Keep))}
	if err := forget(ctx, h.b.store, state.Query{Kind: kindHome, OrderBy: "at", Limit: 200, Where: []state.Condition{old}}); err != nil {
		return err
	}
	found, err := h.b.store.Query(ctx, state.Query{Kind: kindHome, OrderBy: "at", Descending: true, Limit: maxVisitors})
	if err != nil {
		return err
	}
	for _, r := range found {
		var at time.Time
		if err := json.Unmarshal(r.Value, &at); err != nil {
			return fmt.Errorf("bot: read who opened App Home: %w", err)
		}
		h.visit(r.ID, at)
	}
	return nil
}

// mark finds out whether all homes have to be drawn anew, and leaves out those that were opened too long ago.
func (h *homes) mark(ctx context.Context) {
	h.mu.Lock()
	for id, v := range h.visitors {
		if h.b.now().Sub(v.opened) > h.o.Keep {
			delete(h.visitors, id)
		}
	}
	nobody := len(h.visitors) == 0
	h.mu.Unlock()
	if nobody {
		return
	}
	changed := time.Since(h.anew) >= homeAnew
	if h.o.Stamp != nil {
		bounded, cancel := context.WithTimeout(ctx, sectionWithin)
		stamp, err := h.o.Stamp(bounded)
		cancel()
		if err != nil && ctx.Err() == nil {
			h.b.log.Warn("could not find out whether App Home has changed", "error", err)
		}
		changed = changed || err == nil && stamp != h.stamp
		if err == nil {
			h.stamp = stamp
		}
	}
	if !changed {
		return
	}
	h.anew = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.visitors {
		v.due = true
	}
}

// nextDue takes the one who has waited longest among those whose home may be published now.
func (h *homes) nextDue() *visitor {
	h.mu.Lock()
	defer h.mu.Unlock()
	var first *visitor
	for _, v := range h.visitors {
		if v.due && !v.next.After(time.Now()) && (first == nil || v.next.Before(first.next)) {
			first = v
		}
	}
	if first != nil {
		first.due = false // what changes from now on makes it due again
	}
	return first
}

// publish shows a person the newest state, unless they have it before them.
func (h *homes) publish(ctx context.Context, v *visitor) {
	parts := h.draw(ctx, v.id)
	text, err := json.Marshal(parts)
	if err != nil {
		h.b.log.Error("App Home can't be written as JSON", "error", err)
		return
	}
	drawn := sha256.Sum256(text)
	if v.hash != "" && drawn == v.drawn {
		return
	}
	parts = append(parts, chat.Note("As of "+chat.Clock(h.b.now())+". It follows what happens while you look."))
	hash, err := h.b.slack.Home(ctx, v.id, v.hash, chat.Message{Parts: parts})
	h.mu.Lock()
	defer h.mu.Unlock()
	v.next = time.Now().Add(h.o.Every)
	switch {
	case err == nil:
		v.hash, v.drawn, v.failed = hash, drawn, 0
	case Code(err) == "hash_conflict": // another state stands there, perhaps one of ours whose answer was lost
		v.hash, v.next, v.due = "", time.Now(), true
	case transient(err):
		v.due, v.next = true, time.Now().Add(h.o.Every+wait(v.failed, err))
		v.failed++
	default:
		delete(h.visitors, v.id)
		h.b.slack.Try(ctx, "show App Home", err)
	}
}

// draw draws all sections at once, in their order.
func (h *homes) draw(ctx context.Context, user string) []chat.Part {
	viewer := Viewer{User: chat.User{ID: user}, May: func(r Role) bool { return h.b.May(ctx, user, r) == nil }}
	if err := h.b.May(ctx, user, Anyone); err != nil {
		p, _ := errors.AsType[*chat.Problem](err) // May answers no other errors
		return []chat.Part{chat.Text(p.Say)}
	}
	drawn := make([][]chat.Part, len(h.o.Sections))
	var wg sync.WaitGroup
	for i, s := range h.o.Sections {
		wg.Go(func() { drawn[i] = h.section(ctx, s, viewer) })
	}
	wg.Wait()
	return slices.Concat(drawn...)
}

func (h *homes) section(ctx context.Context, s Section, v Viewer) (parts []chat.Part) {
	ctx, cancel := context.WithTimeout(ctx, sectionWithin)
	defer cancel()
	parts, err := func() (_ []chat.Part, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("bot: the section %s panicked: %v\n%s", s.Name, p, debug.Stack())
			}
		}()
		return s.Draw(ctx, v)
	}()
	if err != nil {
		return []chat.Part{chat.Header(s.Name), chat.Text(h.excuse(s.Name, err))}
	}
	h.mu.Lock()
	delete(h.faults, s.Name)
	h.mu.Unlock()
	if len(parts) > maxSectionParts {
		parts = append(parts[:maxSectionParts:maxSectionParts], chat.Note("There is more than can be shown here."))
	}
	return parts
}

// excuse says why a section is missing. A fault that lasts is logged once, and keeps its reference.
func (h *homes) excuse(section string, err error) string {
	p, known := errors.AsType[*chat.Problem](err)
	if known && p.Err == nil {
		return ":warning: " + p.Say + " " + p.Try
	}
	h.mu.Lock()
	reference, logged := h.faults[section]
	h.mu.Unlock()
	if !logged {
		reference = h.b.fault("a section of App Home can't be drawn", &stored{ID: "home/" + section}, err)
		h.mu.Lock()
		h.faults[section] = reference
		h.mu.Unlock()
	}
	say := "This can't be read now."
	if known {
		say = p.Say
	}
	return ":warning: " + say + " (reference " + reference + ")"
}
