package incidents

import (
	"regexp"
	"strings"

	"github.com/kampyn/opsbot/chat"
)

// mostText is how many characters of a message stand on a timeline.
const mostText = 8000

// calm makes mrkdwn that was taken from a message safe to be kept and said again: it calls nobody together, and what
// looks like a secret is not repeated.
func calm(text string) string {
	text = broadcast.ReplaceAllString(strings.TrimSpace(text), "@$1")
	return Cut(pieces.ReplaceAllStringFunc(text, chat.Redact), mostText)
}

// pieces are the words between the marks of links and mentions, so that a secret ends at its link's end.
var pieces = regexp.MustCompile(`[^<>|]+`)

// https://docs.slack.dev/messaging/formatting-message-text#special-mentions
var broadcast = regexp.MustCompile(`<!(channel|here|everyone)(?:\|[^>]*)?>`)

// Cut shortens mrkdwn to at most that many characters, never within a mention, a link or an escape.
func Cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	short := string(runes[:most-1])
	if open := strings.LastIndexByte(short, '<'); open > strings.LastIndexByte(short, '>') {
		short = short[:open]
	}
	if open := strings.LastIndexByte(short, '&'); open >= 0 && len(short)-open < 5 && !strings.Contains(short[open:], ";") {
		short = short[:open]
	}
	return strings.TrimRight(short, " \n") + "…"
}
