package events

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kampyn/opsbot/state"
)

// Place is where an event stands when events are ordered by time: its time, and its place in the chain.
func (e Event) Place() string { return state.SortableTime(e.At) + " " + id(e.Seq) }

// ofBackup finds the database in a backup's target: "backup/orders-20261123T022501Z-x7k2".
var ofBackup = regexp.MustCompile(`^backup/(.+)-\d{8}T\d{6}Z-\w+$`)

// fields are what a query can ask. Most have the event's place as value, so that one walk along one of them finds the
// newest events of, say, a person, however many there are.
func fields(e Event) map[string]string {
	place := e.Place()
	f := map[string]string{"seq": id(e.Seq), "at": place, "what": e.What}
	for name, value := range map[string]string{"who": e.Who.ID, "run": e.Run, "outcome": string(e.Outcome), "command": e.Detail[Command]} {
		if value != "" {
			f[name+" "+value] = place
		}
	}
	if e.Key != "" {
		f["key"] = e.Key
	}
	for _, name := range strings.Fields(strings.ToLower(e.Who.Name)) {
		f["named "+name] = place
	}
	for _, target := range e.On {
		f["on "+target] = place
		parts := strings.Split(target, "/")
		for _, part := range parts[min(1, len(parts)-1):] {
			f["about "+part] = place
		}
		if name := ofBackup.FindStringSubmatch(target); name != nil {
			f["about "+name[1]] = place
		}
	}
	return f
}

// Command is the detail that says to which command an event belongs: "backup".
const Command = "command"

// Filter selects events; its zero value selects all.
type Filter struct {
	// Who is the ID of a person, Named a word of a person's name in small letters.
	Who, Named string
	// On is a target ("database/orders"), About a name in one ("orders"), Run the ID of a run.
	On, About, Run string
	// Command is one of the commands ("backup").
	Command string
	Outcome Outcome
	// What is the beginning of the verb: "run." finds all about runs.
	What string
	// Since and Until bound the time: Since ≤ At < Until.
	Since, Until time.Time
	// Before is the Place of an event: only older ones are answered.
	Before string
	// Limit is the largest number answered; 0 means all.
	Limit int
	// Oldest turns the order, which is newest first.
	Oldest bool
}

// walks answers the fields that must be there, the one that is likely to belong to the fewest events first.
func (f Filter) walks() (names []string) {
	for _, one := range []struct{ name, value string }{{"run", f.Run}, {"on", f.On}, {"about", f.About}, {"named", f.Named},
		{"who", f.Who}, {"outcome", string(f.Outcome)}, {"command", f.Command}} {
		if one.value != "" {
			names = append(names, one.name+" "+one.value)
		}
	}
	return append(names, "at")
}

// Query answers the selected events by time, newest first.
func (l *Log) Query(ctx context.Context, f Filter) ([]Event, error) {
	walks := f.walks()
	q := state.Query{OrderBy: walks[0], Descending: !f.Oldest, Limit: f.Limit}
	add := func(field string, op state.Op, value string) {
		q.Where = append(q.Where, state.Condition{Field: field, Op: op, Value: value})
	}
	for _, other := range walks[1:] {
		if other != "at" {
			add(other, state.Greater, "")
		}
	}
	if !f.Since.IsZero() {
		add(q.OrderBy, state.GreaterEqual, state.SortableTime(f.Since))
	}
	if !f.Until.IsZero() {
		add(q.OrderBy, state.Less, state.SortableTime(f.Until))
	}
	if f.Before != "" {
		add(q.OrderBy, state.Less, f.Before)
	}
	if f.What != "" {
		add("what", state.GreaterEqual, f.What)
		add("what", state.Less, f.What+"\U0010FFFF")
	}
	found, err := l.events.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	list := make([]Event, len(found))
	for i, entry := range found {
		list[i] = entry.Value
	}
	return list, nil
}
