package slack

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// inputValues are what a person entered: by block_id, then action_id, each as Slack sends it. A value is never
// changed in place.
type inputValues map[string]map[string]object

func (v inputValues) object() object {
	o := object{}
	for block, actions := range v {
		inner := object{}
		for action, value := range actions {
			inner[action] = value
		}
		o[block] = inner
	}
	return o
}

func (v inputValues) set(block, action string, value object) inputValues {
	next := maps.Clone(v)
	if next == nil {
		next = inputValues{}
	}
	actions := maps.Clone(next[block])
	if actions == nil {
		actions = map[string]object{}
	}
	actions[action] = value
	next[block] = actions
	return next
}

// inputField is an element that a person can use, with where it stands.
type inputField struct {
	block, action, label string
	kind                 string
	element              object
	optional             bool // of an input block; elements elsewhere always are
	dispatch             bool // using it tells the app at once
}

// fieldsOf lists the elements of blocks, in order.
func fieldsOf(blocks []any) []inputField {
	var found []inputField
	for _, b := range blocks {
		block, _ := b.(object) // nil has no elements
		for _, e := range elementsOf(block) {
			kind := text(e["type"])
			if !interactive[kind] {
				continue
			}
			f := inputField{block: text(block["block_id"]), action: text(e["action_id"]), kind: kind, element: e,
				optional: true, dispatch: true, label: labelOf(block, e)}
			if block["type"] == "input" {
				f.optional, _ = block["optional"].(bool)
				f.dispatch, _ = block["dispatch_action"].(bool)
			}
			found = append(found, f)
		}
	}
	return found
}

// labelOf is what a person reads on or beside an element.
func labelOf(block, element object) string {
	switch {
	case element["text"] != nil:
		return label(element["text"])
	case block["type"] == "input":
		return label(block["label"])
	case block["type"] == "section" && block["text"] != nil:
		return label(block["text"])
	}
	return label(element["placeholder"])
}

// named says whether a person means this element by block_id, action_id, "block_id/action_id", label or placeholder.
func (f inputField) named(key string) bool {
	return key == f.block || key == f.action || key == f.block+"/"+f.action || strings.EqualFold(key, f.label) ||
		strings.EqualFold(key, label(f.element["placeholder"]))
}

// valueKeys names the property of a value by the kind of its element.
var valueKeys = map[string]string{
	"plain_text_input": "value", "number_input": "value", "email_text_input": "value", "url_text_input": "value",
	"static_select": "selected_option", "external_select": "selected_option", "radio_buttons": "selected_option",
	"overflow":            "selected_option",
	"multi_static_select": "selected_options", "multi_external_select": "selected_options", "checkboxes": "selected_options",
	"users_select": "selected_user", "multi_users_select": "selected_users",
	"channels_select": "selected_channel", "multi_channels_select": "selected_channels",
	"conversations_select": "selected_conversation", "multi_conversations_select": "selected_conversations",
	"datepicker": "selected_date", "timepicker": "selected_time", "datetimepicker": "selected_date_time",
	"rich_text_input": "rich_text_value", "file_input": "files",
}

// several says whether the element holds more than one value.
func (f inputField) several() bool {
	return strings.HasPrefix(f.kind, "multi_") || f.kind == "checkboxes" || f.kind == "file_input"
}

// initial is the value that the app chose beforehand.
func (f inputField) initial() object {
	key := valueKeys[f.kind]
	value := object{"type": f.kind, key: nil}
	given := map[string]string{"value": "initial_value", "selected_date_time": "initial_date_time"}[key]
	if given == "" {
		given = strings.Replace(key, "selected_", "initial_", 1)
	}
	if v := f.element[given]; v != nil {
		value[key] = v
	} else if f.several() {
		value[key] = []any{}
	}
	return value
}

