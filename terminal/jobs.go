package terminal

import (
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/jobs"
)

func (t *terminal) jobs() *cobra.Command {
	c := &cobra.Command{
		Use: "jobs", Short: "Show what is running and what ran", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.with(cmd.Context(), func(_ *app.App, runner *jobs.Runner) error {
				runs, err := runner.List(cmd.Context(), jobs.Filter{Limit: 30})
				if err != nil {
					return err
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
					for _, l := range run.Log {
						say(t.Out, "%s %s\n", l.At.UTC().Format(time.TimeOnly), l.Text)
					}
					return nil
				})
			},
		},
		&cobra.Command{
			Use: "cancel <run>", Short: "Stop a run", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return t.with(cmd.Context(), func(_ *app.App, runner *jobs.Runner) error {
					run, err := runner.Cancel(cmd.Context(), args[0], person())
					if err != nil {
						return err
					}
					say(t.Out, "%s is told to stop; now it is %s\n", run.ID, run.Status)
					return nil
				})
			},
		},
	)
	return c
}
