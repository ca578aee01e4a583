package main

import (
	"fmt"
	"regexp"
)

// checklist works through the daily one: what opsbot can know ticks itself, what it cannot know yet is outweighed with a
// reason, and the rest is ticked by a person.
func (g *guide) checklist() {
	g.tell(
		g.says(g.Chitra, "/checklist"),
		g.hears(g.Chitra, `None is open`, "`daily` · Daily checklist, 6 items", `Next `, `deployment`),
		g.says(g.Anna, "/checklist start daily"),
		g.sees(`Daily checklist`, `for @oncall`, `\( \) Logs are reviewed`),
		g.becomes(`✅ .Backups are verified. · last backup of .* ago, verified`, `✅ .CI of the main branch is green. · green on `,
			`✅ .No critical alert`, `✅ .No incident is open`, `(❌|❔) .The system is healthy. · `, `4 of 6`),
		g.presses(g.Anna, "Done"),
		g.hears(g.Anna, `still wants .*“The system is healthy”`, `“Logs are reviewed”`),
		g.ticks(g.Ben, "Logs are reviewed"),
		g.becomes(`5 of 6`, `\(x\) Logs are reviewed`, `@ben`),
		g.says(g.Anna, "/checklist override healthy looked at by hand: opsbot has watched for a minute only"),
		g.hears(g.Anna, `overrode “The system is healthy”`),
		g.becomes(`overridden. by @anna, .*: looked at by hand`, `6 of 6`, `Press .Done.`),
		g.presses(g.Anna, "Done"),
		g.becomes(`✅ .Done. by @anna`, `overridden. by @anna`),
		g.says(g.Anna, "/checklist report 7d"),
		g.hears(g.Anna, `1 list: 1 done on time`, `The system is healthy`),
		g.check("the list stands in the channel once", func() error { return g.once(`Daily checklist · `) }),
	)
}

func (g *guide) ticks(user, item string) func() error {
	return func() error { return g.Ticks(user, item, true) }
}

// once says that exactly one message that everybody sees matches the pattern; answers in threads do not count.
func (g *guide) once(pattern string) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	n := 0
	for _, m := range g.Slack.Messages(g.Ops) {
		if !m.Ephemeral && !m.Deleted && (m.ThreadTS == "" || m.ThreadTS == m.TS) && wanted.MatchString(m.Plain()) {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("%d messages match %q", n, pattern)
	}
	return nil
}
