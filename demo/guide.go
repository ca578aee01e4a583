package main

import (
	"context"
	"fmt"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/demo/stage"
)

// guide tells the tour. The first thing that is not as it should be ends it: everything after that is skipped.
type guide struct {
	stage.Conversation
	ctx    context.Context
	app    *app.App
	checks int
	failed error
}

// step counts what came out right and keeps what did not.
func (g *guide) step(err error) {
	if err != nil {
		g.failed = err
		return
	}
	g.checks++
}

// tell runs its steps until one fails.
func (g *guide) tell(steps ...func() error) {
	for _, do := range steps {
		if g.failed == nil && g.ctx.Err() == nil {
			g.step(do())
		}
	}
}

// check is a step that is checked outside the conversation.
func (g *guide) check(what string, do func() error) func() error {
	return func() error {
		if err := do(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		fmt.Fprintf(g.Out, "  ✔ %s\n", what)
		return nil
	}
}

func (g *guide) says(user, line string) func() error {
	return func() error { return g.Says(user, line) }
}

func (g *guide) presses(user, label string) func() error {
	return func() error { return g.Presses(user, label) }
}

func (g *guide) fills(user, input, value string) func() error {
	return func() error { return g.Fills(user, map[string]any{input: value}) }
}

func (g *guide) gets(user, pattern string) func() error {
	return func() error { return g.FormShows(user, pattern) }
}

func (g *guide) submits(user string) func() error {
	return func() error { return g.Submits(user) }
}

func (g *guide) hears(user string, patterns ...string) func() error {
	return func() error { return g.Hears(user, patterns...) }
}

func (g *guide) sees(patterns ...string) func() error {
	return func() error { return g.Sees(patterns...) }
}

func (g *guide) becomes(patterns ...string) func() error {
	return func() error { return g.Becomes(patterns...) }
}
