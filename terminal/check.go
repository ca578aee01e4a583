package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checkup"
	"github.com/kampyn/opsbot/config"
)

func (t *terminal) check() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "check", Short: "Try every setting, token, right and server, without changing anything", Args: cobra.NoArgs,
		Long: "Try everything that the configuration names by harmless calls, one line for each thing, with what to do about it:\n" +
			"✓ it works, ✗ it does not, ! it works but, – it was not tried because of something else.\n" +
			"The exit code is 0 when nothing fails, and 1 otherwise. Nothing is changed: in the object store a small object\n" +
			"is written and removed again, in Slack and GitHub nothing is posted.",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			c, problems, err := config.Inspect(t.config)
			if err != nil {
				return usageError{err}
			}
			began := time.Now()
			u := app.NewCheckup(cmd.Context(), c, problems)
			defer func() { err = errors.Join(err, u.Close()) }()
			show := t.section
			if asJSON {
				show = func(checkup.Section) {}
			}
			all := checkup.Run(cmd.Context(), u.Probes, show)
			failed := total(all, checkup.Failed)
			if asJSON {
				if err := t.sectionsJSON(all); err != nil {
					return err
				}
			} else {
				say(t.Out, "%d ok, %d failed, %d with a remark, %d skipped; took %s\n", total(all, checkup.OK), failed,
					total(all, checkup.Remark), total(all, checkup.Skipped), chat.Span(time.Since(began)))
			}
			if failed > 0 {
				return errChecked
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document instead of lines")
	return c
}

// errChecked makes the exit code of a checkup in which something failed. The rows have said it all.
var errChecked = errors.New("something failed")

func total(all []checkup.Section, status checkup.Status) int {
	n := 0
	for _, s := range all {
		n += s.Count(status)
	}
	return n
}

var marks = map[checkup.Status]string{checkup.OK: "✓", checkup.Failed: "✗", checkup.Remark: "!", checkup.Skipped: "–"}

// section prints the rows below their title, aligned.
func (t *terminal) section(s checkup.Section) {
	widest := 0
	for _, row := range s.Rows {
		widest = max(widest, utf8.RuneCountInString(row.Name))
	}
	say(t.Out, "%s\n", oneLine(s.Title))
	for _, row := range s.Rows {
		line := plainText(row.Say)
		if row.Try != "" {
			line += " → " + plainText(row.Try)
		}
		say(t.Out, "  %s %-*s  %s\n", marks[row.Status], widest, oneLine(row.Name), oneLine(line))
	}
	say(t.Out, "\n")
}

// sectionsJSON prints what a program needs to know of a checkup, in plain text.
func (t *terminal) sectionsJSON(all []checkup.Section) error {
	for i := range all {
		for j, row := range all[i].Rows {
			all[i].Rows[j].Say, all[i].Rows[j].Try = strings.ReplaceAll(plainText(row.Say), "`", ""), strings.ReplaceAll(plainText(row.Try), "`", "")
		}
	}
	out := json.NewEncoder(t.Out)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(map[string]any{
		"ok": total(all, checkup.Failed) == 0, "failed": total(all, checkup.Failed), "sections": all,
	}); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
