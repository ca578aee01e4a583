package github

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tasks "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown renders GitHub Flavored Markdown: https://github.github.com/gfm/. In issues and comments a new line is a new
// line; in files it is not.
type markdown struct {
	talk, file goldmark.Markdown
	clean      *bluemonday.Policy
	strip      *bluemonday.Policy
}

func newMarkdown() markdown {
	parsers := goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(linker{}, 500)))
	p := bluemonday.UGCPolicy()
	p.AllowElements("input")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(mention|reference|language-[\w+-]+)$`)).OnElements("a", "code")
	p.AllowAttrs("align").OnElements("td", "th", "p", "div")
	return markdown{
		talk:  goldmark.New(goldmark.WithExtensions(extension.GFM), parsers, goldmark.WithRendererOptions(html.WithUnsafe(), html.WithHardWraps())),
		file:  goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())),
		clean: p, strip: bluemonday.StrictPolicy(),
	}
}

// links tells the linker what names mean, and where.
type links struct {
	s    *Server
	repo *repo
}

var linksKey = parser.NewContextKey()

// render makes clean HTML of a text. The lock is held, for what names mean.
func (m markdown) render(with goldmark.Markdown, s *Server, r *repo, source string) string {
	ctx := parser.NewContext()
	ctx.Set(linksKey, links{s, r})
	var out bytes.Buffer
	if err := with.Convert([]byte(source), &out, parser.WithContext(ctx)); err != nil {
		return template.HTMLEscapeString(source) // a buffer takes everything: only a fault of the library leads here
	}
	return m.clean.Sanitize(out.String())
}

// linker turns @names and #numbers in plain text into links.
type linker struct{}

var nameOrNumber = regexp.MustCompile(`(^|[^\w/&#@.-])(@[A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?|#\d+)\b`)

// Transform is called by the parser for each document.
func (linker) Transform(doc *ast.Document, reader text.Reader, ctx parser.Context) {
	with, ok := ctx.Get(linksKey).(links)
	if !ok || with.repo == nil {
		return
	}
	var plain []*ast.Text
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker below never fails
		switch node := n.(type) {
		case *ast.Link, *ast.AutoLink, *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if entering {
				plain = append(plain, node)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, node := range plain {
		with.split(node, reader.Source())
	}
}

// split replaces a piece of text by the pieces between the links, and the links.
func (l links) split(node *ast.Text, source []byte) {
	from, parent := node.Segment.Start, node.Parent()
	for _, at := range nameOrNumber.FindAllSubmatchIndex(node.Segment.Value(source), -1) {
		start, end := node.Segment.Start+at[4], node.Segment.Start+at[5]
		word := string(source[start:end])
		address, class := l.target(word)
		if address == "" {
			continue
		}
		if start > from {
			parent.InsertBefore(parent, node, ast.NewTextSegment(text.NewSegment(from, start)))
		}
		link := ast.NewLink()
		link.Destination = []byte(address)
		link.SetAttributeString("class", []byte(class))
		link.AppendChild(link, ast.NewTextSegment(text.NewSegment(start, end)))
		parent.InsertBefore(parent, node, link)
		from = end
	}
	node.Segment = text.NewSegment(from, node.Segment.Stop)
}

func (l links) target(word string) (address, class string) {
	if login, ok := strings.CutPrefix(word, "@"); ok {
		if u := l.s.findUser(login); u != nil {
			return l.s.URL() + "/" + u.login, "mention"
		}
		return "", ""
	}
	number := 0
	if _, err := fmt.Sscanf(word, "#%d", &number); err != nil || l.repo.issue(number) == nil {
		return "", ""
	}
	return l.s.issuePage(l.repo.issue(number)), "reference"
}

// tick ticks or unticks the nth task of a text, from 0.
func tick(source string, nth int, done bool) (string, error) {
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader([]byte(source)))
	at := -1
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker below never fails
		if box, ok := n.(*tasks.TaskCheckBox); ok && entering {
			if nth == 0 {
				at = box.Parent().Lines().At(0).Start
				return ast.WalkStop, nil
			}
			nth--
		}
		return ast.WalkContinue, nil
	})
	if at < 0 || at+3 > len(source) || source[at] != '[' {
		return "", refuse(422, "There is no such task.")
	}
	mark := " "
	if done {
		mark = "x"
	}
	return source[:at+1] + mark + source[at+2:], nil
}

// progress counts the tasks of a text.
func progress(source string) (done, all int) {
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader([]byte(source)))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker below never fails
		if box, ok := n.(*tasks.TaskCheckBox); ok && entering {
			all++
			if box.IsChecked {
				done++
			}
		}
		return ast.WalkContinue, nil
	})
	return done, all
}
