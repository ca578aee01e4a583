package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checkup"
)

// CheckKind is the name of the kind that tries what opsbot needs.
const CheckKind = "check"

// Check tries what opsbot needs, as the command line does. A step is one section.
type Check struct {
	// Begin makes the probes, with connections of their own, and what closes these.
	Begin func(ctx context.Context) (probes []checkup.Probe, end func() error)
}

// New makes the run.
func (j *Check) New() Run {
	return Run{Kind: CheckKind, Title: "Check of everything that opsbot needs", Targets: []string{"check"}}
}

// Kind describes the work to the Runner. It changes nothing, so it is always tried again.
func (j *Check) Kind() Kind {
	return Kind{Name: CheckKind, Work: j.work, Retries: 3, Details: checkDetails}
}

func (j *Check) work(ctx context.Context, t *Task) (err error) {
	probes, end := j.Begin(ctx)
	defer func() { err = errors.Join(err, end()) }()
	titles := checkup.Titles(probes)
	t.SetSteps(titles...)
	for i := range titles {
		t.StartStep(i)
	}
	step := 0
	all := checkup.Run(ctx, probes, func(s checkup.Section) {
		note := tally(s)
		if failed := s.Count(checkup.Failed); failed > 0 {
			t.EndStep(step, errors.New("something failed"), note)
		} else {
			t.EndStep(step, nil, note)
		}
		for _, row := range s.Rows {
			t.Log(ctx, "%s", checkLine(s.Title, row))
		}
		step++
	})
	if err := t.SetResult(ctx, all); err != nil {
		return err
	}
	failed := 0
	for _, s := range all {
		failed += s.Count(checkup.Failed)
	}
	if failed > 0 {
		return &chat.Problem{Say: chat.Plural(int64(failed), "thing") + " not as it should be.", Try: "What to do stands beside each; then press Retry."}
	}
	return ctx.Err()
}

// tally says in a few words what came out of a section.
func tally(s checkup.Section) string {
	words := []string{}
	for _, c := range []struct {
		status checkup.Status
		word   string
	}{{checkup.Failed, "failed"}, {checkup.Remark, "with a remark"}, {checkup.Skipped, "skipped"}, {checkup.OK, "ok"}} {
		if n := s.Count(c.status); n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, c.word))
		}
	}
	return strings.Join(words, ", ")
}

var checkMarks = map[checkup.Status]string{checkup.OK: "✓", checkup.Failed: "❌", checkup.Remark: "⚠️", checkup.Skipped: "–"}

func checkLine(title string, row checkup.Row) string {
	line := fmt.Sprintf("%s *%s* %s: %s", checkMarks[row.Status], chat.Escape(title), chat.Escape(row.Name), row.Say)
	if row.Try != "" {
		line += " → " + row.Try
	}
	return cut(line, mostLine)
}

// checkDetails draws what failed, then the remarks. The rest is in the log of the run.
func checkDetails(run Run) []chat.Part {
	if len(run.Result) == 0 {
		return nil
	}
	var all []checkup.Section
	if err := json.Unmarshal(run.Result, &all); err != nil {
		return []chat.Part{chat.Note("The result of this run cannot be read.")}
	}
	var lines []string
	for _, status := range []checkup.Status{checkup.Failed, checkup.Remark} {
		for _, s := range all {
			for _, row := range s.Rows {
				if row.Status == status {
					lines = append(lines, checkLine(s.Title, row))
				}
			}
		}
	}
	const most = 40
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], fmt.Sprintf("and %d more", more))
	}
	return append(paragraphs(lines), chat.Note("Every line: `/jobs show "+run.ID+"`"))
}
