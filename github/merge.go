package github

import (
	"regexp"
	"slices"
	"strings"
)

var (
	beginLine = regexp.MustCompile(`^[ \t]*<!-- opsbot:begin ([a-z0-9-]+)(?: ([0-9a-f]{16}))? -->[ \t\r]*$`)
	endLine   = regexp.MustCompile(`^[ \t]*<!-- opsbot:end ([a-z0-9-]+) -->[ \t\r]*$`)
	indexNote = regexp.MustCompile(`<!-- opsbot:sections((?: [a-z0-9-]+)*) -->`)
)

// piece is a stretch of a body: a section with its markers, or what stands outside of them.
type piece struct {
	raw, name, digest, content string // name is "" outside
}

// Merge brings a body up to date without overwriting what people have written. What is outside the markers stays as it
// is. A section that was edited stays too, and is named in kept; ticks in its tasks and other ends of lines are no edit,
// and the ticks are carried over. A section that was removed with its markers is not written again; a new one is put
// after the one before it. When nothing is to be changed, merged is current.
func Merge(current string, wanted Body) (merged string, kept []string) {
	pieces, broken := parse(current)
	known, indexed := written(pieces)
	var present []string
	for i := range pieces {
		p := &pieces[i]
		if p.name == "" {
			continue
		}
		present = append(present, p.name)
		at := slices.IndexFunc(wanted, func(s Section) bool { return s.Name == p.name })
		switch {
		case slices.Contains(broken, p.name):
		case at >= 0:
			p.refresh(wanted[at], &kept)
		case p.edited():
			kept = append(kept, p.name)
		default: // opsbot wrote it and wants it no more
			*p = piece{}
			drop(&pieces[i-1], &pieces[i+1])
		}
	}
	for _, s := range wanted {
		if slices.Contains(broken, s.Name) {
			kept = append(kept, s.Name)
		}
	}
	if indexed {
		pieces = add(pieces, wanted, slices.Concat(known, present, broken))
		reindex(pieces, wanted, kept)
	}
	var w strings.Builder
	for _, p := range pieces {
		w.WriteString(p.raw)
	}
	return w.String(), kept
}

// drop takes away the blank line that came with a section: before it, or after it.
func drop(before, after *piece) {
	for _, p := range []*piece{before, after} {
		if p.raw != "" && strings.Trim(p.raw, "\r\n") == "" {
			p.raw = ""
			return
		}
	}
}

// edited says whether somebody has changed more of a section than its ticks.
func (p *piece) edited() bool {
	return len(p.digest) != 16 || p.digest[:8] != digest(bare(p.content))
}

// refresh writes a section anew, unless it was edited.
func (p *piece) refresh(s Section, kept *[]string) {
	shown := s.clean()
	switch {
	case p.content == shown, p.digest == digest(bare(p.content))+digest(p.content):
	case !p.edited():
		shown = carry(p.content, shown)
	default:
		*kept = append(*kept, p.name)
		return
	}
	if anew := s.render(shown); anew != normal(p.raw) {
		before, after := edges(p.raw)
		p.raw = before + anew + after
	}
}

// edges are the blanks before and after a text.
func edges(raw string) (before, after string) {
	const blank = " \t\r\n"
	return raw[:len(raw)-len(strings.TrimLeft(raw, blank))], raw[len(strings.TrimRight(raw, blank)):]
}

// carry ticks the tasks that are ticked in the old text.
func carry(old, text string) string {
	ticked := map[string]bool{}
	for line := range strings.SplitSeq(old, "\n") {
		if bare(line) != line {
			ticked[bare(line)] = true
		}
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if ticked[line] {
			lines[i] = tick.ReplaceAllString(line, "${1}x]")
		}
	}
	return strings.Join(lines, "\n")
}

