package bot

import (
	"regexp"
	"strings"
	"unicode"
)

// quotes are the characters that open a quotation and those that end it, as keyboards and phones type them.
var quotes = map[rune]string{'"': `"”“`, '“': `"”`, '„': `"“”`, '”': `"”`, '\'': `'’‘`, '‘': `'’`, '‚': `'‘’`, '«': "»", '`': "`"}

// splitWords splits what a person typed at white space. A quotation is one word, without its quotes; one that is not
// ended begins with a plain character. Slack's escapes are undone, addresses that Slack made into links become plain.
func splitWords(typed string) []string {
	typed = unescape(autoLink.ReplaceAllString(typed, "$1$2"))
	var words []string
	for runes := []rune(typed); len(runes) > 0; {
		if unicode.IsSpace(runes[0]) {
			runes = runes[1:]
			continue
		}
		if ends, ok := quotes[runes[0]]; ok {
			if n := quotation(runes, ends); n > 0 {
				words = append(words, string(runes[1:n]))
				runes = runes[n+1:]
				continue
			}
		}
		n := 1
		for n < len(runes) && !unicode.IsSpace(runes[n]) {
			n++
		}
		words = append(words, string(runes[:n]))
		runes = runes[n:]
	}
	return words
}

// quotation answers the index of the quote that ends the quotation at the start of runes: the next one at the end of a
// word, so that an apostrophe within does not end it. 0 means that there is none.
func quotation(runes []rune, ends string) int {
	for i := 1; i < len(runes); i++ {
		if strings.ContainsRune(ends, runes[i]) && (i+1 == len(runes) || unicode.IsSpace(runes[i+1])) {
			return i
		}
	}
	return 0
}

// autoLink is what Slack makes of an address or an e-mail address in a text: <address> or <address|as typed>.
var autoLink = regexp.MustCompile(`<(?:https?://|mailto:|ftp://)[^|>]*\|([^>]*)>|<((?:https?://|ftp://)[^|>]*)>`)

// mentionOf finds mentions of one user.
func mentionOf(user string) *regexp.Regexp {
	return regexp.MustCompile(`<@` + regexp.QuoteMeta(user) + `(\|[^>]*)?>`)
}
