package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/sandbox/browser"
)

// onStage opens the demo and runs its bot until the test is over.
func onStage(t *testing.T, scale float64, latency time.Duration) *stage.Stage {
	t.Helper()
	return onStageWith(t, stage.Options{Scale: scale, Latency: latency})
}

// onStageWith is onStage with more to choose from.
func onStageWith(t *testing.T, o stage.Options) *stage.Stage {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	o.Dir, o.Approvals, o.Log = t.TempDir(), 1, slog.New(slog.DiscardHandler)
	p, err := open(ctx, o)
	require.NoError(t, err)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- p.app.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		err := <-ended
		require.NoError(t, errors.Join(err, p.close()))
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatalf("the bot ended: %v", err)
	}
	return p.stage
}

// tab opens the page as somebody.
func tab(t *testing.T, s *stage.Stage, user, name string) *browser.Tab {
	t.Helper()
	b := browser.Open(t, s.Slack.URL()+"/?as="+user, 1400, 900)
	b.See("#me .me-button", name)
	b.See("#guide", "What to try")
	return b
}

// TestTheRestoreStory is told on the page by two people, each before a browser of their own.
func TestTheRestoreStory(t *testing.T) {
	s := onStage(t, 0.05, 0)
	anna, ben := tab(t, s, s.Anna, "anna"), tab(t, s, s.Ben, "ben")
	anna.Click(".steps button", "Back up everything")
	anna.Until(`document.querySelector("#line").value === "/backup now"`)
	anna.Press(kb.Enter)
	ben.See(".message", "✅ Backup of")
	anna.See(".steps .done", "Back up everything")

	anna.Type("#line", "/restore"+kb.Enter)
	anna.See("#modal .label", "Database")
	anna.Click("#modal .block:first-child [role=combobox]", "")
	anna.Click("[role=option]", "orders")
	anna.Until(`document.querySelector("#modal input:not([role])")?.placeholder.includes("orders")`) // the form has followed
	anna.Type("#modal input:not([role])", "bad/name")
	anna.Click("#modal button[type=submit]", "")
	anna.See("#modal .section", "bad/name")
	browser.Eval[any](anna, `document.querySelector("#modal input:not([role])").select()`)
	anna.Type("#modal input:not([role])", "story_restored")
	anna.Click("#modal button[type=submit]", "")
	anna.See(".message h3", "Restore of orders")
	closeForm(anna)

	anna.Click(".message .button", "Approve")
	anna.See("#confirm", "Approve this plan?")
	anna.Click("#confirm button", "Approve")
	anna.See(".message.ephemeral", "somebody else has to approve")
	ben.Gone(".message", "somebody else has to approve")
	ben.See(".message", "story_restored")
	ben.Click(".message .button", "Approve")
	ben.Click("#confirm button", "Approve")
	for _, page := range []*browser.Tab{anna, ben} {
		page.See(".message", "Proven equal")
		page.Gone(".message .button", "Approve")
	}
	anna.See(".guide-button", "4/") // all but Home and what follows
}

// closeForm closes the form that says that all is done, if the bot had to show one because its answer took a while.
func closeForm(page *browser.Tab) {
	page.Until(`!document.querySelector("#modal").open || document.querySelector("#modal").textContent.includes("Done")`)
	if browser.Eval[bool](page, `document.querySelector("#modal").open`) {
		page.Press(kb.Escape)
	}
	page.Gone("#modal", "")
}

// TestTheRestoreStoryByKeyboard is told by one person who plays both, without a mouse.
func TestTheRestoreStoryByKeyboard(t *testing.T) {
	s := onStage(t, 0.05, 0)
	page := tab(t, s, s.Anna, "anna")
	page.Until(`document.activeElement.id === "line"`) // the composer has the focus from the start
	page.Press("/backup now orders" + kb.Enter)
	page.See(".message", "✅ Backup of")
	page.Press("/rest" + kb.Tab + kb.Enter)
	page.See("#modal .label", "Database")
	page.Until(`document.activeElement.getAttribute("role") === "combobox"`)
	page.Press("ord" + kb.Enter)
	page.Until(`document.querySelector("#modal input:not([role])")?.placeholder.includes("orders")`)
	for range 10 {
		if browser.Eval[bool](page, `document.activeElement.matches("#modal input:not([role])")`) {
			break
		}
		page.Press(kb.Tab)
	}
	page.Press("keys_restored" + kb.Enter)
	page.See(".message h3", "Restore of orders")
	closeForm(page)
	page.Until(`document.activeElement.id === "line"`) // where the person came from

	approve := func() {
		t.Helper()
		toPane(t, page, "#messages")
		for range 20 { // the plan stands above what was refused
			if browser.Eval[bool](page, `document.activeElement.textContent.includes("Restore of orders")`) {
				break
			}
			page.Press(kb.ArrowUp)
		}
		page.Press(kb.Tab)
		require.Contains(t, page.Focused(), "Approve")
		page.Press(kb.Enter)
		page.See("#confirm", "Approve this plan?")
		page.Press(kb.Enter)
		page.Gone("#confirm", "")
	}
	approve()
	page.See(".message.ephemeral", "somebody else has to approve")
	toPane(t, page, "#sidebar")
	page.Press(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift))
	require.Contains(t, page.Focused(), "Become somebody else")
	page.Press(kb.Enter)
	page.Press("b" + kb.Enter)
	page.See("#me .me-button", "ben")
	approve()
	page.See(".message", "Proven equal")
}

// toPane presses F6 until the focus is in a pane.
func toPane(t *testing.T, page *browser.Tab, selector string) {
	t.Helper()
	for range 8 {
		page.Press(kb.F6)
		if browser.Eval[bool](page, `document.querySelector("`+selector+`").contains(document.activeElement)`) {
			return
		}
	}
	t.Fatalf("F6 did not lead to %s, but to %s", selector, page.Focused())
}
