package slack

import (
	"fmt"
)

// surface is where blocks are shown; it decides which and how many are allowed.
type surface int

const (
	messageSurface surface = iota
	modalSurface
	homeSurface
)

// maxBlocks by surface. https://docs.slack.dev/reference/block-kit/blocks
var maxBlocks = map[surface]int{messageSurface: 50, modalSurface: 100, homeSurface: 100}

var idRule = characters(1, 255)

// blockShapes are the blocks of Block Kit with their limits, without type and block_id, which all have.
// Newer kinds that this workspace does not look into are in looseBlocks.
// https://docs.slack.dev/reference/block-kit/blocks
var blockShapes = map[string]shape{
	"section": {"text": mrkdwnObject(3000), "fields": list(1, 10, mrkdwnObject(2000)),
		"accessory": element(sectionElements...), "expand": boolean},
	"header":  {"!text": plainObject(150), "level": number(1, 4)},
	"divider": {},
	"context": {"!elements": list(1, 10, contextElement)},
	"actions": {"!elements": list(1, 25, element(actionElements...))},
	"input": {"!label": plainObject(2000), "!element": element(inputElements...), "dispatch_action": boolean,
		"hint": plainObject(2000), "optional": boolean},
	"image": {"image_url": address(3000), "!alt_text": characters(0, 2000), "title": plainObject(2000),
		"slack_file": anything},
	"markdown":  {"!text": characters(1, 12_000)},
	"rich_text": {"!elements": list(1, 1000, anything)},
}

// looseBlocks are known, but not held to a shape.
var looseBlocks = map[string]bool{"video": true, "file": true, "table": true, "context_actions": true}

// allowedBlocks are what only some surfaces take.
var allowedBlocks = map[string][]surface{
	"input": {messageSurface, modalSurface, homeSurface}, "markdown": {messageSurface}, "file": {messageSurface},
	"table": {messageSurface}, "context_actions": {messageSurface},
}

// checkBlocks holds blocks to Block Kit and answers what is wrong with them, in Slack's words.
func checkBlocks(blocks []any, on surface) []string {
	c := &checker{surface: on}
	c.blocks("/blocks", blocks)
	return c.problems
}

func (c *checker) blocks(path string, v any) {
	all, isList := v.([]any)
	if !isList {
		c.fail(path, "must be an array")
		return
	}
	if most := maxBlocks[c.surface]; len(all) > most {
		c.fail(path, "no more than %d items allowed", most)
		return
	}
	taken := map[string]bool{}
	for i, b := range all {
		at := fmt.Sprintf("%s/%d", path, i)
		block, isObject := b.(object)
		if !isObject {
			c.fail(at, "must provide an object")
			continue
		}
		if id := text(block["block_id"]); id != "" && taken[id] {
			c.fail(at+"/block_id", "`block_id` `%s` is already in use", id)
		} else {
			taken[id] = true
		}
		c.block(at, block)
	}
}

func (c *checker) block(path string, block object) {
	kind := text(block["type"])
	sh, strict := blockShapes[kind]
	if allowed, limited := allowedBlocks[kind]; !strict && !looseBlocks[kind] || limited && !contains(allowed, c.surface) {
		c.fail(path+"/type", "unsupported type: %s", kind)
		return
	}
	if !strict {
		return
	}
	whole := shape{"!type": anything, "block_id": idRule}
	for name, r := range sh {
		whole[name] = r
	}
	c.fields(path, block, whole)
	switch {
	case kind == "section" && block["text"] == nil && block["fields"] == nil:
		c.fail(path, "missing required field: text")
	case kind == "image" && block["image_url"] == nil && block["slack_file"] == nil:
		c.fail(path, "missing required field: image_url")
	}
	taken := map[string]bool{}
	for i, e := range elementsOf(block) {
		id := text(e["action_id"])
		if id != "" && taken[id] {
			c.fail(fmt.Sprintf("%s/elements/%d/action_id", path, i), "`action_id` `%s` is already in use", id)
		}
		taken[id] = true
	}
}

func contains[T comparable](all []T, one T) bool {
	for _, v := range all {
		if v == one {
			return true
		}
	}
	return false
}

// contextElement is an image or a text.
func contextElement(c *checker, path string, v any) {
	o, _ := v.(object) // mrkdwnObject reports what is no object
	if text(o["type"]) == "image" {
		element("image")(c, path, v)
		return
	}
	mrkdwnObject(2000)(c, path, v)
}
