package terminal

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
)

// approvalKey is the environment variable that holds a person's own key.
const approvalKey = "OPSBOT_APPROVAL_KEY"

func (t *terminal) restore() *cobra.Command {
	to, archive, on, inPlace := "", "", "", false
	c := &cobra.Command{
		Use:   "restore <backup or database> [collection…]",
		Short: "Restore a backup, or an archive of mongodump, into a new database or in place, with proof",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case archive != "":
				return nil
			case on != "":
				return errors.New("--on goes with --archive; a backup goes where it came from")
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if inPlace && (to != "" || archive != "") {
				return usageError{errors.New("--in-place goes with neither --to nor --archive")}
			}
			if archive != "" {
				return t.restoreArchive(cmd.Context(), archive, jobs.ArchiveRequest{On: on, Collections: args, To: to})
			}
			return t.with(cmd.Context(), func(a *app.App, runner *jobs.Runner) error {
				plan := a.Restore.New
				if inPlace {
					plan = a.InPlace.New
				}
				run, err := plan(cmd.Context(), jobs.RestoreRequest{Backup: args[0], Collections: args[1:], To: to})
				if err != nil {
					return err
				}
				return t.planned(cmd.Context(), a, runner, run)
			})
		},
	}
	c.Flags().StringVar(&to, "to", "", "the new database's name; it must not exist yet")
	c.Flags().StringVar(&archive, "archive", "", "restore this archive of mongodump instead of a backup; - reads standard input")
	c.Flags().StringVar(&on, "on", "", "the configured database whose deployment an archive is restored to")
	c.Flags().BoolVar(&inPlace, "in-place", false, "replace what is there, after a backup of it")
	c.AddCommand(t.goOn("finish", "Go on with a restore in place that stopped in the middle", (*jobs.InPlace).Finish),
		t.goOn("back", "Put back what a restore in place has replaced", (*jobs.InPlace).Back))
	c.AddCommand(&cobra.Command{
		Use: "drop <name>", Short: "Remove a database that a restore has made", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(cmd.Context(), func(a *app.App, runner *jobs.Runner) error {
				run, err := a.Drop.New(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return t.planned(cmd.Context(), a, runner, run)
			})
		},
	})
	return c
}

// approvalCode is for the second person: it needs nothing but their own key and the plan's hash.
func (t *terminal) approvalCode() *cobra.Command {
	return &cobra.Command{
		Use: "approval-code <plan hash>", Short: "Make the code that approves a plan; your key is in " + approvalKey, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			key := os.Getenv(approvalKey)
			if key == "" {
				return usageError{fmt.Errorf("%s is not set: it holds your own key, the one under approvals.keys in the configuration", approvalKey)}
			}
			if sum, err := hex.DecodeString(args[0]); err != nil || len(sum) != sha256.Size {
				return usageError{fmt.Errorf("%q is no plan hash: it has %d hexadecimal digits and stands below the plan", args[0], 2*sha256.Size)}
			}
			say(t.Out, "%s\n", jobs.ApprovalCode(key, strings.ToLower(args[0])))
			return nil
		},
	}
}

// planned shows a plan, has it approved and carries it out.
func (t *terminal) planned(ctx context.Context, a *app.App, runner *jobs.Runner, run jobs.Run) error {
	var err error
	if run.Plan.Needs > 0 {
		if run.By, err = proposer(a); err != nil {
			return err
		}
	}
	if run, err = t.submit(ctx, runner, run); err != nil {
		return err
	}
	say(t.Out, "%s\n", plain(runner.Card(run)))
	in := newAnswers(t.In)
	if run.Plan.Confirm != "" {
		run, err = t.confirm(ctx, runner, run, in)
	}
	if err == nil && run.Plan.Needs > 0 {
		run, err = t.approve(ctx, a, runner, run, in)
	}
	if err != nil {
		return err
	}
	return t.carryOut(ctx, runner, run)
}

// proposer is who proposes a plan here, by their own key. Without knowing that, the second person could be the first
// one again, in Slack or with a code.
func proposer(a *app.App) (chat.User, error) {
	key := os.Getenv(approvalKey)
	for id, own := range a.Config.Approvals.Keys {
		if key != "" && hmac.Equal([]byte(key), []byte(own.Reveal())) {
			return chat.User{ID: id}, nil
		}
	}
	return chat.User{}, &chat.Problem{
		Say: "I can't tell who proposes this, and the person who approves it must be another one.",
		Try: "Put your own key, the one under approvals.keys in the configuration, into " + approvalKey + ".",
	}
}

// confirm asks for the typed name. Nobody else can give it, so the plan is withdrawn when no answer comes.
func (t *terminal) confirm(ctx context.Context, runner *jobs.Runner, run jobs.Run, in *answers) (jobs.Run, error) {
	return t.decided(ctx, runner, run, (*jobs.Plan).Typed, func(run jobs.Run) (jobs.Run, error) {
		typed, err := t.ask(ctx, in, "Type "+run.Plan.Confirm+" to confirm: ")
		if err != nil {
			_, cancelErr := runner.Cancel(context.WithoutCancel(ctx), run.ID, run.By)
			return run, errors.Join(&chat.Problem{
				Say: "The plan was not confirmed, so nothing was done; it is withdrawn.", Try: "Ask for it anew.", Err: err,
			}, cancelErr)
		}
		return runner.Confirm(ctx, run.ID, typed, run.By)
	})
}

