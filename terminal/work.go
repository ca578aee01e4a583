package terminal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
)

// with opens the program's parts and a runner for one command.
func (t *terminal) with(ctx context.Context, do func(*app.App, *jobs.Runner) error) (err error) {
	a, err := t.open(ctx, slog.LevelWarn) // the person sees the progress
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	runner, err := a.Runner(nil)
	if err != nil {
		return err
	}
	err = do(a, runner)
	return errors.Join(err, t.record(context.WithoutCancel(ctx), a, err))
}

// record notes in the log of events what was done here and what came of it. It comes after the
// fact, since what matters has events of its own from its beginning.
func (t *terminal) record(ctx context.Context, a *app.App, outcome error) error {
	asked := chat.Redact(strings.Join(t.asked, " "))
	e := events.Event{Who: person(), What: "terminal", Outcome: events.OK, Text: "ran " + chat.Literal(asked),
		Detail: map[string]string{"asked": asked}}
	if len(t.asked) > 1 {
		e.Detail[events.Command] = t.asked[1]
		e.On, e.Run = a.About(t.asked[1:])
	}
	var problem *chat.Problem
	switch {
	case errors.As(outcome, &problem) && problem.Err == nil:
		e.Outcome, e.Text = events.Refused, e.Text+", to no effect: "+problem.Say
	case outcome != nil:
		e.Outcome, e.Text = events.Failure, e.Text+", which failed"
	}
	if _, err := a.Events.Append(ctx, e); err != nil {
		return fmt.Errorf("record what was done here: %w", err)
	}
	return nil
}

// submit stores a run asked for here.
func (t *terminal) submit(ctx context.Context, runner *jobs.Runner, run jobs.Run) (jobs.Run, error) {
	// Without a running bot nobody else looks after runs whose process has died; they would be in the way.
	revived, err := runner.Recover(ctx)
	if err != nil {
		return run, err
	}
	for _, r := range revived {
		say(t.Err, "%s (%s) was found with its process dead; now it is %s.\n", plainText(r.Title), r.ID, r.Status)
	}
	run.Request = "terminal/" + rand.Text()
	if run.By.ID == "" {
		run.By = person()
	}
	run.Source = jobs.FromTerminal
	run, err = runner.Submit(ctx, run)
	t.submitted = err == nil
	return run, err
}

// begin stores the run and carries it out.
func (t *terminal) begin(ctx context.Context, runner *jobs.Runner, run jobs.Run) error {
	run, err := t.submit(ctx, runner, run)
	if err != nil {
		return err
	}
	return t.carryOut(ctx, runner, run)
}

// carryOut works on the run in this process, or follows it when the running bot was faster, and shows its progress.
// When ctx ends the run is cancelled, whoever works on it: here is who asked for it.
func (t *terminal) carryOut(ctx context.Context, runner *jobs.Runner, run jobs.Run) error {
	say(t.Out, "%s (%s)\n", plainText(run.Title), run.ID)
	show := newProgress(t.Out)
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var beside sync.WaitGroup
	beside.Go(func() {
		// A watch that fails costs the progress bar only; the outcome comes from RunOnly.
		_, _ = runner.Watch(working, run.ID, show.update)
	})
	beside.Go(func() {
		select {
		case <-ctx.Done():
			say(t.Err, "\nStopping %s and cleaning up …\n", run.ID)
			if _, err := runner.Cancel(working, run.ID, person()); err != nil && working.Err() == nil {
				t.explain(err)
				stop() // then RunOnly gives the run back
			}
		case <-working.Done():
		}
	})
	ended, err := runner.RunOnly(working, run.ID)
	stop()
	beside.Wait()
	if err != nil {
		return fmt.Errorf("%w\n\"opsbot jobs show %s\" says how it stands; what is not at its end is taken up by the bot when it runs", err, run.ID)
	}
	show.finish(ended)
	say(t.Out, "%s\n", plain(runner.Card(ended)))
	if ended.Status != jobs.Succeeded {
		return &chat.Problem{Say: ended.Title + ": " + string(ended.Status) + ". " + ended.Reason, Try: ended.Try}
	}
	return nil
}

// progress draws one line for each step: in place on a terminal, every few seconds elsewhere.
type progress struct {
	out     io.Writer
	inPlace bool
	last    time.Time
	ended   map[int]bool
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, ended: map[int]bool{}}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.inPlace = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) update(run jobs.Run) {
	for i, step := range run.Steps {
		if step.Status.Ended() && !p.ended[i] {
			p.ended[i] = true
			p.line(cut(fmt.Sprintf("%-12s %s %s", step.Name, step.Status, plainText(step.Note)), 400), true)
		}
	}
	if !p.inPlace && time.Since(p.last) < 5*time.Second {
		return
	}
	p.last = time.Now()
	parts := []string{}
	for _, step := range run.Steps {
		if step.Status == jobs.Running {
			parts = append(parts, stepLine(step))
		}
	}
	switch {
	case len(parts) == 0:
	case p.inPlace:
		// A line that wraps could not be drawn over.
		p.line(cut(parts[0], 75)+strings.Repeat(" +", len(parts)-1), false)
	default:
		p.line(strings.Join(parts, " | "), false)
	}
}

func stepLine(s jobs.Step) string {
	line := fmt.Sprintf("%s %s", s.Name, s.Stage)
	if s.Total > 0 {
		line += fmt.Sprintf(" %s %d%%", chat.Bar(s.Done, s.Total), min(100, s.Done*100/s.Total))
	}
	line += fmt.Sprintf(" %s %s", chat.Plural(s.Done, "document"), chat.Bytes(s.Bytes))
	if s.Rate > 0 {
		line += " " + chat.Bytes(int64(s.Rate)) + "/s"
	}
	if left := s.Left(time.Now()); left > 0 {
		line += ", about " + chat.Span(left) + " left"
	}
	return line
}

func (p *progress) line(text string, keep bool) {
	switch {
	case !p.inPlace:
		say(p.out, "%s\n", text)
	case keep:
		say(p.out, "\r\033[K%s\n", text)
	default:
		say(p.out, "\r\033[K%s", text)
	}
}

// cut shortens a text to n characters in one line.
func cut(s string, n int) string {
	r := []rune(oneLine(s))
	if len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return string(r)
}

func (p *progress) finish(run jobs.Run) {
	p.update(run)
	if p.inPlace {
		say(p.out, "\r\033[K")
	}
}
