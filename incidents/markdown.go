package incidents

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/github"
)

// Names are what people (U…), channels (C…) and user groups (S…) are called where Slack does not draw them; "" when it is
// not known or not for everybody.
type Names struct{ Person, Channel, Group func(id string) string }

// Markdown makes GitHub's Markdown of Slack's mrkdwn: what was drawn stays drawn, and what people wrote does not become
// more than that: no headings, tables, HTML, mentions, references to issues or closing words. It is quiet already (see
// github.Quiet); code is left as it was typed.
// https://docs.slack.dev/messaging/formatting-message-text and https://github.github.com/gfm/
func Markdown(text string, names Names) string {
	m := markdown{names: names}
	pieces := strings.Split(text, "```")
	if len(pieces)%2 == 0 { // the last fence is not closed, and so is none
		last := len(pieces) - 1
		pieces[last-1] += "```" + pieces[last]
		pieces = pieces[:last]
	}
	for n, piece := range pieces {
		if n%2 == 1 {
			m.fence(piece)
			continue
		}
		piece = strings.Trim(piece, "\n")
		if strings.TrimSpace(piece) == "" {
			continue
		}
		quoted := false
		for line := range strings.SplitSeq(piece, "\n") {
			if rest, all := strings.CutPrefix(line, "&gt;&gt;&gt;"); all && !quoted {
				quoted, line = true, rest
			}
			m.line(line, quoted)
		}
	}
	return strings.TrimSpace(strings.Join(m.lines, "\n"))
}

// markdown writes line by line.
type markdown struct {
	names Names
	lines []string
	last  block
}

// block is what a line is part of.
type block int

const (
	noBlock block = iota
	paragraphBlock
	quoteBlock
	listBlock
)

// fence writes code as it was typed.
func (m *markdown) fence(code string) {
	m.lines = append(m.lines, "```", strings.Trim(untoken(code), "\n"), "```")
	m.last = noBlock
}

var (
	bullet   = regexp.MustCompile(`^(\s*)[•◦▪‣⁃-]\s+`)
	numbered = regexp.MustCompile(`^(\s*)(\d{1,9})[.)]\s+`)
)

// line writes one line. Where it would be taken for more of the block before it, an empty line parts them.
func (m *markdown) line(line string, quoted bool) {
	kind, prefix := paragraphBlock, ""
	if rest, marked := strings.CutPrefix(strings.TrimLeft(line, " "), "&gt;"); marked || quoted {
		kind, prefix = quoteBlock, "> "
		if marked {
			line = rest
		}
	} else if at := bullet.FindStringSubmatch(line); at != nil {
		kind, prefix, line = listBlock, strings.Repeat("  ", min(len(at[1])/4, 3))+"- ", line[len(at[0]):]
	} else if at := numbered.FindStringSubmatch(line); at != nil {
		kind, prefix, line = listBlock, strings.Repeat("   ", min(len(at[1])/4, 3))+at[2]+". ", line[len(at[0]):]
	}
	line = strings.TrimSpace(line)
	if line == "" && kind == paragraphBlock {
		kind = noBlock
	}
	if m.last != noBlock && kind != noBlock && kind != m.last {
		m.lines = append(m.lines, "")
	}
	m.last = kind
	m.lines = append(m.lines, strings.TrimRight(prefix+begin(m.inline(line, "")), " "))
}

