package bot

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"

	"github.com/kampyn/opsbot/chat"
)

// drawing is a message as Slack takes it, with the files that hold what did not fit.
type drawing struct {
	text   string
	blocks []slackgo.Block
	files  []file
}

// file is a text file beside a message.
type file struct{ name, text string }

// restFile is the name of the file for what does not fit.
const restFile = "rest.txt"

// noteSize is kept free for the note that there is more.
const noteSize = 400

// Where the files of a message are.
const (
	inThread = "in this message's thread"
	directly = "in the file that I send you directly"
)

// filing says what becomes of that which does not fit into a message.
type filing struct {
	// where the files are, "" for a view, which has none.
	where string
	// refused says in a sentence why Slack takes no files.
	refused string
}

// say tells the reader where the rest is. uncut is the command of the command line that shows all.
func (f filing) say(name, uncut string) string {
	switch {
	case f.where == "":
		return "_There is more than can be shown here._"
	case f.refused != "" && uncut != "":
		return "_It is cut here. " + f.refused + " All of it, on the command line:_ " + chat.Literal(uncut)
	case f.refused != "":
		return "_It is cut here. " + f.refused + "_"
	case name == restFile:
		return "_The rest is " + f.where + "._"
	}
	return "_All of it is " + f.where + ":_ " + chat.Literal(name)
}

// render draws m with the commands as the workspace has them.
func (s *Slack) render(m chat.Message, where string) (drawing, error) {
	return render(s.wording().message(m), filing{where, s.filesRefused()})
}

// render draws m within Slack's limits. Text is cut at line breaks and spread over several blocks. When all does not
// fit, code is cut first; then, from the first piece that does not fit on, text goes into a file, while elements are
// always kept. An error means that a button cannot be drawn without changing what it does.
func render(m chat.Message, f filing) (drawing, error) {
	p := painter{room: room{maxBlocks, maxTotal}, filing: f, uncut: m.Uncut}
	if err := p.draw(parts(m)); err != nil {
		return drawing{}, err
	}
	if rest := unescape(strings.TrimSpace(p.rest.String())); rest != "" {
		p.files = append(p.files, file{restFile, rest})
	}
	if f.refused != "" {
		p.files = nil
	}
	return drawing{text: cut(m.Summary, maxSummary), blocks: p.blocks, files: p.files}, nil
}

// renderView draws m's parts for a modal or App Home, where there is no file for what does not fit.
func renderView(m chat.Message) ([]slackgo.Block, error) {
	p := painter{room: room{maxViewBlocks, 10 * maxTotal}}
	err := p.draw(parts(m))
	return p.blocks, err
}

func parts(m chat.Message) []chat.Part {
	if len(m.Parts) == 0 {
		return []chat.Part{chat.Text(m.Summary)}
	}
	return m.Parts
}

// painter draws parts one after the other while there is room.
type painter struct {
	blocks []slackgo.Block
	room
	filing filing
	uncut  string
	files  []file
	rest   strings.Builder
	noted  []string // the files that the message speaks of
	full   bool     // what follows goes to rest
}

// room is a number of blocks and of characters in them.
type room struct{ blocksLeft, left int }

func (p *painter) draw(all []chat.Part) error {
	// Elements are drawn first, so that their room is known before text takes it.
	rows := map[int][]slackgo.Block{}
	for i, part := range all {
		drawn, size, err := drawElements(part)
		if err != nil {
			return err
		}
		rows[i] = drawn
		p.blocksLeft -= len(drawn)
		p.left -= size + len(drawn)*blockWeight
	}
	if p.blocksLeft < 1 || p.left < noteSize+blockWeight {
		return fmt.Errorf("bot: a message with too many buttons")
	}
	p.blocksLeft-- // for the note that the rest is elsewhere
	p.left -= noteSize + blockWeight
	for i, part := range all {
		if rows[i] != nil {
			p.blocks = append(p.blocks, rows[i]...)
			continue
		}
		p.part(part, all[i+1:])
	}
	return nil
}

func (p *painter) part(part chat.Part, after []chat.Part) {
	switch part := part.(type) {
	case chat.Header:
		if part != "" {
			p.add(string(part), func(s string) slackgo.Block { return slackgo.NewHeaderBlock(plain(s, maxHeader)) }, cut(string(part), maxHeader))
		}
	case chat.Text:
		p.add(string(part), section, split(string(part), maxSection)...)
	case chat.Note:
		p.add(string(part), note, split(string(part), maxSection)...)
	case chat.Code:
		p.code(string(part), after)
	case chat.Sheet:
		p.code(part.Shown, after)
		if part.Shown != part.Whole {
			p.more(part.Name)
			p.files = append(p.files, file{part.Name, part.Whole})
		}
	case chat.Divider:
		if !p.full && p.fits(0) {
			p.put(0, slackgo.NewDividerBlock())
		}
	case chat.Fields:
		p.fields(part)
	}
}

// code draws preformatted text. If it has to be cut, it leaves room for the texts after it, unless they are long too.
func (p *painter) code(text string, after []chat.Part) {
	clean := chat.Escape(strings.ReplaceAll(text, "```", "'''"))
	pieces := split(clean, maxSection-len("```\n\n```"))
	kept := needs(after)
	if kept.left > p.left/2 || kept.blocksLeft > p.blocksLeft/2 {
		kept = room{}
	}
	was := p.full
	p.left, p.blocksLeft = p.left-kept.left, p.blocksLeft-kept.blocksLeft
	p.add(clean, code, pieces...)
	p.left, p.blocksLeft = p.left+kept.left, p.blocksLeft+kept.blocksLeft
	p.full = was || p.full && kept == room{}
}

