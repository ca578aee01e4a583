package terminal

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/jobs"
)

// goOn plans and carries out what follows from a restore in place.
func (t *terminal) goOn(verb, short string, plan func(*jobs.InPlace, context.Context, jobs.Run) (jobs.Run, error)) *cobra.Command {
	return &cobra.Command{Use: verb + " <run>", Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return t.with(cmd.Context(), func(a *app.App, runner *jobs.Runner) error {
			if _, err := runner.Recover(cmd.Context()); err != nil { // its process may have died
				return err
			}
			old, err := runner.Get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			run, err := plan(a.InPlace, cmd.Context(), old)
			if err != nil {
				return err
			}
			return t.planned(cmd.Context(), a, runner, run)
		})
	}}
}
