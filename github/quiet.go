package github

import (
	"regexp"
	"strings"
)

// zeroWidth is a space that is not seen. GitHub finds mentions and references in the text that it has drawn, so neither a
// backslash nor an HTML entity hides them, and this does.
// https://github.com/renovatebot/renovate/blob/main/lib/util/markdown.ts
const zeroWidth = "\u200b"

var (
	// What GitHub looks for: a name after @ and no letter before, a number after # or GH-, and what HTML entities make of
	// these. https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
	mention = regexp.MustCompile(`(^|[^A-Za-z0-9])@([^\s` + zeroWidth + `])`)
	number  = regexp.MustCompile(`#(\d)`)
	gh      = regexp.MustCompile(`(?i)\b(GH-)(\d)`)
	coded   = regexp.MustCompile(`&#([0-9xX])`)
	entity  = regexp.MustCompile(`&(commat;|num;|hyphen;|dash;)`)
	// https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
	closing = regexp.MustCompile(`(?i)\b(close|fix|resolve|duplicate)([sd]|es|ed)?((?:\s+of)?:?\s+)(#|GH-|https?://|[\w.-]+/[\w.-]+#)`)
	remark  = regexp.MustCompile(`<!--`)
)

// Quiet is Markdown that people have written, made so that on GitHub it calls nobody, is noted at no other issue, closes
// none, and holds no marker of opsbot's: @mentions, #12, owner/repo#12, GH-12, closing words and HTML comments. Links to
// issues stay links. Code spans are left alone, since there GitHub looks for nothing and people copy it, but only where
// it is certain what is one. Quiet of a quiet text is the same text.
func Quiet(text string) string {
	text, certain := quietSpans(text)
	if !certain {
		text = quiet(text)
	}
	return closing.ReplaceAllStringFunc(text, hush)
}

// quietSpans leaves code spans alone. It is not certain of them when a backslash, a tag or an odd backtick could make
// something else of them, also lines further down.
func quietSpans(text string) (quieted string, certain bool) {
	if strings.ContainsAny(text, `\<`) || strings.Contains(text, "```") || strings.Contains(text, "~~~") {
		return text, false
	}
	var w strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		for open := strings.IndexByte(line, '`'); open >= 0; open = strings.IndexByte(line, '`') {
			end := codeEnd(line[open:])
			if end < 0 {
				return text, false
			}
			w.WriteString(quiet(line[:open]) + line[open:open+end])
			line = line[open+end:]
		}
		w.WriteString(quiet(line))
	}
	return w.String(), true
}

// codeEnd answers how long the code span is that a text begins with, or -1 when it is none.
func codeEnd(text string) int {
	ticks := len(text) - len(strings.TrimLeft(text, "`"))
	for at := ticks; at < len(text); {
		next := strings.IndexByte(text[at:], '`')
		if next < 0 {
			return -1
		}
		at += next
		run := len(text[at:]) - len(strings.TrimLeft(text[at:], "`"))
		at += run
		if run == ticks {
			return at
		}
	}
	return -1
}

func quiet(text string) string {
	text = remark.ReplaceAllString(text, "<"+zeroWidth+"!--")
	text = coded.ReplaceAllString(text, "&#"+zeroWidth+"$1") // behind the #, or it would be one without anything before it
	text = entity.ReplaceAllString(text, "&"+zeroWidth+"$1")
	for mention.MatchString(text) { // one may begin where another ends: @@a
		text = mention.ReplaceAllString(text, "$1@"+zeroWidth+"$2")
	}
	text = number.ReplaceAllString(text, "#"+zeroWidth+"$1")
	return gh.ReplaceAllString(text, "$1"+zeroWidth+"$2")
}

// hush breaks the first word.
func hush(words string) string { return words[:2] + zeroWidth + words[2:] }
