package slack

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Plain is the message as a person reads it: the text of its blocks, mentions and links by name, buttons as [Label],
// checkboxes as ( ) and (x), files as (file NAME). Marks of mrkdwn such as *bold* stay. Without blocks it is the text.
func (m Message) Plain() string {
	if m.plain != "" || len(m.Blocks) == 0 {
		return m.plain
	}
	var blocks []any
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		return m.Text
	}
	return plainMessage(m.Text, blocks, nil, func(id string) string { return id })
}

func plainMessage(text string, blocks []any, files []*file, names func(string) string) string {
	var lines []string
	if len(blocks) == 0 && text != "" {
		lines = append(lines, plainText(text, names))
	}
	lines = append(lines, plainBlocks(blocks, names)...)
	for _, f := range files {
		lines = append(lines, "(file "+f.Name+")")
	}
	return strings.Join(lines, "\n")
}

// plainBlocks answers the lines of blocks, those without text left out.
func plainBlocks(blocks []any, names func(string) string) []string {
	var lines []string
	for _, b := range blocks {
		block, _ := b.(object) // nil reads as an empty block
		if line := plainBlock(block, names); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func plainBlock(block object, names func(string) string) string {
	switch block["type"] {
	case "divider":
		return "---"
	case "header", "markdown":
		return plainOf(block["text"], names)
	case "section":
		parts := []string{plainOf(block["text"], names)}
		for _, f := range items(block["fields"]) {
			parts = append(parts, plainOf(f, names))
		}
		parts = append(parts, plainElement(block["accessory"], names))
		return joinFull(parts, "\n")
	case "context", "actions":
		var parts []string
		for _, e := range items(block["elements"]) {
			parts = append(parts, plainElement(e, names))
		}
		return joinFull(parts, " ")
	case "input":
		return joinFull([]string{plainOf(block["label"], names) + ":", plainElement(block["element"], names),
			plainOf(block["hint"], names)}, " ")
	case "image":
		return plainElement(block, names)
	case "rich_text":
		return strings.TrimSuffix(plainRich(block, names), "\n")
	}
	return ""
}

func joinFull(parts []string, between string) string {
	full := parts[:0]
	for _, p := range parts {
		if p != "" {
			full = append(full, p)
		}
	}
	return strings.Join(full, between)
}

// plainOf reads a text object, or a text.
func plainOf(v any, names func(string) string) string {
	switch t := v.(type) {
	case string:
		return plainText(t, names)
	case object:
		text, _ := t["text"].(string) // a text object without text reads as nothing
		if t["type"] == "plain_text" {
			return text
		}
		return plainText(text, names)
	}
	return ""
}

func plainElement(v any, names func(string) string) string {
	e, _ := v.(object) // nil reads as nothing
	switch e["type"] {
	case nil:
		return ""
	case "mrkdwn", "plain_text":
		return plainOf(e, names)
	case "image":
		return fmt.Sprintf("(image: %v)", e["alt_text"])
	case "button":
		return "[" + plainOf(e["text"], names) + "]"
	case "checkboxes", "radio_buttons", "overflow":
		var labels []string
		for _, o := range items(e["options"]) {
			option, _ := o.(object) // nil reads as nothing
			mark := "( ) "
			if slices.ContainsFunc(items(e["initial_options"]), func(o any) bool {
				chosen, _ := o.(object) // the same
				return chosen["value"] == option["value"]
			}) {
				mark = "(x) "
			}
			labels = append(labels, mark+plainOf(option["text"], names))
		}
		return strings.Join(labels, " ")
	}
	if chosen, ok := e["initial_option"].(object); ok {
		return "[" + plainOf(chosen["text"], names) + " v]"
	}
	return "[" + plainOf(e["placeholder"], names) + " v]"
}

func plainRich(v object, names func(string) string) string {
	switch v["type"] {
	case "text", "link", "date":
		if text, _ := v["text"].(string); text != "" {
			return text
		}
		return fmt.Sprint(v["url"])
	case "user":
		id, _ := v["user_id"].(string) // an unnamed user reads as @
		return "@" + names(id)
	case "emoji":
		return fmt.Sprintf(":%v:", v["name"])
	}
	var b strings.Builder
	for _, e := range items(v["elements"]) {
		element, _ := e.(object) // nil reads as nothing
		b.WriteString(plainRich(element, names))
	}
	if v["type"] != "rich_text" && v["type"] != "rich_text_list" {
		b.WriteString("\n")
	}
	return b.String()
}

func items(v any) []any {
	list, _ := v.([]any) // anything else has no items
	return list
}

var (
	token    = regexp.MustCompile(`<([^<>\n]+)>`)
	unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// plainText reads mrkdwn: mentions, dates and links become what they show.
// https://docs.slack.dev/messaging/formatting-message-text
func plainText(text string, names func(string) string) string {
	text = token.ReplaceAllStringFunc(text, func(whole string) string {
		inner, label, labelled := strings.Cut(whole[1:len(whole)-1], "|")
		if inner == "" {
			return whole
		}
		switch inner[0] {
		case '@':
			return "@" + names(inner[1:])
		case '#':
			return "#" + names(inner[1:])
		case '!':
			if id, isGroup := strings.CutPrefix(inner, "!subteam^"); isGroup {
				return "@" + names(id)
			}
			if labelled {
				return label
			}
			return "@" + inner[1:]
		}
		if labelled {
			return label
		}
		return inner
	})
	return unescape.Replace(text)
}
