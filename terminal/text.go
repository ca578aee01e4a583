package terminal

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/kampyn/opsbot/chat"
)

var (
	dateToken = regexp.MustCompile(`<!date\^\d+\^[^|>]*\|([^>]*)>`)
	mention   = regexp.MustCompile(`<[@#!]([^|>]+)(?:\|([^>]*))?>`)
	command   = regexp.MustCompile(`^/(backup (?:now|list|show|verify|export|prune)\b|restore\b|jobs (?:show|cancel)\b)`)
	unescape  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// plainText turns mrkdwn into words for a terminal. Between backticks it changes nothing but the names of commands that
// are here, too.
func plainText(s string) string {
	parts := strings.Split(s, "`")
	for i, part := range parts {
		if i%2 == 0 {
			part = dateToken.ReplaceAllString(strings.ReplaceAll(part, "*", ""), "$1")
			parts[i] = mention.ReplaceAllString(part, "@$1")
		} else {
			parts[i] = command.ReplaceAllString(part, "opsbot $1")
		}
	}
	return visible(unescape.Replace(strings.Join(parts, "`")))
}

// visible replaces what a terminal would obey instead of showing: names in a database may hold anything.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func oneLine(s string) string { return strings.ReplaceAll(visible(s), "\n", "\uFFFD") }

// plain draws a message for a terminal; buttons are left out, since nobody can press them there.
func plain(m chat.Message) string {
	lines := []string{}
	for _, part := range m.Parts {
		switch p := part.(type) {
		case chat.Header:
			lines = append(lines, visible(string(p)), strings.Repeat("─", len([]rune(string(p)))))
		case chat.Text:
			lines = append(lines, plainText(string(p)))
		case chat.Item:
			lines = append(lines, plainText(p.Text))
		case chat.Note:
			lines = append(lines, plainText(string(p)))
		case chat.Code:
			lines = append(lines, visible(string(p)))
		case chat.Sheet:
			lines = append(lines, visible(p.Whole))
		case chat.Fields:
			for _, f := range p {
				lines = append(lines, fmt.Sprintf("  %-14s %s", plainText(f.Label), plainText(f.Value)))
			}
		}
	}
	if len(lines) == 0 {
		return m.Summary
	}
	return strings.Join(lines, "\n")
}
