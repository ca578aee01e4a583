package terminal

import (
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/backups"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/jobs"
)

func (t *terminal) backup() *cobra.Command {
	c := group("backup", "Take, list, verify, export and remove backups")
	c.AddCommand(t.backupNow(), t.backupList(), t.backupShow(), t.backupVerify(), t.backupExport(), t.backupPrune())
	return c
}

func (t *terminal) backupNow() *cobra.Command {
	return &cobra.Command{
		Use: "now [database…]", Short: "Back up all databases, or the named ones, and verify",
		RunE: func(cmd *cobra.Command, names []string) error {
			return t.with(cmd.Context(), func(a *app.App, runner *jobs.Runner) error {
				run, err := a.Backup.New(names)
				if err != nil {
					return err
				}
				return t.begin(cmd.Context(), runner, run)
			})
		},
	}
}

func (t *terminal) backupList() *cobra.Command {
	return &cobra.Command{
		Use: "list [database]", Short: "List backups, newest first", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(cmd.Context(), func(a *app.App, _ *jobs.Runner) error {
				database := ""
				if len(args) > 0 {
					if _, err := databases.One(a.Databases, args[0]); err != nil {
						return err
					}
					database = args[0]
				}
				entries, err := a.Catalogue.List(cmd.Context(), database)
				if err != nil {
					return err
				}
				return t.table(entries)
			})
		},
	}
}

func (t *terminal) backupShow() *cobra.Command {
	return &cobra.Command{
		Use: "show <backup or database>", Short: "Show one backup: collections, objects, proofs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(cmd.Context(), func(a *app.App, _ *jobs.Runner) error {
				e, err := a.Catalogue.Resolve(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return t.entry(e)
			})
		},
	}
}

func (t *terminal) backupVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify <backup or database>…", Short: "Read backups back whole", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.with(cmd.Context(), func(a *app.App, runner *jobs.Runner) error {
				entries := []backups.Entry{}
				for _, word := range args {
					e, err := a.Catalogue.Newest(cmd.Context(), word)
					if err != nil {
						return err
					}
					entries = append(entries, e)
				}
				run, err := a.Verify.New(entries)
				if err != nil {
					return err
				}
				return t.begin(cmd.Context(), runner, run)
			})
		},
	}
}

func (t *terminal) backupPrune() *cobra.Command {
	dry := false
	c := &cobra.Command{
		Use: "prune [database…]", Short: "Remove the backups that backups.retention does not keep, once the plan is approved",
		RunE: func(cmd *cobra.Command, names []string) error {
			return t.with(cmd.Context(), func(a *app.App, runner *jobs.Runner) error {
				verdicts, err := a.Prune.Decide(cmd.Context(), names)
				if err != nil {
					return err
				}
				run, err := a.Prune.New(names, verdicts)
				if err != nil {
					return err
				}
				list, err := jobs.PruneList(run)
				if err != nil {
					return err
				}
				say(t.Out, "%s\n", list)
				if dry {
					say(t.Out, "%s: %s. Nothing was removed.\n", plainText(run.Plan.Title), plainText(jobs.Tally(verdicts)))
					return nil
				}
				return t.planned(cmd.Context(), a, runner, run)
			})
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "only show what would go and stay, and why")
	return c
}

func (t *terminal) table(entries []backups.Entry) error {
	if len(entries) == 0 {
		say(t.Out, "There is no backup yet.\n")
		return nil
	}
	w := tabwriter.NewWriter(t.Out, 0, 4, 2, ' ', 0)
	say(w, "BACKUP\tTAKEN\tDOCUMENTS\tSIZE\tSTATE\n")
	for _, e := range entries {
		m := e.Manifest
		say(w, "%s\t%s\t%s\t%s\t%s\n", m.ID, m.Started.UTC().Format(time.DateTime)+" UTC", chat.Count(m.Documents), chat.Bytes(m.Bytes), e.State())
	}
	return w.Flush()
}

// entry shows one backup with its collections, objects and proofs.
func (t *terminal) entry(e backups.Entry) error {
	m := e.Manifest
	if e.Fault != "" {
		say(t.Out, "%s\n  %s: %s\n", m.ID, e.State(), e.Fault)
		return nil
	}
	say(t.Out, "%s\n  %s, taken %s in %s\n  MongoDB %s, written by %s\n", m.ID, e.State(), m.Started.UTC().Format(time.RFC3339),
		chat.Span(m.Finished.Sub(m.Started)), m.Server, m.Tool)
	if e.Verification != nil {
		for _, fault := range e.Verification.Faults {
			say(t.Out, "  fault: %s\n", oneLine(fault))
		}
	}
	w := tabwriter.NewWriter(t.Out, 0, 4, 2, ' ', 0)
	say(w, "COLLECTION\tTYPE\tDOCUMENTS\tBYTES\tINDEXES\tDIGEST\n")
	for _, c := range m.Collections {
		if c.Type == databases.TypeView {
			say(w, "%q\t%s\t\t\t\t\n", c.Namespace(), c.Type)
			continue
		}
		say(w, "%q\t%s\t%s\t%s\t%d\t%s\n", c.Namespace(), c.Type, chat.Count(c.Documents), chat.Bytes(c.Bytes), len(c.Indexes), c.Digest)
	}
	say(w, "OBJECT\t\t\tSIZE\t\tSHA-256\n")
	for _, o := range m.Objects {
		say(w, "%s\t\t\t%s\t\t%s\n", o.Key, chat.Bytes(o.Size), o.SHA256)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	say(t.Out, "not in it:\n")
	for _, point := range m.LacksInFull() {
		say(t.Out, "  - %s\n", plainText(point))
	}
	for _, c := range e.Certificates {
		say(t.Out, "restored %s in %s: equal %t\n", c.Finished.UTC().Format(time.RFC3339), chat.Span(c.Finished.Sub(c.Started)), c.OK)
	}
	return nil
}
