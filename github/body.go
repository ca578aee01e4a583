package github

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// MaxBody is how long the body of an issue or a comment may be, in code points. GitHub names this number in its
// refusals; for some texts it takes more (262,144 bytes have been seen), for none less.
// https://github.com/dead-claudia/github-limits#pr-body
const MaxBody = 65_536

// BodyLimit is what Split is to be given: it leaves room for the marks around a body.
const BodyLimit = 65_000

// Section is a part of a body that opsbot owns for as long as nobody has edited it.
type Section struct {
	// Name is of a-z, 0-9 and -, and unlike the others of its body.
	Name string
	// Text is Markdown.
	Text string
}

// Body is what opsbot writes in an issue, in the order in which it is shown.
type Body []Section

// String is the body as it is first written: each section between HTML comments, which GitHub does not show, and the
// names of all at the end.
func (b Body) String() string {
	var w strings.Builder
	for _, s := range b {
		w.WriteString(s.render(s.clean()) + "\n\n")
	}
	return w.String() + b.index()
}

// render puts markers around what is shown of a section. The opening one carries digests of what opsbot wants there.
func (s Section) render(shown string) string {
	wanted := s.clean()
	return fmt.Sprintf("<!-- opsbot:begin %s %s%s -->\n%s\n<!-- opsbot:end %s -->", s.Name, digest(bare(wanted)), digest(wanted), shown, s.Name)
}

// index names the sections that have been written once, so that one which was removed is not taken for a new one.
func (b Body) index() string {
	names := make([]string, len(b))
	for i, s := range b {
		names[i] = s.Name
	}
	return indexOf(names)
}

func indexOf(names []string) string {
	return "<!-- " + strings.Join(append([]string{"opsbot:sections"}, names...), " ") + " -->"
}

// clean is the text without what could be taken for a marker, or would swallow the next one.
func (s Section) clean() string {
	return closed(normal(strings.ReplaceAll(s.Text, "<!-- opsbot:", "<!-- opsbot"+zeroWidth+":")))
}

// normal evens out what is no edit: a browser sends other ends of lines, and blank lines come and go at the edges.
func normal(text string) string {
	return strings.Trim(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), " \t\n")
}

var tick = regexp.MustCompile(`(?m)^([ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[)[ xX]\]`)

// bare is a text with no task ticked.
func bare(text string) string { return tick.ReplaceAllString(text, "$1 ]") }

// digest is short: it tells edits from none, and is no seal.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}
