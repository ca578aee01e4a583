package chat

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Spoken makes what a person typed safe inside mrkdwn, with the mentions of people, groups and channels that Slack has put
// in. Broadcasts (<!channel>) stay words, so that nobody calls everybody through the bot.
func Spoken(s string) string { return mention.ReplaceAllString(Escape(s), "<$1>") }

var mention = regexp.MustCompile(`&lt;((?:@[UW][0-9A-Z]+|#C[0-9A-Z]+|!subteam\^S[0-9A-Z]+)(?:\|[^&<>|]*)?)&gt;`)

// Clip is Spoken with at most n characters, and an ellipsis in place of what is missing. No mention is cut apart.
func Clip(s string, n int) string {
	size := utf8.RuneCountInString(Escape(s))
	if size <= n {
		return Spoken(s)
	}
	all, kept := []rune(s), 0
	for size = 1; kept < len(all); kept++ { // the ellipsis is one
		if size += len(Escape(string(all[kept]))) - len(string(all[kept])) + 1; size > n {
			break
		}
	}
	s = string(all[:kept])
	if open := strings.LastIndexByte(s, '<'); open >= 0 && !strings.Contains(s[open:], ">") {
		s = s[:open]
	}
	return Spoken(strings.TrimSpace(s)) + "…"
}
