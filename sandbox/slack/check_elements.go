package slack

import (
	"maps"
	"math"
	"strconv"
	"time"
)

var (
	menus = []string{"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
	multi = []string{"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select",
		"multi_channels_select"}
	pickers = []string{"datepicker", "timepicker", "datetimepicker"}
	choices = []string{"checkboxes", "radio_buttons"}

	sectionElements = join([]string{"button", "overflow", "image", "workflow_button", "datepicker", "timepicker"}, menus, multi, choices)
	actionElements  = join([]string{"button", "overflow", "workflow_button", "rich_text_input"}, menus, multi, pickers, choices)
	inputElements   = join([]string{"plain_text_input", "number_input", "email_text_input", "url_text_input", "file_input",
		"rich_text_input"}, menus, multi, pickers, choices)

	// interactive are the elements that carry an action_id.
	interactive = func() map[string]bool {
		m := map[string]bool{}
		for _, kind := range join(sectionElements, actionElements, inputElements, []string{"feedback_buttons", "icon_button"}) {
			m[kind] = kind != "image"
		}
		return m
	}()
)

func join(parts ...[]string) []string {
	var all []string
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// elementShapes are the elements of Block Kit with their limits; type and action_id are added where they belong.
// https://docs.slack.dev/reference/block-kit/block-elements
var elementShapes = map[string]shape{
	"button": {"!text": plainObject(75), "url": address(3000), "value": characters(0, 2000), "style": oneOf("primary", "danger"),
		"confirm": confirmObject, "accessibility_label": characters(1, 75)},
	"workflow_button": {"!text": plainObject(75), "!workflow": anything, "style": oneOf("primary", "danger"),
		"accessibility_label": characters(1, 75)},
	"icon_button": {"!text": plainObject(75), "!icon": oneOf("trash"), "value": characters(0, 2000), "confirm": confirmObject,
		"accessibility_label": characters(1, 75), "visible_to_user_ids": list(1, 100, idRule)},
	"feedback_buttons": {"!positive_button": feedbackButton, "!negative_button": feedbackButton},
	"image":            {"image_url": address(3000), "!alt_text": characters(0, 2000), "slack_file": slackFile},
	"overflow":         {"!options": list(1, 5, option(plainObject(75), shape{"url": address(3000)})), "confirm": confirmObject},
	"checkboxes": {"!options": list(1, 10, option(mrkdwnObject(75))),
		"initial_options": list(1, 10, option(mrkdwnObject(75))), "confirm": confirmObject, "focus_on_load": boolean},
	"radio_buttons": {"!options": list(1, 10, option(mrkdwnObject(75))), "initial_option": option(mrkdwnObject(75)),
		"confirm": confirmObject, "focus_on_load": boolean},

	"static_select": menu(shape{"options": list(1, 100, option(plainObject(75))), "option_groups": list(1, 100, optionGroup),
		"initial_option": option(plainObject(75))}),
	"external_select":      menu(shape{"initial_option": option(plainObject(75)), "min_query_length": number(0, 3000)}),
	"users_select":         menu(shape{"initial_user": idRule}),
	"conversations_select": menu(conversationFilter(shape{"initial_conversation": idRule})),
	"channels_select":      menu(shape{"initial_channel": idRule, "response_url_enabled": boolean}),

	"multi_static_select": multiMenu(shape{"options": list(1, 100, option(plainObject(75))),
		"option_groups": list(1, 100, optionGroup), "initial_options": list(1, 100, option(plainObject(75)))}),
	"multi_external_select": multiMenu(shape{"initial_options": list(1, 100, option(plainObject(75))),
		"min_query_length": number(0, 3000)}),
	"multi_users_select":         multiMenu(shape{"initial_users": list(1, 100, idRule)}),
	"multi_conversations_select": multiMenu(conversationFilter(shape{"initial_conversations": list(1, 100, idRule)})),
	"multi_channels_select":      multiMenu(shape{"initial_channels": list(1, 100, idRule)}),

	"datepicker":     menu(shape{"initial_date": clock("2006-01-02", "YYYY-MM-DD")}),
	"timepicker":     menu(shape{"initial_time": clock("15:04", "HH:mm"), "timezone": timezone}),
	"datetimepicker": {"initial_date_time": number(1e9, 9_999_999_999), "confirm": confirmObject, "focus_on_load": boolean},

	"plain_text_input": field(shape{"initial_value": characters(0, 3000), "multiline": boolean, "min_length": number(0, 3000),
		"max_length": number(1, 3000)}), // longestInput
	"email_text_input": field(shape{"initial_value": characters(0, 3000)}),
	"url_text_input":   field(shape{"initial_value": characters(0, 3000)}),
	"number_input":     field(shape{"!is_decimal_allowed": boolean, "initial_value": decimal, "min_value": decimal, "max_value": decimal}),
	"rich_text_input":  field(shape{"initial_value": anything}),
	"file_input":       {"filetypes": list(1, 100, characters(1, 100)), "max_files": number(1, 10)},
}

// menu adds what menus and pickers have in common, field what typed inputs have.
func menu(own shape) shape {
	return with(own, shape{"placeholder": plainObject(150), "confirm": confirmObject, "focus_on_load": boolean})
}

func multiMenu(own shape) shape {
	return with(menu(own), shape{"max_selected_items": number(1, math.MaxInt32)})
}

func field(own shape) shape {
	return with(own, shape{"placeholder": plainObject(150), "focus_on_load": boolean, "dispatch_action_config": dispatchConfig})
}

func conversationFilter(own shape) shape {
	return with(own, shape{"filter": conversationsShown, "default_to_current_conversation": boolean, "response_url_enabled": boolean})
}

func with(own, more shape) shape {
	all := maps.Clone(own)
	maps.Copy(all, more)
	return all
}

func dispatchConfig(c *checker, path string, v any) {
	c.fields(path, v, shape{"!trigger_actions_on": list(1, 2, oneOf("on_enter_pressed", "on_character_entered"))})
}

// conversationsShown narrows a menu down.
// https://docs.slack.dev/reference/block-kit/composition-objects/conversation-filter-object
func conversationsShown(c *checker, path string, v any) {
	c.fields(path, v, shape{"include": list(1, 4, oneOf("im", "mpim", "private", "public")),
		"exclude_external_shared_channels": boolean, "exclude_bot_users": boolean})
	if o, _ := v.(object); o != nil && len(o) == 0 {
		c.fail(path, "must provide at least one property")
	}
}

func feedbackButton(c *checker, path string, v any) {
	c.fields(path, v, shape{"!text": plainObject(75), "!value": characters(1, 2000), "accessibility_label": characters(1, 75)})
}

// clock is a date or a time in a layout, which called names in Slack's words.
func clock(layout, called string) rule {
	return func(c *checker, path string, v any) {
		if _, err := time.Parse(layout, text(v)); err != nil {
			c.fail(path, "must be in the format %s", called)
		}
	}
}

func timezone(c *checker, path string, v any) {
	if _, err := time.LoadLocation(text(v)); err != nil || text(v) == "" {
		c.fail(path, "must be a valid IANA timezone")
	}
}

func decimal(c *checker, path string, v any) {
	if _, err := strconv.ParseFloat(text(v), 64); err != nil {
		c.fail(path, "must be a valid number")
	}
}

// element is one of the kinds of elements.
func element(kinds ...string) rule {
	return func(c *checker, path string, v any) {
		e, isObject := v.(object)
		kind := text(e["type"])
		sh := elementShapes[kind]
		switch {
		case !isObject:
			c.fail(path, "must provide an object")
			return
		case !contains(kinds, kind) || sh == nil:
			c.fail(path+"/type", "unsupported type: %s", kind)
			return
		}
		whole := with(sh, shape{"!type": anything})
		if interactive[kind] {
			whole["action_id"] = idRule
		}
		c.fields(path, e, whole)
		c.choices(path, kind, e)
		c.ranges(path, kind, e)
	}
}

// choices checks what the options of an element ask of each other.
func (c *checker) choices(path, kind string, e object) {
	if kind == "static_select" || kind == "multi_static_select" {
		if (e["options"] == nil) == (e["option_groups"] == nil) {
			c.fail(path, "must provide either options or option_groups")
		}
	}
	offered := map[string]bool{}
	for _, o := range optionsOf(e) {
		value := text(o["value"])
		if offered[value] {
			c.fail(path+"/options", "`value` `%s` is already in use", value)
		}
		offered[value] = true
	}
	if kind == "external_select" || kind == "multi_external_select" {
		return
	}
	initial := items(e["initial_options"])
	if one := e["initial_option"]; one != nil {
		initial = append(initial, one)
	}
	for _, i := range initial {
		if o, _ := i.(object); !offered[text(o["value"])] {
			c.fail(path, "initial option must be one of the options: %v", o["value"])
		}
	}
}

// ranges checks what the other properties of an element ask of each other.
func (c *checker) ranges(path, kind string, e object) {
	switch kind {
	case "image":
		c.picture(path, e)
	case "plain_text_input":
		least, low := numberOf(e["min_length"])
		most, high := numberOf(e["max_length"])
		if low == nil && high == nil && least > most {
			c.fail(path, "min_length must be less than or equal to max_length")
		}
	case "number_input":
		least, low := strconv.ParseFloat(text(e["min_value"]), 64)
		most, high := strconv.ParseFloat(text(e["max_value"]), 64)
		if low == nil && high == nil && least > most {
			c.fail(path, "min_value must be less than or equal to max_value")
		}
	case "file_input":
		if c.surface != modalSurface {
			c.fail(path+"/type", "unsupported type: %s", kind)
		}
	case "workflow_button":
		if c.surface != messageSurface {
			c.fail(path+"/type", "unsupported type: %s", kind)
		}
	}
	if e["response_url_enabled"] == true && c.surface != modalSurface {
		c.fail(path, "response_url_enabled is only allowed in modals")
	}
	if e["focus_on_load"] == true {
		if c.focused++; c.focused > 1 {
			c.fail(path, "only one element may have focus_on_load")
		}
	}
}

// optionsOf are all options of a menu, those in groups too.
func optionsOf(e object) []object {
	var found []object
	add := func(v any) {
		for _, one := range items(v) {
			if o, ok := one.(object); ok {
				found = append(found, o)
			}
		}
	}
	add(e["options"])
	for _, g := range items(e["option_groups"]) {
		if group, ok := g.(object); ok {
			add(group["options"])
		}
	}
	return found
}
