package terminal

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"
)

func (t *terminal) run() *cobra.Command {
	return &cobra.Command{
		Use: "run", Short: "Run the bot until it is told to stop", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx := cmd.Context()
			a, err := t.open(ctx, slog.LevelInfo)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			return a.Run(ctx, func() { a.Log.Info("opsbot is connected") })
		},
	}
}
