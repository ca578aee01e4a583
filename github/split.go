package github

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// leastLimit is what markers and a few words need.
const leastLimit = 500

// Split cuts a body into parts of at most limit code points each, markers included (500 is the least): the first is for
// the issue, the others for its comments. It cuts between sections where it can, otherwise between lines, and a section
// that is cut goes on as name-2, name-3 and so on. A block of code that is cut is closed and opened again; a line is cut
// only when it alone is too long, between words if there are any, and never inside of what is read as one character.
// There is always one part at least.
func Split(b Body, limit int) []Body {
	limit = max(limit, leastLimit)
	parts := []Body{{}}
	for _, s := range b {
		s.Text = s.clean()
		base, next := s.Name, 2
		for {
			last := &parts[len(parts)-1]
			room := limit - length(append(slices.Clone(*last), Section{Name: s.Name}))
			if utf8.RuneCountInString(s.Text) <= room {
				*last = append(*last, s)
				break
			}
			fits := utf8.RuneCountInString(s.Text) <= limit-length(Body{{Name: s.Name}})
			if len(*last) > 0 && (fits || room < limit/4) {
				parts = append(parts, Body{})
				continue
			}
			head, rest := cut(s.Text, room)
			*last = append(*last, Section{Name: s.Name, Text: head})
			parts = append(parts, Body{})
			for ; slices.ContainsFunc(b, func(o Section) bool { return o.Name == fmt.Sprint(base, "-", next) }); next++ {
			}
			s = Section{Name: fmt.Sprint(base, "-", next), Text: rest}
			next++
		}
	}
	return parts
}

func length(b Body) int { return utf8.RuneCountInString(b.String()) }

// fence is a line that opens or closes a block of code. Longer ones than anybody writes are not looked for: there must be
// room for them. https://github.github.com/gfm/#fenced-code-blocks
var fence = regexp.MustCompile("^([ \t>]{0,10})(`{3,10}|~{3,10})([^`\r\n]{0,40})\r?\n?$")

// block is the block of code that a line stands in.
type block struct{ open, indent, mark string }

// after is the block that the next line stands in.
func (b block) after(line string) block {
	found := fence.FindStringSubmatch(line)
	switch {
	case found == nil:
	case b.mark == "":
		return block{open: strings.TrimRight(line, "\r\n"), indent: found[1], mark: found[2]}
	case found[2][0] == b.mark[0] && len(found[2]) >= len(b.mark) && strings.TrimSpace(found[3]) == "":
		return block{}
	}
	return b
}

// close and reopen are what goes before and after a cut inside of a block.
func (b block) close() string {
	if b.mark == "" {
		return ""
	}
	return "\n" + b.indent + b.mark
}

func (b block) reopen() string {
	if b.mark == "" {
		return ""
	}
	return b.open + "\n"
}

// closed is a text whose last block of code is closed, so that it does not swallow what comes below.
func closed(text string) string {
	var in block
	for line := range strings.SplitAfterSeq(text, "\n") {
		in = in.after(line)
	}
	return text + in.close()
}

// cut answers the first part of a text that is longer than room, and the rest.
func cut(text string, room int) (head, rest string) {
	var in block
	outside, inside, insideBlock := 0, 0, block{}
	offset, size, opened := 0, 0, 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		before, next := in, in.after(line)
		n := utf8.RuneCountInString(line)
		if size+n+utf8.RuneCountInString(next.close()) > room {
			break
		}
		in, size, offset = next, size+n, offset+len(line)
		switch {
		case in.mark == "":
			outside = offset
		case before.mark == "":
			opened = offset // a cut here would leave an empty block
		default:
			inside, insideBlock = offset, in
		}
	}
	if outside > 0 && (inside == 0 || outside > len(text[:offset])/4) {
		return text[:outside], text[outside:]
	}
	if inside > opened {
		return strings.TrimSuffix(text[:inside], "\n") + insideBlock.close(), insideBlock.reopen() + text[inside:]
	}
	if outside > 0 {
		return text[:outside], text[outside:]
	}
	// The next line alone is too long.
	until := place(text, offset, room-size-utf8.RuneCountInString(in.close()))
	rest = text[until:]
	if in.mark == "" {
		rest = strings.TrimLeft(rest, " ")
	}
	return text[:until] + in.close(), in.reopen() + rest
}

// place finds where to cut a long line, at most room code points after start.
func place(text string, start, room int) int {
	ends := make([]int, 0, max(room, 1)) // of the characters
	for at, r := range text[start:] {
		if len(ends) >= max(room, 1) {
			break
		}
		ends = append(ends, start+at+utf8.RuneLen(max(r, 0)))
	}
	if end := ends[len(ends)-1]; len(ends) > 1 {
		if space := strings.LastIndexByte(text[start:end], ' '); space > (end-start)/2 {
			return start + space
		}
	}
	for i := len(ends) - 1; i > max(0, len(ends)-64); i-- {
		before, _ := utf8.DecodeLastRuneInString(text[:ends[i]])
		after, _ := utf8.DecodeRuneInString(text[ends[i]:])
		if !joins(before, after) {
			return ends[i]
		}
	}
	return ends[len(ends)-1]
}

// joins says whether two code points are read as one character: accents, variants, skin tones, families, flags.
// https://unicode.org/reports/tr29/#Grapheme_Cluster_Boundaries
func joins(before, after rune) bool {
	const joiner = '\u200d'
	return before == joiner || after == joiner || unicode.Is(unicode.M, after) || after >= 0x1F3FB && after <= 0x1F3FF ||
		unicode.Is(unicode.Regional_Indicator, before) && unicode.Is(unicode.Regional_Indicator, after)
}
