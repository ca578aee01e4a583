package charts

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// mostWords is how many characters Slack shows of what stands for a picture.
// https://docs.slack.dev/reference/methods/files.getUploadURLExternal
const mostWords = 1000

// Alt says in words what the lines show, in at most 1,000 characters.
func (l Lines) Alt() string {
	l.Spans = l.merged()
	var said sentences
	said.add(l.Title)
	said.add(l.Subtitle)
	said.add(period(l.From, l.To) + ", " + zone(l.From, l.To))
	for _, s := range l.saySpans() {
		said.add(s)
	}
	for _, p := range l.Plots {
		said.add(l.sayPlot(p))
	}
	return said.String()
}

// sentences are put together as long as there is room.
type sentences struct{ strings.Builder }

func (s *sentences) add(words string) {
	words = strings.TrimSuffix(strings.TrimSpace(words), ".")
	if words == "" {
		return
	}
	if s.Len() > 0 {
		words = " " + words
	}
	words = strings.ToValidUTF8(words, "?") + "."
	if room := mostWords - len([]rune(s.String())); len([]rune(words)) > room {
		words = string([]rune(words)[:max(room-1, 0)]) + "…"
		if room < 2 {
			return
		}
	}
	s.WriteString(words)
}

// saySpans says how often and how long, a sentence for each kind.
func (l Lines) saySpans() []string {
	var said []string
	for kind, name := range spanNames {
		spans := of(SpanKind(kind), l.Spans)
		if len(spans) == 0 {
			continue
		}
		var all time.Duration
		longest := spans[0]
		for _, s := range spans {
			all += s.To.Sub(s.From)
			if s.To.Sub(s.From) > longest.To.Sub(longest.From) {
				longest = s
			}
		}
		words := upper(name) + " "
		if len(spans) == 1 {
			words += "once, for "
		} else {
			words += fmt.Sprintf("%s times, %s in all, the longest for ", chat.Count(int64(len(spans))), chat.Span(all))
		}
		words += chat.Span(longest.To.Sub(longest.From)) + " from " + longest.From.In(l.From.Location()).Format("2 Jan 15:04")
		if SpanKind(kind) == Failing && longest.To.Equal(l.To) {
			words += " until the end"
		}
		said = append(said, words)
	}
	return said
}

func (l Lines) sayPlot(p Plot) string {
	var curves []string
	for _, c := range p.Curves {
		least, most, last, above := math.Inf(1), math.Inf(-1), 0.0, 0
		n := 0
		for _, run := range l.runs(c) {
			for _, m := range run {
				least, most, last = min(least, m.Value), max(most, m.Value), m.Value
				n++
				if p.Limit.Label != "" && m.Value > p.Limit.Y {
					above++
				}
			}
		}
		if n == 0 {
			continue
		}
		words := strings.TrimSpace(fmt.Sprintf("%s from %s to %s, last %s", c.Name, p.say(least), p.say(most), p.say(last)))
		if least == most {
			words = strings.TrimSpace(c.Name + " " + p.say(last))
		}
		if p.Limit.Label != "" {
			words += fmt.Sprintf(", %d of %s above the limit", above, chat.Plural(int64(n), "point"))
		}
		curves = append(curves, words)
	}
	if len(curves) == 0 {
		return p.Title + ": " + p.None
	}
	words := p.Title + ": " + strings.Join(curves, "; ")
	if p.Limit.Label != "" {
		words += " (" + p.Limit.Label + ")"
	}
	return words
}

// upper begins with a capital letter.
func upper(words string) string { return strings.ToUpper(words[:1]) + words[1:] }
