package terminal

import (
	"context"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/jobs"
)

func (t *terminal) jobs() *cobra.Command {
	c := &cobra.Command{
		Use: "jobs", Short: "Show what is running and what ran", Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return t.with(cmd.Context(), func(_ *app.App, runner *jobs.Runner) error {
				runs, err := runner.List(cmd.Context(), jobs.Filter{Limit: 30})
				if err != nil {
					return err
				}
				if len(runs) == 0 {
					say(t.Out, "There was no run yet.\n")
					return nil
				}
				w := tabwriter.NewWriter(t.Out, 0, 4, 2, ' ', 0)
				say(w, "RUN\tASKED\tSTATUS\tWHAT\n")
				for _, run := range runs {
					say(w, "%s\t%s\t%s\t%s\n", run.ID, run.At.UTC().Format(time.DateTime)+" UTC", run.Status, plainText(run.Title))
				}
				return w.Flush()
			})
		},
	}
	c.AddCommand(
		&cobra.Command{
			Use: "show <run>", Short: "Show one run with its log", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return t.with(cmd.Context(), func(_ *app.App, runner *jobs.Runner) error {
					run, err := runner.Get(cmd.Context(), args[0])
					if err != nil {
						return err
					}
					say(t.Out, "%s\n", plain(runner.Card(run)))
					if steps := jobs.EveryStep(run); len(steps) > jobs.StepsShown {
						say(t.Out, "\n%s\n\n", visible(strings.Join(steps, "\n")))
					}
					for _, l := range run.Log {
						say(t.Out, "%s %s\n", l.At.UTC().Format(time.TimeOnly), plainText(l.Text))
					}
					return nil
				})
			},
		},
		&cobra.Command{
			Use: "cancel <run>", Short: "Stop a run", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return t.with(cmd.Context(), func(_ *app.App, runner *jobs.Runner) error {
					return t.cancel(cmd.Context(), runner, args[0])
				})
			},
		},
	)
	return c
}

func (t *terminal) cancel(ctx context.Context, runner *jobs.Runner, id string) error {
	run, err := runner.Cancel(ctx, id, person())
	if err != nil {
		return err
	}
	// The process that worked on it may have died with no bot to notice.
	if _, err := runner.Recover(ctx); err != nil {
		return err
	}
	if run, err = runner.Get(ctx, run.ID); err != nil {
		return err
	}
	if run.Status.Ended() {
		say(t.Out, "%s (%s) is %s.\n", plainText(run.Title), run.ID, run.Status)
		return nil
	}
	say(t.Out, "%s (%s) is told to stop; \"opsbot jobs show %s\" says when it has.\n", plainText(run.Title), run.ID, run.ID)
	return nil
}
