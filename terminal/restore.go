package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
)

// approvalKey is the environment variable that holds a person's own key.
const approvalKey = "OPSBOT_APPROVAL_KEY"

func (t *terminal) restore() *cobra.Command {
	to := ""
	c := &cobra.Command{
		Use:   "restore <backup or database> [collection…]",
		Short: "Restore a backup into a new database, with proof",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(cmd.Context(), func(a *app.App, runner *jobs.Runner) error {
				run, err := a.Restore.New(cmd.Context(), jobs.RestoreRequest{Backup: args[0], Collections: args[1:], To: to})
				if err != nil {
					return err
				}
				return t.planned(cmd.Context(), a, runner, run)
			})
		},
	}
	c.Flags().StringVar(&to, "to", "", "the new database's name; it must not exist yet")
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
			say(t.Out, "%s\n", jobs.ApprovalCode(key, args[0]))
			return nil
		},
	}
}

// planned shows a plan, has it approved and carries it out.
func (t *terminal) planned(ctx context.Context, a *app.App, runner *jobs.Runner, run jobs.Run) error {
	run, err := submit(ctx, runner, run)
	if err != nil {
		return err
	}
	say(t.Out, "%s\n", plain(runner.Card(run)))
	if run, err = t.approve(ctx, a, runner, run); err != nil {
		return err
	}
	return t.carryOut(ctx, runner, run)
}

// approve asks for what the plan needs: the typed name, or codes of others. Approvals in Slack count as well.
func (t *terminal) approve(ctx context.Context, a *app.App, runner *jobs.Runner, run jobs.Run) (jobs.Run, error) {
	in := bufio.NewReader(t.In)
	if run.Plan.Needs == 0 {
		typed, err := t.ask(in, "Type "+run.Plan.Confirm+" to confirm: ")
		if err != nil {
			return run, err
		}
		return runner.Confirm(ctx, run.ID, typed, run.By)
	}
	say(t.Out, "\nA second person must approve this plan, by the button of its card in Slack or with a code:\n"+
		"  %s=… opsbot approval-code %s\n", approvalKey, run.Plan.Hash)
	for run.Status == jobs.Proposed {
		typed, err := t.ask(in, "Approval code (empty: look whether it was approved in Slack): ")
		if err != nil {
			return run, fmt.Errorf("the plan was not approved: %w; it stays open as %s until %s", err, run.ID, run.Plan.Expires.Format("15:04 MST"))
		}
		if strings.TrimSpace(typed) == "" {
			run, err = runner.Get(ctx, run.ID)
		} else {
			run, err = t.enter(ctx, a, runner, run, typed)
		}
		var problem *chat.Problem
		if errors.As(err, &problem) {
			t.explain(problem)
			run, err = runner.Get(ctx, run.ID)
		}
		if err != nil {
			return run, err
		}
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
			return run, &chat.Problem{Say: "That code is " + chat.Literal(id) + "'s, who is not an approver.", Try: "Approvers stand under roles.approver in the configuration, by their own ID."}
		}
		return runner.Approve(ctx, run.ID, run.Plan.Hash, chat.User{ID: id})
	}
	_, err := a.Events.Append(ctx, events.Event{
		Who: run.By, What: "approval.refused", Run: run.ID, Outcome: "refused", Text: "A wrong approval code was typed on the command line.",
	})
	return run, errors.Join(&chat.Problem{Say: "That code fits nobody's key for this plan.", Try: "It must be made for exactly this plan's hash."}, err)
}

func (t *terminal) ask(in *bufio.Reader, question string) (string, error) {
	say(t.Out, "%s", question)
	line, err := in.ReadString('\n')
	if err != nil && !(errors.Is(err, io.EOF) && line != "") {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
