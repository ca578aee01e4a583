// Package checkup tries whether everything that opsbot needs is there and lets it in: tokens, scopes, channels, people,
// databases, the object store, the disk, GitHub. A probe is one file; it proves by harmless calls and says what it found,
// a row for each thing, with what to do about it.
package checkup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Status is what came out of trying one thing.
type Status string

// The statuses: it works, it does not, it works with a remark, and it was not tried.
const (
	OK      Status = "ok"
	Failed  Status = "failed"
	Remark  Status = "remark"
	Skipped Status = "skipped"
)

// Row is one thing that was tried. Say and Try are mrkdwn of one line; Try is the next step, or "".
type Row struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Say    string `json:"say"`
	Try    string `json:"try,omitempty"`
}

// Section is a part of what opsbot needs, with what was tried of it.
type Section struct {
	Title string `json:"title"`
	Rows  []Row  `json:"rows"`
}

// Count is how many rows have one of the statuses.
func (s Section) Count(any ...Status) int {
	n := 0
	for _, row := range s.Rows {
		for _, status := range any {
			if row.Status == status {
				n++
			}
		}
	}
	return n
}

// Probe tries one part. Probes of one section stand next to each other.
type Probe struct {
	// Section is the title that the rows stand under.
	Section string
	// Within bounds the probe; 0 means 30 s.
	Within time.Duration
	// Run tells each row as soon as it is known. It returns soon after its context has ended.
	Run func(ctx context.Context, found *Rows)
}

// Rows takes what a probe finds; it may be used by several goroutines.
type Rows struct {
	mu     sync.Mutex
	all    []Row
	closed bool
}

func (r *Rows) add(row Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		row.Say, row.Try = oneLine(row.Say), oneLine(row.Try)
		r.all = append(r.all, row)
	}
}

// OK says that something works.
func (r *Rows) OK(name, format string, args ...any) {
	r.add(Row{Name: name, Status: OK, Say: fmt.Sprintf(format, args...)})
}

// Fail says that something does not work, and what mends it.
func (r *Rows) Fail(name, say, try string) { r.add(Row{name, Failed, say, try}) }

// Remark says that something works, but differently from what one may expect.
func (r *Rows) Remark(name, say, try string) { r.add(Row{name, Remark, say, try}) }

// Skip says that something was not tried, and because of what.
func (r *Rows) Skip(name, why string) { r.add(Row{Name: name, Status: Skipped, Say: why}) }

// Error is Fail for an error. One that is no *chat.Problem is shown as it is, without anybody's secrets: the packages
// that make them see to that.
func (r *Rows) Error(name string, err error) {
	if problem, ok := errors.AsType[*chat.Problem](err); ok {
		r.Fail(name, problem.Say, problem.Try)
		return
	}
	if errors.Is(err, context.DeadlineExceeded) {
		r.Fail(name, "no answer in time", "Try again; if it stays so, look at the way to the server.")
		return
	}
	r.Fail(name, chat.Escape(cut(err.Error(), 300)), "")
}

// oneLine keeps a row on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

const (
	defaultWithin = 30 * time.Second
	// grace is what a probe gets after its time to notice that it is over.
	grace = 2 * time.Second
)

// Run runs all probes side by side and tells of each section, in the order of the probes, as soon as it and all before it
// are complete. A probe that breaks or hangs costs its own section one row.
func Run(ctx context.Context, probes []Probe, told func(Section)) []Section {
	results := make([]chan []Row, len(probes))
	for i, p := range probes {
		results[i] = make(chan []Row, 1)
		go func() { results[i] <- p.rows(ctx) }()
	}
	var all []Section
	for i, p := range probes {
		if len(all) == 0 || all[len(all)-1].Title != p.Section {
			all = append(all, Section{Title: p.Section})
		}
		section := &all[len(all)-1]
		section.Rows = append(section.Rows, <-results[i]...)
		if i+1 == len(probes) || probes[i+1].Section != p.Section {
			told(*section)
		}
	}
	return all
}

// rows runs the probe and answers what it has found by the end of its time. What hangs beyond that, as a call to a dead
// network disk can, is left behind: nothing can end it.
func (p Probe) rows(ctx context.Context) []Row {
	within := p.Within
	if within == 0 {
		within = defaultWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	found := &Rows{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if fault := recover(); fault != nil {
				found.Fail("this check", chat.Escape(fmt.Sprintf("broke by itself: %v", fault)), "That is a fault of opsbot: please report it.")
			}
		}()
		p.Run(ctx, found)
	}()
	late := time.NewTimer(within + grace)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
		found.Fail("this check", fmt.Sprintf("is not done after %s", chat.Span(within)), "Something hangs: look at the row before this one, and try again.")
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	found.closed = true
	return found.all
}

// Skip is a probe that was not possible.
func Skip(section, name, why string) Probe {
	return Probe{Section: section, Run: func(_ context.Context, found *Rows) { found.Skip(name, why) }}
}

// Titles are the sections that the probes make, in order.
func Titles(probes []Probe) []string {
	var titles []string
	for _, p := range probes {
		if len(titles) == 0 || titles[len(titles)-1] != p.Section {
			titles = append(titles, p.Section)
		}
	}
	return titles
}
