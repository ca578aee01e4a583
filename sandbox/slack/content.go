package slack

import (
	"regexp"
	"unicode/utf8"
)

// Limits of what a message may hold.
const (
	// maxText: longer texts are refused. https://docs.slack.dev/reference/methods/chat.postMessage#truncating
	maxText = 40_000
	// maxUpdateText: chat.update takes less. Slack does not document it well; seen in
	// https://github.com/seratch/ChatGPT-in-Slack/issues/102.
	maxUpdateText = 4_000
	// maxBlocksText bounds the texts of all blocks together, where every block counts blockWeight besides.
	// Slack documents neither; both were measured in https://github.com/slackapi/bolt-js/issues/2509.
	maxBlocksText  = 13_422
	blockWeight    = 125
	maxAttachments = 100
	// maxMetadata is in bytes of JSON. https://docs.slack.dev/messaging/message-metadata
	maxMetadata = 16_384
)

// content is what a message says.
type content struct {
	text                  string
	blocks, attachments   []any
	hasText, hasBlocks    bool
	hasAttachments, hasMD bool
	metadata              any
}

// readContent reads and checks text, blocks, attachments and metadata of a call.
func (c *call) readContent() (content, error) {
	var k content
	_, k.hasText = c.params["text"]
	k.text = c.str("text")
	if utf8.RuneCountInString(k.text) > maxText || c.name == "chat.update" && utf8.RuneCountInString(k.text) > maxUpdateText {
		return k, fault("msg_too_long")
	}
	var err error
	if k.blocks, k.hasBlocks, err = c.array("blocks"); err != nil {
		return k, fault("invalid_blocks_format")
	}
	if k.attachments, k.hasAttachments, err = c.array("attachments"); err != nil {
		return k, fault("invalid_attachments")
	}
	if len(k.attachments) > maxAttachments {
		return k, fault("too_many_attachments")
	}
	if markdown := c.str("markdown_text"); markdown != "" {
		if k.hasText || k.hasBlocks {
			return k, fault("markdown_text_conflict")
		}
		if utf8.RuneCountInString(markdown) > maxMarkdown {
			return k, fault("msg_too_long")
		}
		k.text, k.hasText = markdown, true
		k.blocks, k.hasBlocks = []any{object{"type": "markdown", "text": markdown}}, true
	}
	problems := append(checkBlocks(k.blocks, messageSurface), checkAttachments(k.attachments)...)
	if len(problems) > 0 {
		return k, fault("invalid_blocks", problems...)
	}
	if weight(k.blocks) > maxBlocksText {
		return k, fault("msg_blocks_too_long")
	}
	name(k.blocks)
	k.metadata, k.hasMD, err = c.metadata()
	return k, err
}

// eventType is what the metadata's event_type may be: Slack says "alphanumeric", and uses _ itself.
// https://docs.slack.dev/messaging/message-metadata
var eventType = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$`)

func (k content) empty() bool {
	return k.text == "" && len(k.blocks) == 0 && len(k.attachments) == 0
}

// array reads an argument that is a JSON array.
func (c *call) array(param string) (list []any, present bool, err error) {
	v, err := c.value(param)
	if err != nil || v == nil {
		return nil, false, err
	}
	list, isList := v.([]any)
	if !isList {
		return nil, false, fault("invalid_arguments")
	}
	return list, true, nil
}

func (c *call) metadata() (v any, present bool, err error) {
	v, err = c.value("metadata")
	if err != nil {
		return nil, false, fault("invalid_metadata_format")
	}
	if v == nil {
		return nil, false, nil
	}
	m, isObject := v.(object)
	if !isObject {
		return nil, false, fault("invalid_metadata_schema")
	}
	if len(m) == 0 {
		return nil, true, nil // takes the metadata away
	}
	if _, hasPayload := m["event_payload"].(object); !hasPayload || !eventType.MatchString(text(m["event_type"])) || len(m) > 2 {
		return nil, false, fault("invalid_metadata_schema")
	}
	if len(encode(m)) > maxMetadata {
		return nil, false, fault("metadata_too_large")
	}
	return m, true, nil
}

// weight is how much of maxBlocksText the blocks use.
func weight(blocks []any) int {
	total := blockWeight * len(blocks)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case object:
			for key, one := range v {
				if text, isText := one.(string); isText && key == "text" {
					total += utf8.RuneCountInString(text)
				} else {
					walk(one)
				}
			}
		}
	}
	walk(blocks)
	return total
}

// name gives ids to the blocks and elements that have none, as Slack does.
func name(blocks []any) {
	taken := map[string]bool{}
	for _, b := range blocks {
		if id, ok := b.(object)["block_id"].(string); ok {
			taken[id] = true
		}
	}
	for i, b := range blocks {
		block := b.(object) // checked before
		if id, _ := block["block_id"].(string); id == "" {
			id = shortID(string(encode(block)) + string(rune(i)))
			for taken[id] {
				id = shortID(id)
			}
			taken[id] = true
			block["block_id"] = id
		}
		for i, e := range elementsOf(block) {
			if id, _ := e["action_id"].(string); id == "" && interactive[text(e["type"])] {
				e["action_id"] = shortID(text(block["block_id"]) + string(rune(i)))
			}
		}
	}
}

// elementsOf are the elements that a person can use in a block.
func elementsOf(block object) []object {
	var found []object
	add := func(v any) {
		if e, ok := v.(object); ok {
			found = append(found, e)
		}
	}
	switch block["type"] {
	case "section":
		add(block["accessory"])
	case "input":
		add(block["element"])
	case "actions", "context_actions":
		for _, e := range items(block["elements"]) {
			add(e)
		}
	}
	return found
}

// text reads a JSON string; anything else is "".
func text(v any) string {
	t, _ := v.(string)
	return t
}