// begin keeps the beginning of a line from being markup of a whole line.
func begin(line string) string {
	if strings.HasPrefix(line, "```") || line != "" && strings.ContainsRune("#+-=", rune(line[0])) {
		return `\` + line
	}
	if at := leadingNumber.FindStringIndex(line); at != nil {
		return line[:at[1]-1] + `\` + line[at[1]-1:]
	}
	return line
}

var leadingNumber = regexp.MustCompile(`^\d+[.)]`)

// inline draws a line, or what stands within marks; inside holds the marks that it stands in.
func (m *markdown) inline(s, inside string) string {
	w, plain := "", 0
	for i := 0; i < len(s); {
		drawn, end := m.special(s, i, inside)
		if end == 0 {
			i++
			continue
		}
		w = join(join(w, unmark(s[plain:i])), drawn)
		i, plain = end, end
	}
	return join(w, unmark(s[plain:]))
}

// join writes two quiet pieces behind each other, so that they are no mention, no reference and no closing together,
// either.
func join(a, b string) string {
	if b == "" {
		return a
	}
	from := max(0, len(a)-mostClosing)
	end := a[from:]
	switch at := closingWord.FindStringIndex(end); {
	case at != nil && referred.MatchString(b):
		at[0] += from + 2
		return a[:at[0]] + "\u200b" + a[at[0]:] + b
	case halfway.MatchString(end):
		return a + "\u200b" + b
	}
	return a + b
}

// mostClosing is how long, in bytes, a closing word with what stands behind it can be.
const mostClosing = 60

var (
	emoji       = regexp.MustCompile(`^:[a-z0-9+-][a-z0-9_+'-]*:`)
	closingWord = regexp.MustCompile(`(?i)\b(?:close|fix|resolve|duplicate)(?:[sd]|es|ed)?(?:\s+of)?:?\s*$`)
	referred    = regexp.MustCompile(`(?i)^\s*(?:\[|#|GH-|https?://|[\w.-]+/[\w.-]+#)`)
	halfway     = regexp.MustCompile(`(?i)(?:[@#]|GH-)$`)
)

// special draws what begins at s[i] and says where that ends; 0 if nothing does.
func (m *markdown) special(s string, i int, inside string) (drawn string, end int) {
	switch c := s[i]; c {
	case '<':
		if n := strings.IndexAny(s[i+1:], "<>"); n > 0 && s[i+1+n] == '>' {
			return m.token(s[i+1 : i+1+n]), i + n + 2
		}
	case '`':
		if n := strings.IndexByte(s[i+1:], '`'); n > 0 {
			return codeSpan(untoken(s[i+1 : i+1+n])), i + n + 2
		}
	case ':':
		if name := emoji.FindString(s[i:]); name != "" {
			return name, i + len(name)
		}
	case '*', '_', '~':
		if n := closes(s, i); n > 0 && !strings.ContainsRune(inside, rune(c)) {
			mark := map[byte]string{'*': "**", '_': "_", '~': "~~"}[c]
			return mark + join(m.inline(s[i+1:n], inside+string(c)), mark), n + 1
		}
	}
	return "", 0
}

// mostMarked is how far apart two marks are at most, in bytes.
const mostMarked = 2000

// closes answers where the mark that opens at s[i] is closed: both stand at the edge of a word; 0 if it opens nothing.
func closes(s string, i int) int {
	c := s[i]
	if i > 0 && (isWord(s[i-1]) || s[i-1] == c) || i+1 == len(s) || s[i+1] == ' ' || s[i+1] == c {
		return 0
	}
	for j := i + 1; j < min(len(s), i+mostMarked); j++ {
		switch s[j] {
		case '<', '`':
			ends := map[byte]byte{'<': '>', '`': '`'}[s[j]]
			if n := strings.IndexByte(s[j+1:], ends); n > 0 {
				j += n + 1
			}
		case c:
			if s[j-1] != ' ' && (j+1 == len(s) || !isWord(s[j+1]) && s[j+1] != c) {
				return j
			}
		}
	}
	return 0
}

func isWord(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }

// codeSpan has no quotation mark inside it, as Slack ends it at the next one.
func codeSpan(code string) string {
	code = strings.ReplaceAll(code, "`", "'")
	return "`" + code + "`"
}

var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

var tokens = regexp.MustCompile(`<([^<>|]+)(?:\|([^<>]*))?>`)

// untoken is text as it was typed, where nothing is drawn.
func untoken(s string) string {
	return unescaper.Replace(tokens.ReplaceAllStringFunc(s, func(t string) string {
		parts := tokens.FindStringSubmatch(t)
		if parts[2] != "" {
			return parts[2]
		}
		return parts[1]
	}))
}

// marks are what means something in Markdown; $ begins a formula on GitHub.
var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "$", `\$`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;")

// unmark is plain text that stays plain.
func unmark(s string) string { return literally(unescaper.Replace(s)) }

func literally(s string) string { return github.Quiet(marks.Replace(s)) }

// token draws what Slack puts between < and >.
func (m *markdown) token(t string) string {
	what, label, _ := strings.Cut(t, "|")
	label = unescaper.Replace(label)
	switch {
	case what == "":
		return literally(label)
	case what[0] == '@':
		return literally(known(m.names.Person, what[1:], label, "somebody"))
	case what[0] == '#':
		name := known(m.names.Channel, what[1:], label, "")
		if name == "" {
			return "a channel"
		}
		return literally("#" + name)
	case strings.HasPrefix(what, "!date^"):
		return date(what, label)
	case strings.HasPrefix(what, "!subteam^"):
		return literally(known(m.names.Group, what[len("!subteam^"):], label, "a group"))
	case what[0] == '!':
		return literally("@" + what[1:])
	}
	return link(unescaper.Replace(what), label)
}

// known is a name as the resolver knows it, or as Slack has written it down, or what is said instead.
func known(resolve func(string) string, id, label, otherwise string) string {
	name := ""
	if resolve != nil {
		name = resolve(id)
	}
	for _, other := range []string{strings.TrimLeft(label, "@#"), otherwise} {
		if name == "" {
			name = other
		}
	}
	return name
}

// date writes a moment in UTC, since nobody's time zone is known here.
func date(token, fallback string) string {
	seconds, err := strconv.ParseInt(strings.Split(token, "^")[1], 10, 64)
	if err != nil {
		return literally(fallback)
	}
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04 UTC")
}

var (
	addresses = regexp.MustCompile(`^(?:https?://|mailto:)[^\s]+$`)
	// What would end a link, or be looked at by GitHub, is written as its code, which leads to the same place.
	codes    = strings.NewReplacer("<", "%3C", ">", "%3E", "(", "%28", ")", "%29", `\`, "%5C", "`", "%60", "|", "%7C", "*", "%2A", "@", "%40", "[", "%5B", "]", "%5D", "&", "&amp;")
	numbers  = regexp.MustCompile(`#(\d)`)
	ghNumber = regexp.MustCompile(`(?i)(GH)-(\d)`)
)

func link(address, label string) string {
	if !addresses.MatchString(address) {
		if label == "" {
			label = address
		}
		return literally(label)
	}
	if label == "" {
		label = strings.TrimPrefix(address, "mailto:")
	}
	if mail, ok := strings.CutPrefix(address, "mailto:"); ok && mail == label {
		return literally(label)
	}
	to := ghNumber.ReplaceAllString(numbers.ReplaceAllString(codes.Replace(address), "#%3$1"), "$1%2D$2")
	return "[" + join(literally(label), "](") + to + ")"
}
