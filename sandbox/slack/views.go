package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// View is a form (modal) or home view as a person has it before them.
type View struct {
	// ID is V…; Type is "modal" or "home"; Hash changes with every update.
	ID, Type, CallbackID, PrivateMetadata, Hash string
	// Title, Submit and Close are the labels; Submit is empty when nothing can be submitted.
	Title, Submit, Close string
	Blocks               json.RawMessage
	// Values are the inputs as a submission would carry them: by block_id, then action_id, each with Slack's fields.
	Values map[string]map[string]json.RawMessage
	// Errors are shown below the inputs, by block_id.
	Errors map[string]string
	// Depth is 1 for the first form, 2 for one that was pushed upon it, at most 3.
	Depth int

	plain   string
	entries []entry
}

// entry is an input in short: where it is and what is in it.
type entry struct {
	block, action, label string
	values               []string
}

// Value answers what an input holds: its text, or the values of the chosen options. The input is named by block_id,
// action_id or label.
func (v View) Value(key string) []string {
	for _, e := range v.entries {
		if key == e.block || key == e.action || strings.EqualFold(key, e.label) {
			return e.values
		}
	}
	return nil
}

// Plain is the view as a person reads it: title, blocks and error messages, one a line.
func (v View) Plain() string { return v.plain }

// view is a View with what the workspace needs to know about it.
type view struct {
	id, owner      string
	app            *app
	def            object // the view as the app gave it
	blocks         []any
	values         inputValues
	errors         map[string]string
	hash           string
	root, previous string
	depth          int
	names          func(string) string
}

