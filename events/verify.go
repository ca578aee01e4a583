package events

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/kampyn/opsbot/state"
)

// Report is what Verify found.
type Report struct {
	// Events is how many events are proven: those before the first fault, or all.
	Events int64 `json:"events"`
	// Head is the last proven event. Noted outside of the store, it later proves that nothing up to it was removed
	// or rewritten.
	Head Mark `json:"head"`
	// First and Last are when the first and the last proven event happened.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Fault says what is wrong with event Broken; both are zero when the chain is whole.
	Broken int64  `json:"broken,omitempty"`
	Fault  string `json:"fault,omitempty"`
}

// OK says that no fault was found.
func (r Report) OK() bool { return r.Fault == "" }

// Verify walks the whole chain and names the first event that was changed, removed, inserted or whose index says
// something else than the event. It answers an error only when the log cannot be read.
//
// The chain alone cannot show that its newest events were removed, nor that somebody who can write the store has
// rewritten everything from some event to the end. Both show when known marks (heads of earlier reports, noted
// elsewhere) are given: each must still be in the chain.
func (l *Log) Verify(ctx context.Context, known ...Mark) (Report, error) {
	var report Report
	marks := map[int64]string{}
	for _, mark := range known {
		marks[mark.Seq] = mark.Hash
	}
	delete(marks, 0) // the head of a log that was empty
	for {
		page, err := l.store.Query(ctx, state.Query{Kind: kind, OrderBy: "seq", Limit: 500,
			Where: []state.Condition{{Field: "seq", Op: state.Greater, Value: id(report.Head.Seq)}}})
		if err != nil {
			return report, fmt.Errorf("events: verify: %w", err)
		}
		for _, r := range page {
			e, fault := check(r, report.Head)
			if mark, marked := marks[e.Seq]; fault == "" && marked {
				delete(marks, e.Seq)
				if e.Hash != mark {
					fault = "is another one than was noted: the log was rewritten"
				}
			}
			if fault != "" {
				report.Broken, report.Fault = report.Head.Seq+1, fault
				return report, nil
			}
			if report.Events++; report.Events == 1 {
				report.First = e.At
			}
			report.Last = e.At
			report.Head = Mark{Seq: e.Seq, Hash: e.Hash}
		}
		if len(page) == 0 {
			break
		}
	}
	for seq := range marks {
		if report.Broken == 0 || seq < report.Broken {
			report.Broken, report.Fault = seq, "was noted and is missing: the newest events were removed"
		}
	}
	return report, nil
}

// check answers the event of the record that should come next, and what is wrong with it, or "".
func check(r state.Record, last Mark) (Event, string) {
	var e Event
	if err := json.Unmarshal(r.Value, &e); err != nil {
		return e, "cannot be read: " + err.Error()
	}
	if r.ID != id(last.Seq+1) {
		return e, "is missing"
	}
	if e.Seq != last.Seq+1 {
		return e, fmt.Sprintf("says of itself that it is event %d", e.Seq)
	}
	if e.Prev != last.Hash {
		return e, "does not follow the event before it"
	}
	if hash, err := e.digest(); err != nil || hash != e.Hash {
		return e, "was changed: its hash does not fit"
	}
	if !maps.Equal(r.Fields, fields(e)) {
		return e, "is indexed as something else than it is"
	}
	return e, ""
}
