// Package browser drives a headless Chromium for the tests of the workspace's page. Its methods wait until what they
// ask for is there, and end the test when it does not come in time.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/kampyn/opsbot/sandbox/peers"
)

// patience bounds each wait; it is long because machines are slow, and costs nothing when all is well.
const patience = 60 * time.Second

// Tab is one page. Selectors are those of CSS.
type Tab struct {
	tb  testing.TB
	ctx context.Context
}

// Open starts a browser of its own with an empty profile and leads it to the address. Without Chromium the test is
// skipped; under CI=true it fails.
func Open(tb testing.TB, address string, width, height int) *Tab {
	tb.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(peers.Find(tb, "chromium")), chromedp.NoSandbox,
		chromedp.UserDataDir(tb.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(width, height))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	tb.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocated)
	tb.Cleanup(closeTab)
	t := &Tab{tb, ctx}
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the context of the first steps
		tb.Fatalf("start Chromium: %v", err)
	}
	t.Do("open "+address, chromedp.Navigate(address))
	t.Size(width, height)
	return t
}

// Do runs steps of chromedp; what says in a failure which they were.
func (t *Tab) Do(what string, steps ...chromedp.Action[chromedp.Void]) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.fail(what, err)
	}
}

// fail ends the test, with the page as it stands in a file beside other temporary ones.
func (t *Tab) fail(what string, err error) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, 10*time.Second)
	defer cancel()
	kept := "no picture could be taken"
	if picture, shotErr := chromedp.Run(ctx, chromedp.CaptureScreenshot()); shotErr == nil {
		if f, fileErr := os.CreateTemp("", "opsbot-page-*.png"); fileErr == nil {
			_, writeErr := f.Write(picture)
			kept = fmt.Sprintf("the page is in %s (%v)", f.Name(), errors.Join(writeErr, f.Close()))
		}
	}
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`)) // only to explain
	t.tb.Fatalf("%s: %v; %s; it says:\n%s", what, err, kept, text)
}

// Eval answers what a JavaScript expression does.
func Eval[T any](t *Tab, expression string) T {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.fail(expression, err)
	}
	return v
}

// Until waits for a JavaScript expression to be true.
func (t *Tab) Until(expression string) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience))); err != nil {
		t.fail("until "+expression, err)
	}
}

// See waits for a visible element whose text contains words; "" asks for the element only.
func (t *Tab) See(selector, words string) {
	t.tb.Helper()
	t.Until(found(selector, words) + ` !== undefined`)
}

// Gone waits until See would find nothing.
func (t *Tab) Gone(selector, words string) {
	t.tb.Helper()
	t.Until(found(selector, words) + ` === undefined`)
}

// found is the last visible element with the words: the newest, in lists that grow at their end.
func found(selector, words string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%s)].findLast((e) => e.checkVisibility({visibilityProperty: true}) && e.textContent.includes(%s))`,
		strconv.Quote(selector), strconv.Quote(words))
}

// Click presses the last visible element that has the words, in its middle, as a mouse does.
func (t *Tab) Click(selector, words string) {
	t.tb.Helper()
	t.See(selector, words)
	at := Eval[[]float64](t, `(() => { const e = `+found(selector, words)+`; e.scrollIntoView({block: "nearest", behavior: "instant"});
		const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	t.Do(fmt.Sprintf("click %s %q", selector, words), chromedp.MouseClickXY(at[0], at[1]))
}

// Hover puts the pointer over an element.
func (t *Tab) Hover(selector, words string) {
	t.tb.Helper()
	t.See(selector, words)
	at := Eval[[]float64](t, `(() => { const r = `+found(selector, words)+`.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	t.Do("hover "+selector, chromedp.MouseEvent(chromedp.MouseMoved, at[0], at[1]))
}

// Type puts the focus on an element and presses keys; those without a letter are in chromedp's package kb.
func (t *Tab) Type(selector, keys string) {
	t.tb.Helper()
	t.See(selector, "")
	t.Until(`(() => { const e = ` + found(selector, "") + `; e?.focus(); return e && document.activeElement === e; })()`)
	t.Press(keys)
}

// Press presses keys where the focus is. A key is pressed and writes in one event, as a real one does, so that what the
// page prevents does not happen; chromedp's own KeyEvent sends two.
func (t *Tab) Press(keys string, options ...chromedp.KeyOption) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	for _, r := range keys {
		events := kb.Encode(r)
		down, up := events[0], events[len(events)-1]
		if len(events) == 3 {
			down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
		}
		for _, e := range []*input.DispatchKeyEventParams{down, up} {
			for _, o := range options {
				o(e)
			}
			if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, *e); err != nil {
				t.fail(fmt.Sprintf("press %q", keys), err)
			}
		}
	}
}

// Focused answers the words of the element that has the focus: its label, text or data-key.
func (t *Tab) Focused() string {
	t.tb.Helper()
	return Eval[string](t, `(() => { const e = document.activeElement; return [e.tagName, e.getAttribute("aria-label"), e.textContent.trim().slice(0, 80), e.dataset?.key].filter(Boolean).join(" "); })()`)
}

// Text answers the text of an element as it is shown.
func (t *Tab) Text(selector string) string {
	t.tb.Helper()
	t.See(selector, "")
	return Eval[string](t, found(selector, "")+`.innerText`)
}

// Size makes the page as wide and high as that many pixels.
func (t *Tab) Size(width, height int) {
	t.tb.Helper()
	t.Do("set the size", chromedp.EmulateViewport(int64(width), int64(height)))
}

// Dark says what the system's theme is.
func (t *Tab) Dark(dark bool) {
	t.tb.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(t.ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.fail("set the theme", err)
	}
	t.Until(fmt.Sprintf(`matchMedia("(prefers-color-scheme: %s)").matches`, scheme))
}

// Picture writes what is seen into a PNG file, with the pointer out of the way.
func (t *Tab) Picture(path string) {
	t.tb.Helper()
	t.Do("move the pointer away", chromedp.MouseEvent(chromedp.MouseMoved, 1, 1))
	t.Until(`[...document.images].every((i) => i.complete)`)
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, picture, 0o644)
	}
	if err != nil {
		t.fail("take "+path, err)
	}
}
