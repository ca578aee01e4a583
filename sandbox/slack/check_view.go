package slack

import (
	"strings"
)

// maxView is in bytes of JSON. Slack answers view_too_large beyond it.
// https://docs.slack.dev/surfaces/modals
const maxView = 250_000

// viewShapes are the views. https://docs.slack.dev/reference/views
var viewShapes = map[string]shape{
	"modal": {"!type": anything, "!title": plainObject(24), "!blocks": blocksRule, "close": plainObject(24),
		"submit": plainObject(24), "private_metadata": characters(0, 3000), "callback_id": characters(0, 255),
		"clear_on_close": boolean, "notify_on_close": boolean, "external_id": characters(0, 255)},
	"home": {"!type": anything, "!blocks": blocksRule, "private_metadata": characters(0, 3000),
		"callback_id": characters(0, 255), "external_id": characters(0, 255)},
}

func blocksRule(c *checker, path string, v any) { c.blocks(path, v) }

// checkView holds a view of the wanted type to its shape and answers it; the error is Slack's.
func checkView(v any, wanted string) (object, error) {
	o, isObject := v.(object)
	if !isObject {
		return nil, fault("invalid_arguments", "must provide an object [json-pointer:/view]")
	}
	kind := text(o["type"])
	if kind == "" {
		return nil, fault("invalid_arguments", "missing required field: type [json-pointer:/view]")
	}
	if kind != wanted {
		return nil, fault("invalid_arguments", "failed to match all allowed schemas [json-pointer:/view]",
			"must be one of: "+wanted+" [json-pointer:/view/type]")
	}
	c := &checker{surface: map[string]surface{"modal": modalSurface, "home": homeSurface}[kind]}
	c.fields("/view", o, viewShapes[kind])
	if kind == "modal" && o["submit"] == nil && hasInputs(o) {
		c.fail("/view", "missing required field: submit")
	}
	if len(c.problems) > 0 {
		return nil, fault("invalid_arguments", c.problems...)
	}
	if len(encode(o)) > maxView {
		return nil, fault("view_too_large")
	}
	return o, nil
}

func hasInputs(view object) bool {
	for _, b := range items(view["blocks"]) {
		if block, ok := b.(object); ok && strings.EqualFold(text(block["type"]), "input") {
			return true
		}
	}
	return false
}
