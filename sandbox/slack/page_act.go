package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
)

// act is something that a person does on the page.
type act struct {
	As, Do                string
	Channel, TS, Thread   string
	Text, Emoji, Callback string
	// Action names an element as "block_id/action_id", Value tells buttons apart, Chosen is what a menu then holds.
	Action, Value string
	Chosen        []string
	// Inputs are what a form holds, by "block_id/action_id".
	Inputs map[string]any
}

// acts is what can be done on the page.
var acts = map[string]func(*Person, act) error{
	"slash":           func(p *Person, a act) error { _, err := p.Slash(a.Channel, a.Text); return err },
	"say":             func(p *Person, a act) error { _, err := p.SayInThread(a.Channel, a.Thread, a.Text); return err },
	"edit":            func(p *Person, a act) error { return p.Edit(a.Channel, a.TS, a.Text) },
	"delete":          func(p *Person, a act) error { return p.Delete(a.Channel, a.TS) },
	"react":           func(p *Person, a act) error { return p.toggle(a.Channel, a.TS, a.Emoji) },
	"press":           func(p *Person, a act) error { return p.useMessage(a.Channel, a.TS, a.Action, &a.Value, nil) },
	"choose":          func(p *Person, a act) error { return p.Choose(a.Channel, a.TS, a.Action, a.Chosen...) },
	"pressView":       func(p *Person, a act) error { return p.pressForm(a) },
	"pressHome":       func(p *Person, a act) error { return p.pressView(a.Action, &a.Value, p.home) },
	"chooseHome":      func(p *Person, a act) error { return p.chooseHome(a.Action, a.Chosen) },
	"fill":            func(p *Person, a act) error { return p.fillForm(a) },
	"submit":          func(p *Person, a act) error { return p.fillAndSubmit(a.Inputs) },
	"cancel":          func(p *Person, _ act) error { return p.Cancel() },
	"cancelAll":       func(p *Person, _ act) error { return p.CancelAll() },
	"pin":             func(p *Person, a act) error { return p.Pin(a.Channel, a.TS) },
	"unpin":           func(p *Person, a act) error { return p.Unpin(a.Channel, a.TS) },
	"dismiss":         func(p *Person, a act) error { return p.Dismiss(a.Channel, a.TS) },
	"read":            func(p *Person, a act) error { return p.MarkRead(a.Channel, a.TS) },
	"home":            func(p *Person, _ act) error { return p.OpenHome() },
	"dm":              func(p *Person, a act) error { _, err := p.DMWith(a.Value); return err },
	"shortcut":        func(p *Person, a act) error { return p.Shortcut(a.Callback) },
	"messageShortcut": func(p *Person, a act) error { return p.MessageShortcut(a.Channel, a.TS, a.Callback) },
}

func (p *Person) top() *view  { return p.s.topView(p.id) }
func (p *Person) home() *view { return p.s.homes[p.id] }

// servePageAct does one act and answers {"ok":true}, or {"error":…} with what the person sees. It takes JSON only,
// which other sites cannot send without being asked.
func (s *Server) servePageAct(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "the body must be JSON", http.StatusUnsupportedMediaType)
		return
	}
	var a act
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&a); err != nil {
		http.Error(w, "the body must be JSON", http.StatusBadRequest)
		return
	}
	do := acts[a.Do]
	if do == nil {
		http.Error(w, fmt.Sprintf("%q cannot be done", a.Do), http.StatusBadRequest)
		return
	}
	err := do(s.As(a.As), a)
	var form *FormError
	switch {
	case errors.As(err, &form):
		writeJSON(w, object{"ok": false, "fields": form.Fields})
	case err != nil:
		writeJSON(w, object{"ok": false, "error": err.Error()})
	default:
		writeJSON(w, object{"ok": true})
	}
}

// toggle puts a reaction on a message, or takes the person's own away.
func (p *Person) toggle(channelID, ts, emoji string) error {
	err := p.React(channelID, ts, emoji)
	var refused *apiError
	if errors.As(err, &refused) && refused.code == "already_reacted" {
		return p.Unreact(channelID, ts, emoji)
	}
	return err
}

// fillForm uses one input that tells the app at once; pressForm a button. What else the form holds is entered before.
func (p *Person) fillForm(a act) error {
	if err := p.enterAll(a.Inputs); err != nil {
		return err
	}
	return p.Fill(map[string]any{a.Action: a.Chosen})
}

func (p *Person) pressForm(a act) error {
	if err := p.enterAll(a.Inputs); err != nil {
		return err
	}
	return p.pressView(a.Action, &a.Value, p.top)
}

// fillAndSubmit enters what was not sent yet, without telling the app of single inputs, and submits.
func (p *Person) fillAndSubmit(inputs map[string]any) error {
	if err := p.enterAll(inputs); err != nil {
		return err
	}
	return p.Submit()
}

func (p *Person) enterAll(inputs map[string]any) error {
	fields, err := p.fieldsFor(inputs, map[string]bool{})
	if err != nil {
		return err
	}
	for _, f := range fields {
		f.dispatch = false
		if err := p.fillOne(f.inputField, f.entered); err != nil {
			return err
		}
	}
	return nil
}