// initialValues are the values of blocks as they open; those of before stay where the same element still is.
func initialValues(blocks []any, before inputValues) inputValues {
	values := inputValues{}
	for _, f := range fieldsOf(blocks) {
		if valueKeys[f.kind] == "" || f.kind == "overflow" {
			continue // buttons hold nothing
		}
		value := f.initial()
		if old := before[f.block][f.action]; old != nil && old["type"] == f.kind {
			value = old
		}
		values = values.set(f.block, f.action, value)
	}
	return values
}

// short is what an element holds, as plain words: texts, ids, or the values of options.
func (f inputField) short(values inputValues) []string {
	var found []string
	add := func(v any) {
		switch v := v.(type) {
		case nil:
		case object:
			switch {
			case v["type"] == "rich_text":
				found = append(found, strings.Join(plainBlocks([]any{v}, func(id string) string { return id }), "\n"))
			case v["value"] == nil && v["id"] != nil: // a file
				found = append(found, text(v["id"]))
			default:
				found = append(found, text(v["value"]))
			}
		case string:
			if v != "" {
				found = append(found, v)
			}
		default:
			found = append(found, fmt.Sprint(v))
		}
	}
	held := values[f.block][f.action][valueKeys[f.kind]]
	if all, isList := held.([]any); isList {
		for _, one := range all {
			add(one)
		}
		return found
	}
	add(held)
	return found
}

// enter makes the value of an element from what a person enters or chooses.
func (s *Server) enter(f inputField, entered []string) (object, error) {
	key := valueKeys[f.kind]
	value := object{"type": f.kind, key: nil}
	if key == "" {
		return nil, fmt.Errorf("%s cannot be filled in", f.label)
	}
	chosen := make([]any, 0, len(entered))
	for _, e := range entered {
		one, err := s.choice(f, e)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, one)
	}
	switch {
	case f.several():
		limit := map[bool]string{true: "max_files", false: "max_selected_items"}[f.kind == "file_input"]
		if most, err := numberOf(f.element[limit]); err == nil && len(chosen) > most {
			return nil, fmt.Errorf("%s takes at most %d choices", f.label, most)
		}
		value[key] = chosen
	case len(chosen) > 1:
		return nil, fmt.Errorf("%s takes one value, not %d", f.label, len(chosen))
	case len(chosen) == 1 && chosen[0] != "":
		value[key] = chosen[0]
	}
	return value, nil
}

// choice turns one word into what the element holds for it.
func (s *Server) choice(f inputField, entered string) (any, error) {
	switch key := valueKeys[f.kind]; {
	case strings.HasPrefix(key, "selected_option"):
		options := optionsOf(f.element)
		at := slices.IndexFunc(options, func(o object) bool {
			return text(o["value"]) == entered || strings.EqualFold(label(o["text"]), entered)
		})
		if at < 0 {
			var offered []string
			for _, o := range options {
				offered = append(offered, label(o["text"])+" ("+text(o["value"])+")")
			}
			return nil, fmt.Errorf("%s does not offer %q, but: %s", f.label, entered, strings.Join(offered, ", "))
		}
		return options[at], nil
	case strings.Contains(key, "user"):
		for _, id := range s.userOrder {
			if id == entered || s.users[id].name == strings.TrimPrefix(entered, "@") {
				return id, nil
			}
		}
		return nil, fmt.Errorf("%s: there is no user %q", f.label, entered)
	case strings.Contains(key, "channel"), strings.Contains(key, "conversation"):
		if s.channels[entered] != nil {
			return entered, nil
		}
		if c := s.namedChannel(strings.TrimPrefix(entered, "#")); c != nil {
			return c.id, nil
		}
		return nil, fmt.Errorf("%s: there is no channel %q", f.label, entered)
	case key == "files":
		if file := s.files[entered]; file != nil {
			return s.fileObject(file), nil
		}
		return nil, fmt.Errorf("%s: there is no file %q", f.label, entered)
	case key == "rich_text_value" && entered != "":
		return typedBlocks(s.typed(entered))[0], nil
	case key == "selected_date_time":
		seconds, err := strconv.ParseInt(entered, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s takes a Unix time, not %q", f.label, entered)
		}
		return seconds, nil
	}
	return entered, nil
}
