package chat

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Escape makes text from people or servers safe inside mrkdwn.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func Escape(s string) string { return escaper.Replace(s) }

// Literal shows a name as it is, in code style, safe inside mrkdwn. Line breaks and back quotes are made visible.
func Literal(s string) string {
	s = strings.NewReplacer("\n", `\n`, "\r", `\r`, "`", "'").Replace(s)
	return "`" + Escape(s) + "`"
}

func dateToken(t time.Time, format, fallback string) string {
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), format, t.UTC().Format(fallback))
}

// Bytes writes a size in powers of 1,000 with three digits: 1.23 GB.
func Bytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB"} {
		value /= 1000
		if value < 999.5 {
			break
		}
	}
	digits := 2 - int(math.Floor(math.Log10(value)))
	return strconv.FormatFloat(value, 'f', max(digits, 0), 64) + " " + unit
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

// Plural writes a count with its noun: "1 collection", "6 collections".
func Plural(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Count(n) + " " + noun
}

// Span writes a duration in its two largest units: 2 h 5 min, 42 s, 350 ms.
func Span(d time.Duration) string {
	switch {
	case d < 0:
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

// Bar draws how much of a whole is done in ten cells: ▓▓▓▓░░░░░░.
func Bar(done, total int64) string {
	filled := int64(0)
	if total > 0 {
		filled = min(max(done*10/total, 0), 10)
	}
	return strings.Repeat("▓", int(filled)) + strings.Repeat("░", int(10-filled))
}
