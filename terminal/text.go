package terminal

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

var (
	dateToken = regexp.MustCompile(`<!date\^\d+\^[^|>]*\|([^>]*)>`)
	mention   = regexp.MustCompile(`<[@#!]([^|>]+)(?:\|([^>]*))?>`)
	unescape  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// plainText turns mrkdwn into words for a terminal.
func plainText(s string) string {
	s = dateToken.ReplaceAllString(s, "$1")
	s = mention.ReplaceAllString(s, "@$1")
	return unescape.Replace(strings.ReplaceAll(s, "*", ""))
}

// plain draws a message for a terminal; buttons are left out, since nobody can press them there.
func plain(m chat.Message) string {
	lines := []string{}
	for _, part := range m.Parts {
		switch p := part.(type) {
		case chat.Header:
			lines = append(lines, string(p), strings.Repeat("─", len([]rune(string(p)))))
		case chat.Text:
			lines = append(lines, plainText(string(p)))
		case chat.Note:
			lines = append(lines, plainText(string(p)))
		case chat.Code:
			lines = append(lines, string(p))
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
