package slack

import (
	"fmt"
	"unicode/utf8"
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
		"slack_file": slackFile},
	"markdown":  {"!text": characters(1, maxMarkdown)},
	"rich_text": {"!elements": list(1, 1000, richTextPart)},
	"video": {"!video_url": secureAddress, "!thumbnail_url": address(3000), "!alt_text": characters(1, 2000),
		"!title": plainObject(199), "title_url": secureAddress, "author_name": characters(0, 49),
		"provider_name": characters(0, 2000), "provider_icon_url": address(3000), "description": plainObject(2000)},
	"table":           {"!rows": list(1, 100, list(1, 20, cell)), "column_settings": list(1, 20, columnSetting)},
	"context_actions": {"!elements": list(1, 5, element("feedback_buttons", "icon_button"))},
	"file":            {"!external_id": idRule, "!source": oneOf("remote")},
}

// looseBlocks are known, but not held to a shape.
var looseBlocks = map[string]bool{"alert": true, "card": true, "carousel": true, "container": true, "data_table": true,
	"plan": true, "task_card": true}

// allowedBlocks are what only some surfaces take.
var allowedBlocks = map[string][]surface{
	"markdown": {messageSurface}, "table": {messageSurface}, "context_actions": {messageSurface},
	"plan": {messageSurface}, "task_card": {messageSurface},
	"file": {}, // only Slack itself puts it into messages
}

// maxMarkdown is for all markdown blocks of a message together, in characters.
// https://docs.slack.dev/reference/block-kit/blocks/markdown-block
const maxMarkdown = 12_000

// checkBlocks holds blocks to Block Kit and answers what is wrong with them, in Slack's words.
func checkBlocks(blocks []any, on surface) []string {
	c := &checker{surface: on}
	c.blocks("/blocks", blocks)
	return c.problems
}

// checkAttachments holds the blocks of old-style attachments to Block Kit.
func checkAttachments(attachments []any) []string {
	c := &checker{surface: messageSurface}
	for i, v := range attachments {
		path := fmt.Sprintf("/attachments/%d", i)
		if a, isObject := v.(object); !isObject {
			c.fail(path, "must provide an object")
		} else if a["blocks"] != nil {
			c.blocks(path+"/blocks", a["blocks"])
		}
	}
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
	taken, markdown, tables := map[string]bool{}, 0, 0
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
		switch block["type"] {
		case "markdown":
			markdown += utf8.RuneCountInString(text(block["text"]))
		case "table":
			tables++
		}
	}
	if markdown > maxMarkdown {
		c.fail(path, "markdown blocks must be less than %d characters together", maxMarkdown+1)
	}
	if tables > 1 {
		c.fail(path, "only one table is allowed")
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
	case kind == "image":
		c.picture(path, block)
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

// picture is an image that is either somewhere or a file of the workspace.
func (c *checker) picture(path string, image object) {
	if (image["image_url"] == nil) == (image["slack_file"] == nil) {
		c.fail(path, "must provide either image_url or slack_file")
	}
}

// slackFile names an uploaded image. https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
func slackFile(c *checker, path string, v any) {
	c.fields(path, v, shape{"id": idRule, "url": address(3000)})
	if o, _ := v.(object); o != nil && (o["id"] == nil) == (o["url"] == nil) {
		c.fail(path, "must provide either id or url")
	}
}
