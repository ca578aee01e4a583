package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/kampyn/opsbot/demo/stage"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

// incident tells one from the first word to the post-mortem on GitHub, with an action item of its own there.
func (g *guide) incident() {
	g.declare("sev2 Payments fail at the counter", "inc-1-", "SEV2", "Payments fail at the counter", "Nobody has acknowledged it yet")
	g.tell(
		g.follows(`What changed in the`),
		g.presses(g.Ben, "Take command"),
		g.sees(`ben took the role of \*commander\*`),
		g.says(g.Chitra, "The card readers show a spinner since noon"),
		g.marks(g.Anna, "reacts", "show a spinner", "pushpin"),
		g.marked("show a spinner", "white_check_mark"),
		g.says(g.Anna, "/incident note 10m ago The disk of the payment service was full"),
		g.hears(g.Anna, `On the timeline of #1`, `The disk of the payment service was full`),
		g.says(g.Ben, "/incident update The disk is being emptied; payments are back in ten minutes."),
		g.sees(`Update by @ben: The disk is being emptied`),
	)
	g.resolve("the log of the payment service filled its disk", "one payment in three failed for 40 minutes", "the log was removed")
	g.tell(
		g.follows(`The post-mortem is filed`),
		g.onGitHub("the post-mortem is one issue, with the timeline", `Post-mortem: Payments fail`,
			`(?s)## Timeline.*show a spinner`, `disk of the payment service was full`, `filled its disk`, `one payment in three`),
		g.says(g.Ben, "/incident action @ben by friday rotate the log of the payment service"),
		g.sees(`added an action: rotate the log of the payment service`),
		g.onGitHub("the action is an issue of its own", `^rotate the log of the payment service$`, `ben`),
		g.onGitHub("the post-mortem leads to it", `Post-mortem: Payments fail`, `rotate the log`),
		g.says(g.Ben, "/incident close"),
		g.follows(`to \*closed\*`),
	)
}

// incidentInTrouble tells it again while GitHub is in trouble: it answers 502, then that too much was asked, then takes
// the issue and cuts the connection before it answers.
func (g *guide) incidentInTrouble() {
	const issues = "POST /repos/{owner}/{repo}/issues"
	faults := g.GitHub.Faults()
	faults.ServerError(issues, 1, 502)
	faults.PrimaryLimit(issues, 1, 2*time.Second)
	faults.LoseAnswers(issues, 1)
	g.tell(func() error { return g.GoesTo("ops") })
	g.declare("sev2 Orders take a minute", "inc-2-", "SEV2", "Orders take a minute")
	g.resolve("an index was missing after a restore", "orders took a minute for a quarter of an hour", "the index was built")
	g.tell(
		g.follows(`The post-mortem is filed`),
		g.onGitHub("after a 502, a limit and a lost answer there is exactly one issue", `Post-mortem: Orders take a minute`,
			`an index was missing`),
		func() error { return g.GoesTo("ops") },
	)
}

func (g *guide) declare(words, channel string, card ...string) {
	g.tell(
		g.says(g.Chitra, "/incident "+words),
		g.hears(g.Chitra, `is noted`),
		func() error { return g.GoesTo(channel) },
		g.sees(card...),
	)
}

func (g *guide) resolve(cause, impact, done string) {
	g.tell(
		g.says(g.Ben, "/incident resolve"),
		g.fills(g.Ben, "cause", cause),
		g.fills(g.Ben, "impact", impact),
		g.fills(g.Ben, "done", done),
		g.submits(g.Ben),
		g.sees(`to \*resolved\*`),
	)
}

// onGitHub waits until exactly one issue has that title and all patterns in its body.
func (g *guide) onGitHub(what, title string, patterns ...string) func() error {
	named := regexp.MustCompile(title)
	return g.check(what, func() error {
		if _, err := g.GitHub.WaitIssue(g.ctx, stage.Repository, func(i sandbox.Issue) bool {
			for _, p := range patterns {
				if !regexp.MustCompile(p).MatchString(i.Body) {
					return false
				}
			}
			return named.MatchString(i.Title)
		}); err != nil {
			return err
		}
		n := 0
		for _, i := range g.GitHub.Issues(stage.Repository) {
			if named.MatchString(i.Title) {
				n++
			}
		}
		if n != 1 {
			return fmt.Errorf("%d issues are called %q", n, title)
		}
		return nil
	})
}

func (g *guide) follows(pattern string) func() error {
	return func() error { return g.Follow(pattern) }
}

func (g *guide) marks(user, verb, pattern string, rest ...string) func() error {
	return func() error { return g.Marks(user, verb, pattern, rest...) }
}

func (g *guide) marked(pattern, emoji string) func() error {
	return func() error { return g.Marked(pattern, emoji, true) }
}
