package slack

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
)

var (
	known    = regexp.MustCompile(`<(?:[@#!][^<>\n]+|(?:https?://|mailto:)[^<>\n]+)>|&(?:amp|lt|gt);`)
	bareLink = regexp.MustCompile(`(^|[\s(])(https?://[^\s<>|]*[^\s<>|.,;:!?)'"])`)
	nameMark = regexp.MustCompile(`(^|[\s(])([@#])([\p{L}\p{N}][\p{L}\p{N}._-]*)`)
)

// typed turns what a person typed into what Slack sends: names after @ and # become mentions when they exist, addresses
// become links, and &, < and > are escaped unless they belong to a mention or a link that is already written Slack's way.
func (s *Server) typed(text string) string {
	text = nameMark.ReplaceAllStringFunc(text, func(whole string) string {
		parts := nameMark.FindStringSubmatch(whole)
		name, rest := parts[3], ""
		for name != "" {
			if id := s.mention(parts[2], name); id != "" {
				return parts[1] + id + rest
			}
			short := strings.TrimRight(name, "._-") // "@dana." ends a sentence
			if short == name {
				break
			}
			rest, name = name[len(short):]+rest, short
		}
		return whole
	})
	text = bareLink.ReplaceAllString(text, "$1<$2>")
	var b strings.Builder
	last := 0
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for _, at := range known.FindAllStringIndex(text, -1) {
		b.WriteString(escape.Replace(text[last:at[0]]) + text[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(escape.Replace(text[last:]))
	return b.String()
}

func (s *Server) mention(mark, name string) string {
	if mark == "#" {
		if c := s.namedChannel(name); c != nil {
			return "<#" + c.id + "|" + c.name + ">"
		}
		return ""
	}
	if name == "here" || name == "channel" || name == "everyone" {
		return "<!" + name + ">"
	}
	for _, id := range s.userOrder {
		if s.users[id].name == name {
			return "<@" + id + ">"
		}
	}
	for _, g := range s.groups {
		if g.handle == name {
			return "<!subteam^" + g.id + ">"
		}
	}
	return ""
}

// typedBlocks are the rich text blocks that Slack makes of what a person typed.
func typedBlocks(text string) []any {
	var elements []any
	last := 0
	plain := func(part string) {
		if part != "" {
			elements = append(elements, object{"type": "text", "text": unescape.Replace(part)})
		}
	}
	for _, at := range known.FindAllStringIndex(text, -1) {
		inner, isToken := strings.CutPrefix(text[at[0]:at[1]], "<")
		if !isToken {
			continue
		}
		plain(text[last:at[0]])
		last = at[1]
		elements = append(elements, typedElement(strings.TrimSuffix(inner, ">")))
	}
	plain(text[last:])
	return []any{object{"type": "rich_text", "block_id": shortID(text),
		"elements": []any{object{"type": "rich_text_section", "elements": elements}}}}
}

func typedElement(inner string) object {
	target, label, _ := strings.Cut(inner, "|")
	switch target[0] {
	case '@':
		return object{"type": "user", "user_id": target[1:]}
	case '#':
		return object{"type": "channel", "channel_id": target[1:]}
	case '!':
		if group, isGroup := strings.CutPrefix(target, "!subteam^"); isGroup {
			return object{"type": "usergroup", "usergroup_id": group}
		}
		return object{"type": "broadcast", "range": target[1:]}
	}
	link := object{"type": "link", "url": target}
	if label != "" {
		link["text"] = label
	}
	return link
}

// shortID makes a block id as Slack does for blocks without one; the same text makes the same id.
func shortID(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:5] }

// clientID is the id that a person's client gives a message.
func clientID(ts string) string {
	h := sha256.Sum256([]byte(ts))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
