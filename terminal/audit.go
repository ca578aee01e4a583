package terminal

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/jobs"
)

// auditShown is how many events are shown when nothing else is asked for.
const auditShown = 100

func (t *terminal) audit() *cobra.Command {
	asJSON, asCSV, limit := false, false, 0
	c := &cobra.Command{
		Use: "audit [filter…]", Short: "Show who asked what, when, where, and what came of it", Args: cobra.ArbitraryArgs,
		Example: "  opsbot audit @anna backup orders since yesterday\n  opsbot audit refused 24h\n  opsbot audit --csv 2026-11-01..2026-11-07 > audit.csv",
		RunE: func(cmd *cobra.Command, words []string) error {
			return t.with(cmd.Context(), func(a *app.App, _ *jobs.Runner) error {
				f, err := a.AuditWords(person().ID).Filter(cmd.Context(), words)
				if err != nil {
					return err
				}
				if f.Limit = limit; limit == 0 && !asJSON && !asCSV {
					f.Limit = auditShown
				}
				list, err := a.Events.Query(cmd.Context(), f)
				switch {
				case err != nil:
					return err
				case asJSON:
					return commands.WriteJSONLines(t.Out, list)
				case asCSV:
					return commands.WriteCSV(t.Out, list)
				}
				t.events(list, limit == 0 && len(list) == auditShown)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "write all of them as lines of JSON")
	c.Flags().BoolVar(&asCSV, "csv", false, "write all of them as CSV")
	c.Flags().IntVar(&limit, "limit", 0, "show no more than this many")
	c.MarkFlagsMutuallyExclusive("json", "csv")
	c.AddCommand(&cobra.Command{
		Use: "verify", Short: "Walk the whole log and say whether anything was changed or removed", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.with(cmd.Context(), func(a *app.App, _ *jobs.Runner) error {
				report, err := a.Events.Verify(cmd.Context())
				if err != nil {
					return err
				}
				if !report.OK() {
					return &chat.Problem{Say: commands.AuditVerdict(report)}
				}
				say(t.Out, "%s\n", plainText(commands.AuditVerdict(report)))
				return nil
			})
		},
	})
	return c
}

func (t *terminal) events(list []events.Event, more bool) {
	if len(list) == 0 {
		say(t.Out, "Nothing.\n")
	}
	for _, e := range list {
		outcome := string(e.Outcome)
		if outcome == "" {
			outcome = "-"
		}
		who := e.Who.Name
		if who == "" {
			who = e.Who.ID
		}
		say(t.Out, "%s  %-9s  %s: %s", e.At.UTC().Format(time.DateTime), outcome, who, oneLine(plainText(e.Text)))
		if e.Run != "" {
			say(t.Out, " (%s)", e.Run)
		}
		say(t.Out, "\n")
	}
	if more {
		say(t.Out, "There are more: name a time or a person, or take all with --json.\n")
	}
}
