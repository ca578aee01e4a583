package chat

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Escape makes text from people or servers safe inside mrkdwn.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func Escape(s string) string { return escaper.Replace(s) }

// Literal shows a name as it is, in code style, safe inside mrkdwn. What cannot be seen (line breaks, control and
// direction characters, bytes that are no text) is shown as Go would write it, the empty name as "", a back quote as '.
func Literal(s string) string {
	if s == "" {
		return "`\"\"`"
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '`':
			b.WriteByte('\'')
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return "`" + Escape(b.String()) + "`"
}

func dateToken(t time.Time, format, fallback string) string {
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), format, t.UTC().Format(fallback))
}

// Bytes writes a size in powers of 1,000 with three digits: 1.23 GB.
func Bytes(n int64) string {
	value, unit := math.Abs(float64(n)), ""
	if value < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		value /= 1000
		if value < 999.5 {
			break
		}
	}
	digits := 0
	switch {
	case value < 9.995:
		digits = 2
	case value < 99.95:
		digits = 1
	}
	return strconv.FormatFloat(math.Copysign(value, float64(n)), 'f', digits, 64) + " " + unit
}

// Count writes a whole number with commas: 12,345.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := len(s) % 3
	if n < 0 {
		start = 1 + (len(s)-1)%3
	}
	var b strings.Builder
	b.WriteString(s[:start])
	for i := start; i < len(s); i += 3 {
		if b.Len() > 0 && s[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteString(s[i : i+3])
	}
	return b.String()
}

// Plural writes a count with its regular English noun: "1 collection", "6 indexes", "2 replies".
func Plural(n int64, noun string) string {
	if n == 1 {
		return Count(n) + " " + noun
	}
	stem, isY := strings.CutSuffix(noun, "y")
	switch {
	case isY && stem != "" && !strings.ContainsAny(stem[len(stem)-1:], "aeiou"):
		noun = stem + "ies"
	case endsInAny(noun, "s", "x", "z", "ch", "sh"):
		noun += "es"
	default:
		noun += "s"
	}
	return Count(n) + " " + noun
}

func endsInAny(s string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(s, e) })
}

// Span writes a duration in its two largest units: 2 h 5 min, 42 s, 350 ms.
func Span(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	}
	return largest(d, []unit{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}})
}

type unit struct {
	size time.Duration
	name string
}

func largest(d time.Duration, units []unit) string {
	for i, u := range units {
		if d < u.size {
			continue
		}
		out := fmt.Sprintf("%d %s", d/u.size, u.name)
		if i+1 < len(units) && d%u.size >= units[i+1].size {
			out += fmt.Sprintf(" %d %s", d%u.size/units[i+1].size, units[i+1].name)
		}
		return out
	}
	return "0 s"
}

// Bar draws how much of a whole is done in ten cells: ▓▓▓▓░░░░░░. Only what is done whole fills the last cell; of an
// unknown whole (0) nothing is.
func Bar(done, total int64) string {
	filled := 0
	if total > 0 && done > 0 {
		// In floating point, as ten times a large count does not fit an int64.
		filled = int(min(float64(done)*10/float64(total), 10))
	}
	return strings.Repeat("▓", filled) + strings.Repeat("░", 10-filled)
}
