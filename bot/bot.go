package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/state"
)

// Options say what the bot answers. Slack and Store are needed, all else has a default.
type Options struct {
	Slack *Slack
	Store state.Store
	// Commands are the slash commands, which mentions and direct messages reach too; Actions are buttons, forms and
	// shortcuts that belong to no command; On are the events that are listened to.
	Commands []Command
	Actions  []Action
	On       []Event
	// Home is what App Home shows.
	Home Home
	// Roles are the user IDs (U…, W…) and user group IDs (S…) that hold each role.
	Roles map[Role][]string
	// Prefix stands before the name of each slash command: "kampyn-" makes /kampyn-backup.
	Prefix string
	// Instance names this process among those that share the store; those of one name must not run side by side.
	Instance string
	// Connections is how many sockets are kept open; 0 means 2.
	Connections int
	// StoreWithin is how long storing an envelope may take before the person is told that nothing was done; 0 means 1 s.
	StoreWithin time.Duration
	// Workers is how many handlers run at once; 0 means 8.
	Workers int
	// HandleWithin bounds one handler; 0 means 2 min. Grace is what a handler gets to finish when Run ends; 0 means 5 s.
	HandleWithin, Grace time.Duration
	// PingEvery is how often each socket is pinged; one that is silent for three times as long is given up. 0 means 10 s.
	PingEvery time.Duration
	// Events gets a "command" for everything that was asked for and allowed, with what came of it, and a
	// "command.refused" for what was not; nil means that nothing is recorded.
	Events *events.Log
	// About finds in the words of a request what it is about, for the record: targets ("database/orders") and the ID
	// of a run.
	About func(words []string) (on []string, run string)
	// Settled is told of each envelope: its type, whether it was "stored", a "copy" of one that is known, "refused" or
	// "ignored", and how long it took from reading it to the acknowledgement; nil means that nobody counts.
	Settled func(kind, result string, took time.Duration)
	Log     *slog.Logger
	Now     func() time.Time
}

// Bot listens: it takes what people ask for from Slack and has it done exactly once.
type Bot struct {
	o        Options
	slack    *Slack
	store    state.Store
	log      *slog.Logger
	now      func() time.Time
	commands map[string]Command
	names    []string // of the commands, as they were given
	actions  map[string]Action
	links    *links
	lanes    *lanes
	arrivals *arrivals
	homes    *homes
	greeted  chan struct{}
	life     context.Context // of the work while Run is running
	wg       sync.WaitGroup  // all goroutines but those of Run itself
	hands    chan struct{}   // held by each handler that runs
}