// topView is the form that the person sees, nil without one.
func (s *Server) topView(userID string) *view {
	stack := s.modals[userID]
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

func (s *Server) newView(a *app, owner string, def object) *view {
	v := &view{id: s.newID("V"), owner: owner, app: a, names: s.displayName}
	v.root = v.id
	s.fill(v, def)
	return v
}

// fill gives a view new content; what was entered stays where block_id and action_id are the same.
func (s *Server) fill(v *view, def object) {
	v.def, v.blocks, v.errors = def, items(def["blocks"]), nil
	name(v.blocks)
	v.values = initialValues(v.blocks, v.values)
	v.hash = fmt.Sprintf("%d.%s", s.now().Unix(), secret(8))
	s.touch()
}

func (v *view) exported() View {
	shown := View{
		ID: v.id, Type: text(v.def["type"]), CallbackID: text(v.def["callback_id"]),
		PrivateMetadata: text(v.def["private_metadata"]), Hash: v.hash, Title: label(v.def["title"]),
		Submit: label(v.def["submit"]), Close: label(v.def["close"]), Blocks: encode(v.blocks),
		Values: map[string]map[string]json.RawMessage{}, Errors: map[string]string{}, Depth: v.depth,
	}
	for block, actions := range v.values {
		shown.Values[block] = map[string]json.RawMessage{}
		for action, value := range actions {
			shown.Values[block][action] = encode(value)
		}
	}
	lines := append([]string{shown.Title}, plainBlocks(v.blocks, v.names)...)
	for block, problem := range v.errors {
		shown.Errors[block] = problem
	}
	for _, block := range sortedKeys(v.errors) {
		lines = append(lines, "! "+v.errors[block])
	}
	shown.plain = strings.TrimPrefix(strings.Join(lines, "\n"), "\n")
	for _, f := range fieldsOf(v.blocks) {
		shown.entries = append(shown.entries, entry{f.block, f.action, f.label, f.short(v.values)})
	}
	return shown
}

// label reads the text of a text object.
func label(v any) string {
	o, _ := v.(object) // nothing has no label
	return text(o["text"])
}

// viewObject shows a view to its app.
func (s *Server) viewObject(v *view) object {
	o := object{
		"id": v.id, "team_id": s.teamID, "app_id": v.app.AppID, "app_installed_team_id": s.teamID, "bot_id": v.app.BotID,
		"title": nil, "close": nil, "submit": nil, "private_metadata": "", "callback_id": "", "external_id": "",
		"clear_on_close": false, "notify_on_close": false, "root_view_id": v.root, "previous_view_id": nil, "hash": v.hash,
		"state": object{"values": v.values.object()},
	}
	for key, value := range v.def {
		if value != nil {
			o[key] = value
		}
	}
	o["blocks"] = append([]any{}, v.blocks...)
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	return o
}

// Times and uses of what an interaction hands out.
// https://docs.slack.dev/interactivity/handling-user-interaction
const (
	responseLife = 30 * time.Minute
	responseUses = 5
	maxDepth     = 3
)

// trigger is the right to open one view for a person, just after that person did something.
type trigger struct {
	app    *app
	user   string
	issued time.Time
	used   bool
}

func (s *Server) newTrigger(a *app, userID string) string {
	now := s.now()
	maps.DeleteFunc(s.triggers, func(_ string, t *trigger) bool { return now.Sub(t.issued) > 2*s.opts.TriggerLife })
	id := fmt.Sprintf("%d.%d.%s", now.UnixNano()/1000, len(s.triggers), strings.ToLower(secret(32)))
	s.triggers[id] = &trigger{app: a, user: userID, issued: now}
	return id
}

// exchange takes a trigger; every trigger opens one view.
func (s *Server) exchange(c *call) (*trigger, error) {
	id := c.str("trigger_id")
	t := s.triggers[id]
	switch {
	case strings.Count(id, ".") != 2:
		return nil, fault("invalid_arguments", "invalid `trigger_id` [json-pointer:/trigger_id]")
	case t == nil, t.app == c.app && s.now().Sub(t.issued) > s.opts.TriggerLife:
		return nil, fault("expired_trigger_id")
	case t.app != c.app:
		return nil, fault("invalid_trigger_id")
	case t.used:
		return nil, fault("exchanged_trigger_id")
	}
	return t, nil
}

// readView reads and checks the view of a call.
func (s *Server) readView(c *call, kind, except string) (object, error) {
	v, err := c.value("view")
	if err != nil {
		return nil, fault("invalid_arguments", "must be valid JSON [json-pointer:/view]")
	}
	def, err := checkView(v, kind)
	if err != nil {
		return nil, err
	}
	if id := text(def["external_id"]); id != "" {
		if taken := s.viewBy(c.app, func(v *view) bool { return text(v.def["external_id"]) == id && v.id != except }); taken != nil {
			return nil, fault("duplicate_external_id")
		}
	}
	return def, nil
}

func (s *Server) viewBy(a *app, match func(*view) bool) *view {
	for _, stack := range s.modals {
		for _, v := range stack {
			if v.app == a && match(v) {
				return v
			}
		}
	}
	for _, v := range s.homes {
		if v.app == a && match(v) {
			return v
		}
	}
	return nil
}

func viewsOpen(s *Server, c *call) (object, error) {
	t, err := s.exchange(c)
	if err != nil {
		return nil, err
	}
	def, err := s.readView(c, "modal", "")
	if err != nil {
		return nil, err
	}
	t.used = true
	v := s.newView(c.app, t.user, def)
	s.modals[t.user] = nil
	s.push(v)
	return object{"view": s.viewObject(v)}, nil
}

func viewsPush(s *Server, c *call) (object, error) {
	t, err := s.exchange(c)
	if err != nil {
		return nil, err
	}
	def, err := s.readView(c, "modal", "")
	if err != nil {
		return nil, err
	}
	if len(s.modals[t.user]) >= maxDepth {
		return nil, fault("push_limit_reached")
	}
	t.used = true
	v := s.newView(c.app, t.user, def)
	s.push(v)
	return object{"view": s.viewObject(v)}, nil
}

// push puts a form upon the person's others.
func (s *Server) push(v *view) {
	stack := s.modals[v.owner]
	if len(stack) > 0 {
		v.root, v.previous = stack[0].id, stack[len(stack)-1].id
	}
	s.modals[v.owner] = append(slices.Clone(stack), v)
	v.depth = len(stack) + 1
	s.touch()
}

func viewsUpdate(s *Server, c *call) (object, error) {
	id, external := c.str("view_id"), c.str("external_id")
	if id == "" && external == "" {
		return nil, fault("invalid_arguments", "missing required field: view_id [json-pointer:]")
	}
	v := s.viewBy(c.app, func(v *view) bool {
		return id != "" && v.id == id || id == "" && text(v.def["external_id"]) == external
	})
	if v == nil {
		return nil, fault("not_found")
	}
	if h := c.str("hash"); h != "" && h != v.hash {
		return nil, fault("hash_conflict")
	}
	def, err := s.readView(c, text(v.def["type"]), v.id)
	if err != nil {
		return nil, err
	}
	s.fill(v, def)
	return object{"view": s.viewObject(v)}, nil
}

func viewsPublish(s *Server, c *call) (object, error) {
	if c.app.noHome {
		return nil, fault("not_enabled")
	}
	owner := s.users[c.str("user_id")]
	if owner == nil || owner.bot {
		return nil, fault("invalid_arguments", "invalid `user_id` [json-pointer:/user_id]")
	}
	v := s.homes[owner.id]
	if v != nil && v.app != c.app {
		v = nil
	}
	if h := c.str("hash"); h != "" && (v == nil || h != v.hash) {
		return nil, fault("hash_conflict")
	}
	except := ""
	if v != nil {
		except = v.id
	}
	def, err := s.readView(c, "home", except)
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = s.newView(c.app, owner.id, def)
		s.homes[owner.id] = v
		s.touch()
	} else {
		s.fill(v, def)
	}
	return object{"view": s.viewObject(v)}, nil
}