// needs is the room that texts take beside code and elements.
func needs(all []chat.Part) (r room) {
	for _, part := range all {
		size, blocks := 0, 1
		switch part := part.(type) {
		case chat.Header:
			size = length(string(part))
		case chat.Text:
			size, blocks = length(string(part)), len(split(string(part), maxSection))
		case chat.Note:
			size, blocks = length(string(part)), len(split(string(part), maxSection))
		case chat.Fields:
			for _, f := range part {
				size += length(f.Label) + length(f.Value) + len("**\n")
			}
			blocks = (len(part) + maxFields - 1) / maxFields
		case chat.Divider:
		default:
			continue
		}
		r.left += size + blocks*blockWeight
		r.blocksLeft += blocks
	}
	return r
}

// add draws the pieces of one text while they fit. The first that does not ends the text: whole goes to rest, if none
// of it was drawn, or else what is missing.
func (p *painter) add(whole string, draw func(string) slackgo.Block, pieces ...string) {
	for i, piece := range pieces {
		if p.full || !p.fits(length(piece)) {
			if i > 0 {
				whole = strings.Join(pieces[i:], "\n")
			}
			p.overflow(whole)
			return
		}
		p.put(length(piece), draw(piece))
	}
}

func (p *painter) fits(size int) bool { return p.blocksLeft > 0 && p.left >= size+blockWeight }

func (p *painter) put(size int, b slackgo.Block) {
	p.blocks = append(p.blocks, b)
	p.blocksLeft--
	p.left -= size + blockWeight
}

func (p *painter) overflow(text string) {
	p.full = true
	p.more(restFile)
	p.rest.WriteString(text)
	p.rest.WriteString("\n\n")
}

// more says once for each file that there is more than the message shows. There is always room for the first time.
func (p *painter) more(name string) {
	if slices.Contains(p.noted, name) {
		return
	}
	say := p.filing.say(name, p.uncut)
	switch {
	case len(p.noted) == 0:
		p.blocks = append(p.blocks, note(say))
	case p.filing.refused == "" && p.fits(length(say)):
		p.put(length(say), note(say))
	default:
		return
	}
	p.noted = append(p.noted, name)
}

// fields draws up to ten pairs in a block.
func (p *painter) fields(all chat.Fields) {
	for len(all) > 0 {
		some := all[:min(maxFields, len(all))]
		var drawn []*slackgo.TextBlockObject
		var words []string
		size := 0
		for _, f := range some {
			text := cut("*"+f.Label+"*\n"+f.Value, maxField)
			drawn = append(drawn, mrkdwn(text))
			size += length(text)
			words = append(words, f.Label+": "+f.Value)
		}
		if p.full || !p.fits(size) {
			for _, f := range all[len(some):] {
				words = append(words, f.Label+": "+f.Value)
			}
			p.overflow(strings.Join(words, "\n"))
			return
		}
		p.put(size, slackgo.NewSectionBlock(nil, drawn, nil))
		all = all[len(some):]
	}
}

func section(s string) slackgo.Block { return slackgo.NewSectionBlock(mrkdwn(s), nil, nil) }
func note(s string) slackgo.Block    { return slackgo.NewContextBlock("", mrkdwn(s)) }
func code(s string) slackgo.Block    { return section("```\n" + s + "\n```") }

func mrkdwn(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.MarkdownType, s, false, false)
}

func plain(s string, limit int) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, cut(s, limit), true, false)
}

// unescape undoes chat.Escape, for text that leaves mrkdwn.
func unescape(s string) string { return unescaper.Replace(s) }

var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// length counts as Slack's JavaScript does: in UTF-16 units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// cut shortens s to a number of characters, with an ellipsis in place of what is missing. It breaks no <…> and no
// &…; apart.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "�")
	if length(s) <= limit {
		return s
	}
	return s[:breakAt(s, limit-1)] + "…"
}

// split cuts s into pieces of at most limit characters: at line breaks where there are any, else between words, and
// apart from that anywhere but within <…> and &…;. Empty pieces are left out.
func split(s string, limit int) []string {
	var pieces []string
	for s = strings.Trim(strings.ToValidUTF8(s, "�"), "\n"); s != ""; s = strings.TrimLeft(s, "\n") {
		if length(s) <= limit {
			if strings.TrimSpace(s) == "" {
				break
			}
			return append(pieces, s)
		}
		end := breakAt(s, limit)
		if i := strings.LastIndexByte(s[:end], '\n'); i > 0 {
			end = i
		} else if i := strings.LastIndexByte(s[:end], ' '); i > end/2 {
			end = breakBefore(s, i+1)
		}
		if strings.TrimSpace(s[:end]) != "" {
			pieces = append(pieces, s[:end])
		}
		s = s[end:]
	}
	return pieces
}

// breakAt answers the largest index in bytes at which s may be cut so that at most limit characters stand before it.
func breakAt(s string, limit int) int {
	n, end := 0, len(s)
	for i, r := range s {
		if n += max(utf16.RuneLen(r), 1); n > limit {
			end = i
			break
		}
	}
	return breakBefore(s, end)
}

// breakBefore moves a cut to before the <…> or &…; that it would break apart, unless nothing would be left.
func breakBefore(s string, end int) int {
	if i := strings.LastIndexByte(s[:end], '<'); i > 0 && !strings.Contains(s[i:end], ">") && strings.Contains(s[end:], ">") {
		return i
	}
	if i := strings.LastIndexByte(s[:end], '&'); i > 0 && end-i < len("&amp;") && !strings.Contains(s[i:end], ";") {
		return i
	}
	return end
}