// approve asks for the codes of others. Approvals in Slack count as well.
func (t *terminal) approve(ctx context.Context, a *app.App, runner *jobs.Runner, run jobs.Run, in *answers) (jobs.Run, error) {
	say(t.Out, "\nA second person must approve this plan, by the button of its card in Slack or with a code:\n"+
		"  %s=… opsbot approval-code %s\n", approvalKey, run.Plan.Hash)
	if len(a.Config.Approvals.Keys) == 0 {
		say(t.Out, "(Nobody has a key under approvals.keys in the configuration, so only the button counts.)\n")
	}
	if t.In == nil {
		return t.inSlack(ctx, runner, run)
	}
	never := func(*jobs.Plan) bool { return false } // it is queued with the last approval
	return t.decided(ctx, runner, run, never, func(run jobs.Run) (jobs.Run, error) {
		typed, err := t.ask(ctx, in, fmt.Sprintf("Approval code %d of %d (empty: look whether it was approved in Slack): ",
			len(run.Plan.Approvals)+1, run.Plan.Needs))
		switch {
		case err != nil && run.Kind == jobs.RestoreArchiveKind:
			return run, t.withdraw(ctx, runner, run, err)
		case err != nil:
			return run, fmt.Errorf("the plan was not approved: %w\nIt can be approved in Slack until %s; \"opsbot jobs cancel %s\" withdraws it",
				err, run.Plan.Expires.Format("15:04 MST"), run.ID)
		case strings.TrimSpace(typed) == "":
			return runner.Get(ctx, run.ID)
		}
		return t.enter(ctx, a, runner, run, typed)
	})
}

// decided asks until enough is decided, here or elsewhere, or the plan's time is over. A refused answer, which is a
// problem without a cause, is explained and asked for again.
func (t *terminal) decided(ctx context.Context, runner *jobs.Runner, run jobs.Run, enough func(*jobs.Plan) bool, answer func(jobs.Run) (jobs.Run, error)) (jobs.Run, error) {
	for run.Status == jobs.Proposed && !enough(run.Plan) && time.Now().Before(run.Plan.Expires) {
		after, err := answer(run)
		var problem *chat.Problem
		if errors.As(err, &problem) && problem.Err == nil {
			t.explain(err)
			after, err = runner.Get(ctx, run.ID)
		}
		if err != nil {
			return run, err
		}
		run = after
	}
	return run, nil
}

// enter finds whose code was typed and approves in that person's name.
func (t *terminal) enter(ctx context.Context, a *app.App, runner *jobs.Runner, run jobs.Run, typed string) (jobs.Run, error) {
	approvers := slices.Concat(a.Config.Roles["approver"], a.Config.Roles["admin"])
	for id, key := range a.Config.Approvals.Keys {
		if !jobs.SameCode(typed, jobs.ApprovalCode(key.Reveal(), run.Plan.Hash)) {
			continue
		}
		if !slices.Contains(approvers, id) {
			return run, &chat.Problem{
				Say: "That code is of " + chat.Literal(id) + ", who is no approver.",
				Try: "Here only those count who stand under roles.approver or roles.admin by their own ID.",
			}
		}
		return runner.Approve(ctx, run.ID, run.Plan.Hash, chat.User{ID: id})
	}
	if _, err := a.Events.Append(ctx, events.Event{
		Who: run.By, What: "approval.refused", Run: run.ID, Outcome: events.Refused, Text: "A wrong approval code was typed on the command line.",
	}); err != nil {
		return run, err
	}
	return run, &chat.Problem{Say: "That code fits nobody's key for this plan.", Try: "It must be made for exactly this plan's hash."}
}

// answers are the lines that a person types.
type answers struct {
	lines chan string
	err   error // once lines is closed
}

// newAnswers begins to read. A read of a terminal cannot be interrupted, so its goroutine is the one that nobody waits
// for: it ends with the input, or with the process.
func newAnswers(from io.Reader) *answers {
	a := &answers{lines: make(chan string)}
	if from == nil { // it is taken by something else
		a.err = io.EOF
		close(a.lines)
		return a
	}
	go func() {
		defer close(a.lines)
		in := bufio.NewReader(from)
		for a.err == nil {
			line, err := in.ReadString('\n')
			if line != "" {
				a.lines <- strings.TrimRight(line, "\r\n")
			}
			a.err = err
		}
	}()
	return a
}

// ask answers the next line; at the end of the input, or of the context, an error.
func (t *terminal) ask(ctx context.Context, in *answers, question string) (string, error) {
	say(t.Out, "%s", question)
	select {
	case line, ok := <-in.lines:
		switch {
		case ok:
			return line, nil
		case errors.Is(in.err, io.EOF):
			say(t.Out, "\n")
			return "", errors.New("the input ended without an answer")
		}
		return "", fmt.Errorf("read the answer: %w", in.err)
	case <-ctx.Done():
		say(t.Out, "\n")
		return "", errors.New("stopped while waiting for an answer")
	}
}
