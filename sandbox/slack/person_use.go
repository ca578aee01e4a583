package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Click presses a button of a message and waits for the acknowledgement. The button is named by action_id or by its
// label; a confirm dialog is taken as confirmed.
func (p *Person) Click(channelID, ts, actionIDOrLabel string) error {
	return p.useMessage(channelID, ts, actionIDOrLabel, nil, nil)
}

// ClickValue is Click for one of several buttons with the same name: the one with this value.
func (p *Person) ClickValue(channelID, ts, actionIDOrLabel, value string) error {
	return p.useMessage(channelID, ts, actionIDOrLabel, &value, nil)
}

// Choose uses a menu, picker, checkboxes or radio buttons of a message and waits for the acknowledgement.
func (p *Person) Choose(channelID, ts, actionIDOrLabel string, values ...string) error {
	return p.useMessage(channelID, ts, actionIDOrLabel, nil, append([]string{}, values...))
}

func (p *Person) useMessage(channelID, ts, key string, value *string, chosen []string) error {
	s := p.s
	_, err := s.deliver("The action", func() (*app, string, object, error) {
		u, ch, m, err := p.find(channelID, ts)
		if err != nil {
			return nil, "", nil, err
		}
		if m.app == nil {
			return nil, "", nil, fmt.Errorf("the message %s has nothing to press", ts)
		}
		f, held, err := s.pick(m.blocks, key, value, chosen)
		if err != nil {
			return nil, "", nil, err
		}
		if held != nil {
			if m.inputs == nil {
				m.inputs = map[string]inputValues{}
			}
			m.inputs[p.id] = m.inputs[p.id].set(f.block, f.action, held)
		}
		return m.app, "interactive", s.messageAction(u, ch, m, f, held), nil
	})
	return err
}

// pick finds the element that a person uses: a button when nothing is chosen, else what can hold the choice, with
// the value that it then holds.
func (s *Server) pick(blocks []any, key string, value *string, chosen []string) (inputField, object, error) {
	var found []inputField
	var held object
	var offered []string
	for _, f := range fieldsOf(blocks) {
		isButton := f.kind == "button" || f.kind == "workflow_button"
		if isButton == (chosen != nil) {
			continue
		}
		offered = append(offered, fmt.Sprintf("%s (%s, value %q)", f.label, f.action, text(f.element["value"])))
		if f.named(key) && (value == nil || *value == text(f.element["value"])) {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		return inputField{}, nil, fmt.Errorf("%d elements are named %q; there are: %s", len(found), key, strings.Join(offered, ", "))
	}
	if chosen == nil {
		return found[0], nil, nil
	}
	held, err := s.enter(found[0], chosen)
	return found[0], held, err
}

// View answers the form that the person has before them, false without one.
func (p *Person) View() (View, bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	v := p.s.topView(p.id)
	if v == nil {
		return View{}, false
	}
	return v.exported(), true
}

// open answers the topmost form, as an error when there is none.
func (p *Person) open() (*user, *view, error) {
	u, err := p.user()
	if err != nil {
		return nil, nil, err
	}
	v := p.s.topView(p.id)
	if v == nil {
		return nil, nil, fmt.Errorf("%s has no form open", u.name)
	}
	return u, v, nil
}

// Fill enters values into the open form. Inputs are named by block_id, action_id or label; values are a string or a
// []string, for choices the value or the text of the options. Inputs that tell the app at once (dispatch_action) do
// so, and Fill waits for each acknowledgement.
func (p *Person) Fill(viewInputs map[string]any) error {
	used := map[string]bool{}
	fields, err := p.fieldsFor(viewInputs, used)
	if err != nil {
		return err
	}
	for key := range viewInputs {
		if !used[key] {
			return fmt.Errorf("the form has no input %q", key)
		}
	}
	for _, f := range fields {
		if err := p.fillOne(f.inputField, f.entered); err != nil {
			return err
		}
	}
	return nil
}

type filling struct {
	inputField
	entered []string
}

// fieldsFor pairs the inputs of the open form with what shall go into them, in the order of the form.
func (p *Person) fieldsFor(inputs map[string]any, used map[string]bool) ([]filling, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	_, v, err := p.open()
	if err != nil {
		return nil, err
	}
	var found []filling
	for _, f := range fieldsOf(v.blocks) {
		for _, key := range sortedKeys(inputs) {
			if valueKeys[f.kind] == "" || used[key] || !f.named(key) {
				continue
			}
			used[key] = true
			entered, err := words(inputs[key])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			found = append(found, filling{f, entered})
		}
	}
	return found, nil
}

func words(v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []string:
		return v, nil
	case []any:
		all := make([]string, len(v))
		for i, one := range v {
			all[i] = fmt.Sprint(one)
		}
		return all, nil
	}
	return nil, fmt.Errorf("a value is a string or a list of strings, not %T", v)
}

// fillOne enters one value, and tells the app when the input asks for that.
func (p *Person) fillOne(f inputField, entered []string) error {
	s := p.s
	s.mu.Lock()
	_, v, err := p.open()
	if err != nil {
		s.mu.Unlock()
		return err
	}
	value, err := s.enter(f, entered)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	if f.kind != "overflow" {
		v.values = v.values.set(f.block, f.action, value)
	}
	v.errors = without(v.errors, f.block)
	s.touch()
	s.mu.Unlock()
	if !f.dispatch {
		return nil
	}
	return p.useView(v, f, value)
}