// New checks the options and makes the listening half. An error names what is wrong with a command, action or role.
func New(o Options) (*Bot, error) {
	o.Instance = cmp.Or(o.Instance, "opsbot")
	o.Connections = cmp.Or(o.Connections, 2)
	o.StoreWithin = cmp.Or(o.StoreWithin, time.Second)
	o.Workers = cmp.Or(o.Workers, 8)
	o.HandleWithin = cmp.Or(o.HandleWithin, 2*time.Minute)
	o.Grace = cmp.Or(o.Grace, 5*time.Second)
	o.PingEvery = cmp.Or(o.PingEvery, 10*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Settled == nil {
		o.Settled = func(string, string, time.Duration) {}
	}
	b := &Bot{o: o, slack: o.Slack, store: o.Store, log: o.Log, now: o.Now, commands: map[string]Command{},
		actions: map[string]Action{}, lanes: newLanes(), arrivals: newArrivals(o.Now), greeted: make(chan struct{}),
		hands: make(chan struct{}, o.Workers)}
	b.links = newLinks(b)
	b.homes = newHomes(b, o.Home)
	b.o.On = o.events()
	if len(o.Home.Sections) > 0 {
		b.o.On = append(b.o.On, Event{Type: homeEvent, Run: b.homes.opened})
	}
	b.actions[helpAction] = Action{Name: helpAction, Role: Anyone, Run: b.overview}
	var faults []error
	for _, c := range o.Commands {
		faults = append(faults, b.addCommand(c)...)
	}
	for _, a := range o.Actions {
		faults = append(faults, b.addAction(a))
	}
	for _, e := range b.o.On {
		if !slices.Contains(eventTypes, e.Type) || e.Run == nil {
			faults = append(faults, fmt.Errorf("bot: the event %q is unknown or has no handler", e.Type))
		}
	}
	for role := range o.Roles {
		faults = append(faults, checkRole("the configuration of roles", role))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if b.slack != nil {
		b.slack.words(newWording(o.Prefix, b.names))
	}
	return b, nil
}

func (b *Bot) addCommand(c Command) (faults []error) {
	if _, taken := b.commands[c.Name]; taken || c.Name == "" || c.Name != strings.ToLower(c.Name) || len(b.o.Prefix+c.Name) > 32 {
		faults = append(faults, fmt.Errorf("bot: the command %q is there twice, or no name for a command", c.Name))
	}
	b.commands[c.Name] = c
	b.names = append(b.names, c.Name)
	faults = append(faults, checkRole("/"+c.Name, c.Role))
	if c.Run == nil {
		faults = append(faults, fmt.Errorf("bot: /%s has no handler", c.Name))
	}
	seen := map[string]bool{}
	for _, w := range c.Words {
		if w.Name == "" || seen[w.Name] || w.Run == nil {
			faults = append(faults, fmt.Errorf("bot: /%s %s is there twice, or has no name or handler", c.Name, w.Name))
		}
		seen[w.Name] = true
		faults = append(faults, checkRole("/"+c.Name+" "+w.Name, w.Role))
	}
	if c.Else != nil {
		faults = append(faults, checkRole("/"+c.Name+" …", c.Else.Role))
	}
	for _, a := range c.Actions {
		a.command = c.Name
		faults = append(faults, b.addAction(a))
	}
	for _, u := range c.Uses {
		if len(u.scopes()) == 0 {
			faults = append(faults, fmt.Errorf("bot: /%s uses %q, which is unknown", c.Name, u))
		}
	}
	for _, a := range c.Shortcuts {
		faults = append(faults, b.addAction(Action{Name: shortcutPrefix + a.ID, Role: a.Role, Run: a.Run, command: c.Name}))
	}
	return faults
}

func (b *Bot) addAction(a Action) error {
	if _, taken := b.actions[a.Name]; taken || a.Name == "" || a.Name == againAction || a.Run == nil || strings.Contains(a.Name, actionSuffix) {
		return fmt.Errorf("bot: the action %q is there twice, or has no good name or no handler", a.Name)
	}
	b.actions[a.Name] = a
	return checkRole("the action "+a.Name, a.Role)
}

func checkRole(what string, r Role) error {
	switch r {
	case Anyone, Involved, Operator, Approver, Admin:
		return nil
	}
	return fmt.Errorf("bot: %s names the role %q; there are anyone, operator, approver and admin", what, r)
}

// Ready says that at least one connection to Slack is open.
func (b *Bot) Ready() bool { return b.links.open() > 0 }

// Sockets is how many connections to Slack are open.
func (b *Bot) Sockets() int { return b.links.open() }

// Waiting is how many requests are stored and not done yet.
func (b *Bot) Waiting() int {
	b.lanes.mu.Lock()
	defer b.lanes.mu.Unlock()
	n := 0
	for _, lane := range b.lanes.waiting {
		n += len(lane)
	}
	return n
}

// Greeted is closed once Slack has greeted the first connection.
func (b *Bot) Greeted() <-chan struct{} { return b.greeted }

// Run listens until the context ends. What was stored but not done, by this process or one before, is done first. It
// fails when Slack refuses the tokens at the start; later it keeps trying. Slack.Run must outlive it, because the last
// answers are said while it ends.
func (b *Bot) Run(ctx context.Context) error {
	if _, err := b.slack.Identity(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("bot: sign in to Slack: %w", err)
	}
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() {
		b.lanes.close()
		grace := time.AfterFunc(b.o.Grace, func() { stop(errStopping) })
		context.AfterFunc(work, func() { grace.Stop() })
	})()
	b.life = work
	listening, hangUp := context.WithCancel(ctx)
	defer hangUp()
	var workers sync.WaitGroup
	workers.Go(func() { b.work(work) })
	picked := b.pickUp(ctx, true)
	if picked != nil && ctx.Err() == nil {
		b.log.Error("could not look for requests that were left undone, trying again", "error", picked)
	}
	workers.Go(func() { b.tend(listening, picked == nil) })
	workers.Go(func() { b.homes.keep(listening) })
	err := b.links.keep(listening)
	b.lanes.close() // also when Slack refused the tokens
	hangUp()
	workers.Wait()
	b.wg.Wait()
	return err
}

// errStopping is the cause by which the context of handlers ends at shutdown.
var errStopping = errors.New("opsbot is shutting down")