// parse cuts a body into its pieces. A section that begins and does not end, or is there twice, is broken: who knows
// what of it is whose.
func parse(body string) (pieces []piece, broken []string) {
	lines := strings.SplitAfter(body, "\n")
	outside := ""
	for i := 0; i < len(lines); i++ {
		begin := beginLine.FindStringSubmatch(strings.TrimSuffix(lines[i], "\n"))
		if begin == nil {
			outside += lines[i]
			continue
		}
		name, end := begin[1], ending(lines[i+1:], begin[1])
		if end < 0 || slices.ContainsFunc(pieces, func(p piece) bool { return p.name == name }) {
			broken = append(broken, name)
		}
		if end < 0 {
			outside += lines[i]
			continue
		}
		end += i + 1
		pieces = append(pieces, piece{raw: outside}, piece{raw: strings.Join(lines[i:end+1], ""), name: name, digest: begin[2],
			content: normal(strings.Join(lines[i+1:end], ""))})
		outside, i = "", end
	}
	return append(pieces, piece{raw: outside}), broken
}

// ending finds the line that ends a section before another begins, or -1.
func ending(lines []string, name string) int {
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\n")
		if end := endLine.FindStringSubmatch(line); end != nil && end[1] == name {
			return i
		}
		if beginLine.MatchString(line) {
			return -1
		}
	}
	return -1
}

// written answers the names in the index; without one, somebody has taken it away, and nothing counts as new.
func written(pieces []piece) (names []string, indexed bool) {
	for _, p := range pieces {
		if p.name == "" {
			for _, note := range indexNote.FindAllStringSubmatch(p.raw, -1) {
				names, indexed = append(names, strings.Fields(note[1])...), true
			}
		}
	}
	return names, indexed
}

// add puts new sections in: after the nearest wanted one before it that is there, or before the next, or at the end.
func add(pieces []piece, wanted Body, known []string) []piece {
	place := func(name string) int { return slices.IndexFunc(pieces, func(p piece) bool { return p.name == name }) }
	for i, s := range wanted {
		if slices.Contains(known, s.Name) {
			continue
		}
		fresh := piece{raw: s.render(s.clean()), name: s.Name}
		at := -1
		for j := i - 1; j >= 0 && at < 0; j-- {
			at = place(wanted[j].Name)
		}
		if at >= 0 {
			fresh.raw = "\n" + fresh.raw + "\n"
			if !strings.HasSuffix(pieces[at].raw, "\n") {
				fresh.raw = "\n" + fresh.raw
			}
			pieces = slices.Insert(pieces, at+1, fresh)
			continue
		}
		for j := i + 1; j < len(wanted) && at < 0; j++ {
			at = place(wanted[j].Name)
		}
		if at < 0 {
			pieces, at = beforeIndex(pieces)
		}
		fresh.raw += "\n\n"
		pieces = slices.Insert(pieces, at, fresh)
	}
	return pieces
}

// beforeIndex cuts the piece with the index in two, so that something fits in before it, which is where.
func beforeIndex(pieces []piece) ([]piece, int) {
	for i := len(pieces) - 1; i >= 0; i-- {
		notes := indexNote.FindAllStringIndex(pieces[i].raw, -1)
		if pieces[i].name != "" || notes == nil {
			continue
		}
		at := notes[len(notes)-1][0]
		head, tail := pieces[i].raw[:at], pieces[i].raw[at:]
		if head != "" && !strings.HasSuffix(head, "\n") {
			head += "\n\n"
		}
		pieces[i].raw = tail
		return slices.Insert(pieces, i, piece{raw: head}), i + 1
	}
	return pieces, len(pieces)
}

// reindex notes what has been written by now.
func reindex(pieces []piece, wanted Body, kept []string) {
	names := make([]string, 0, len(wanted))
	for _, s := range wanted {
		names = append(names, s.Name)
	}
	for _, name := range kept {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range pieces {
		if pieces[i].name == "" {
			pieces[i].raw = indexNote.ReplaceAllLiteralString(pieces[i].raw, indexOf(names))
		}
	}
}