// without is a map lacking one key; the map itself stays as it is, since others may be reading it.
func without(m map[string]string, key string) map[string]string {
	if _, has := m[key]; !has {
		return m
	}
	rest := maps.Clone(m)
	delete(rest, key)
	return rest
}

// ClickView presses a button in the open form and waits for the acknowledgement.
func (p *Person) ClickView(actionIDOrLabel string) error {
	return p.pressView(actionIDOrLabel, nil, func() *view { return p.s.topView(p.id) })
}

// chooseHome uses a menu in the home view.
func (p *Person) chooseHome(key string, chosen []string) error {
	s := p.s
	s.mu.Lock()
	v := s.homes[p.id]
	if v == nil {
		s.mu.Unlock()
		return fmt.Errorf("%s has no home view", s.displayName(p.id))
	}
	f, held, err := s.pick(v.blocks, key, nil, append([]string{}, chosen...))
	if err == nil && f.kind != "overflow" {
		v.values = v.values.set(f.block, f.action, held)
		s.touch()
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return p.useView(v, f, held)
}

// ClickHome presses a button in the home view and waits for the acknowledgement.
func (p *Person) ClickHome(actionIDOrLabel string) error {
	return p.pressView(actionIDOrLabel, nil, func() *view { return p.s.homes[p.id] })
}

// pressView presses a button of the view that which answers; value tells buttons of the same name apart.
func (p *Person) pressView(key string, value *string, which func() *view) error {
	s := p.s
	s.mu.Lock()
	v := which()
	if v == nil {
		s.mu.Unlock()
		return fmt.Errorf("%s has no such view open", s.displayName(p.id))
	}
	f, _, err := s.pick(v.blocks, key, value, nil)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return p.useView(v, f, nil)
}

// useView tells the app what was used in a view.
func (p *Person) useView(v *view, f inputField, value object) error {
	_, err := p.s.deliver("The action", func() (*app, string, object, error) {
		u, err := p.user()
		return v.app, "interactive", p.s.viewAction(u, v, f, value), err
	})
	return err
}

// Submit sends the open form and does what the app answers: close it, show errors (a *FormError), show another.
func (p *Person) Submit() error {
	s := p.s
	var v *view
	d, err := s.deliver("The form", func() (*app, string, object, error) {
		u, open, err := p.open()
		if err != nil {
			return nil, "", nil, err
		}
		v = open
		if v.def["submit"] == nil {
			return nil, "", nil, fmt.Errorf("the form %q cannot be submitted", label(v.def["title"]))
		}
		v.errors = complete(v)
		s.touch()
		if len(v.errors) > 0 {
			return nil, "", nil, &FormError{Fields: v.errors}
		}
		return v.app, "interactive", s.viewPayload("view_submission", u, v), nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.submitted(v, d.AckPayload)
}

// submitted does what an app answered to a submission.
// https://docs.slack.dev/surfaces/modals#close_submission
func (s *Server) submitted(v *view, payload json.RawMessage) error {
	broken := refuse("invalid_response", "We had some trouble connecting. Try again?")
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(payload) > 0 && json.Unmarshal(payload, &answer) != nil {
		return broken
	}
	switch answer.Action {
	case "":
		s.pop(v)
		return nil
	case "clear":
		delete(s.modals, v.owner)
		s.touch()
		return nil
	case "errors":
		known := map[string]bool{}
		for _, f := range fieldsOf(v.blocks) {
			known[f.block] = true
		}
		for block := range answer.Errors {
			if !known[block] {
				return broken
			}
		}
		v.errors = answer.Errors
		s.touch()
		return &FormError{Fields: answer.Errors}
	case "update", "push":
		decoded, err := decode(answer.View)
		if err != nil {
			return broken
		}
		def, err := checkView(decoded, "modal")
		if err != nil || answer.Action == "push" && len(s.modals[v.owner]) >= maxDepth {
			s.log.Info("a view in an acknowledgement was refused", "error", err)
			return broken
		}
		if answer.Action == "update" {
			s.fill(v, def)
		} else {
			s.push(s.newView(v.app, v.owner, def))
		}
		return nil
	}
	return broken
}

// pop closes a form, and all of them when it asks for that.
func (s *Server) pop(v *view) {
	stack := s.modals[v.owner]
	clears, _ := v.def["clear_on_close"].(bool)
	for i, one := range stack {
		if one == v {
			s.modals[v.owner] = append([]*view{}, stack[:i]...)
		}
	}
	if clears {
		delete(s.modals, v.owner)
	}
	s.touch()
}

// Cancel closes the open form without sending it. The app hears of it when it asked to (notify_on_close); that it
// does not acknowledge is not shown to anyone.
func (p *Person) Cancel() error { return p.cancel(false) }

// cancel closes the topmost form; whole says that the ones below are closed with it.
func (p *Person) cancel(whole bool) error {
	s := p.s
	s.mu.Lock()
	_, v, err := p.open()
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.pop(v)
	s.mu.Unlock()
	if notify, _ := v.def["notify_on_close"].(bool); !notify {
		return nil
	}
	_, err = s.deliver("The form", func() (*app, string, object, error) {
		u, err := p.user()
		if err != nil {
			return nil, "", nil, err
		}
		o := s.viewPayload("view_closed", u, v)
		o["is_cleared"] = whole
		return v.app, "interactive", o, nil
	})
	if err != nil {
		s.log.Debug("a closing was not acknowledged", "error", err)
	}
	return nil
}
