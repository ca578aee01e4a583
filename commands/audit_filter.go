package commands

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/events"
)

// AuditWords reads a filter of the log of events as people write it: "@anna backup orders since yesterday".
type AuditWords struct {
	Log *events.Log
	// Commands and Databases are the names that are known.
	Commands, Databases []string
	// Me is who "me" is.
	Me string
	// Zone is where days begin and end.
	Zone *time.Location
	Now  time.Time
}

// filler are the words that make a sentence of a filter and mean nothing by themselves.
var filler = []string{"by", "of", "in", "the", "for", "about", "and", "show", "what", "did", "all", "everything", "past", "last", "with",
	"events", "commands", "that", "were", "was", "on"}

var outcomes = map[string]events.Outcome{
	"refused": events.Refused, "denied": events.Refused, "failed": events.Failure, "failures": events.Failure, "errors": events.Failure,
	"ok": events.OK, "succeeded": events.OK, "done": events.OK, "cancelled": events.Cancelled, "canceled": events.Cancelled, "stopped": events.Cancelled,
}

var (
	mentioned = regexp.MustCompile(`^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$`)
	ofRun     = regexp.MustCompile(`^r-[a-z0-9]{3,}$`)
)

// Filter answers what the words select. A word that means nothing is a *chat.Problem that names the nearest one.
func (a AuditWords) Filter(ctx context.Context, words []string) (events.Filter, error) {
	var f events.Filter
	for len(words) > 0 {
		used, err := a.when(&f, words)
		if err != nil {
			return f, err
		}
		if used == 0 {
			used = 1
			if err := a.what(ctx, &f, words[0]); err != nil {
				return f, err
			}
		}
		words = words[used:]
	}
	if !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return f, &chat.Problem{Say: "That time ends before it begins.", Try: "For example: `/audit 2026-11-01..2026-11-07`."}
	}
	return f, nil
}

// what takes one word about who, what or on what.
func (a AuditWords) what(ctx context.Context, f *events.Filter, word string) error {
	lower := strings.Trim(strings.ToLower(word), ",.;")
	name := strings.TrimPrefix(lower, "@")
	switch m := mentioned.FindStringSubmatch(word); {
	case m != nil:
		f.Who = m[1]
	case lower == "me" || lower == "mine":
		f.Who = a.Me
	case outcomes[lower] != "":
		f.Outcome = outcomes[lower]
	case lower == "terminal" || lower == "shell":
		f.What = "terminal"
	case ofRun.MatchString(lower):
		f.Run = lower
	case slices.Contains(a.Databases, lower):
		f.About = lower
	case slices.Contains(a.Commands, strings.TrimPrefix(lower, "/")):
		f.Command = strings.TrimPrefix(lower, "/")
	case slices.Contains(a.Commands, strings.TrimSuffix(lower, "s")):
		f.Command = strings.TrimSuffix(lower, "s")
	case slices.Contains(filler, lower):
	default:
		return a.lookUp(ctx, f, word, name)
	}
	return nil
}

// lookUp takes a word that the log itself may know: a person's ID or name, or a target.
func (a AuditWords) lookUp(ctx context.Context, f *events.Filter, word, name string) error {
	for _, try := range []struct {
		ask  events.Filter
		take func()
	}{
		{events.Filter{Who: word}, func() { f.Who = word }},
		{events.Filter{Named: name}, func() { f.Named = name }},
		{events.Filter{About: word}, func() { f.About = word }},
	} {
		try.ask.Limit = 1
		found, err := a.Log.Query(ctx, try.ask)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			try.take()
			return nil
		}
	}
	known := slices.Concat(a.Databases, a.Commands, timeWords, []string{"refused", "failed", "terminal", "me"})
	if strings.HasPrefix(word, "@") {
		known = nil
	}
	recent, err := a.Log.Query(ctx, events.Filter{Limit: 300})
	if err != nil {
		return err
	}
	for _, e := range recent {
		if first, _, _ := strings.Cut(strings.ToLower(e.Who.Name), " "); first != "" && !slices.Contains(known, first) {
			known = append(known, first)
		}
	}
	p := chat.Unknown("word", strings.TrimPrefix(word, "@"), known)
	p.Say = strings.TrimSuffix(p.Say, ".") + ", and nothing in the log is about it."
	return p
}

var timeWords = []string{"since", "until", "before", "after", "from", "today", "yesterday", "week", "monday", "tuesday", "wednesday", "thursday",
	"friday", "saturday", "sunday"}

// span is a stretch of time.
type span struct{ from, to time.Time }

// when takes words about time from the beginning and answers how many: "since yesterday", "24h", "last 3 days",
// "2026-11-01..2026-11-07".
func (a AuditWords) when(f *events.Filter, words []string) (used int, err error) {
	first := strings.ToLower(words[0])
	switch first {
	case "since", "after", "from", "until", "before", "to", "till":
		if len(words) == 1 {
			return 0, &chat.Problem{Say: "Since or until when?", Try: "For example: `/audit since yesterday`."}
		}
		s, n := a.span(words[1:])
		if n == 0 {
			return 0, chat.Unknown("time", words[1], timeWords[5:])
		}
		switch first {
		case "since", "after", "from":
			f.Since = s.from
		case "before":
			f.Until = s.from
		default:
			f.Until = s.to
		}
		return n + 1, nil
	}
	s, n := a.span(words)
	if n > 0 {
		f.Since, f.Until = s.from, s.to
	}
	return n, nil
}

// span reads a stretch of time from the beginning of words and answers how many of them it took.
func (a AuditWords) span(words []string) (span, int) {
	skip := 0
	for skip < len(words)-1 && slices.Contains([]string{"the", "last", "past", "this"}, strings.ToLower(words[skip])) {
		skip++
	}
	word := strings.ToLower(words[skip])
	if from, to, ranged := strings.Cut(word, ".."); ranged {
		begin, ok := a.day(from)
		end, fine := a.day(to)
		if ok && fine {
			return span{begin.from, end.to}, skip + 1
		}
		return span{}, 0
	}
	if s, ok := a.day(word); ok {
		return s, skip + 1
	}
	if d, ok := length(word); ok {
		return span{from: a.Now.Add(-d)}, skip + 1 + a.ago(words[skip+1:])
	}
	if word == "week" {
		return span{from: a.Now.AddDate(0, 0, -7)}, skip + 1
	}
	if skip+1 < len(words) {
		if d, ok := length(word + strings.ToLower(words[skip+1])); ok {
			return span{from: a.Now.Add(-d)}, skip + 2 + a.ago(words[skip+2:])
		}
	}
	return span{}, 0
}

// ago takes the "ago" of "3 days ago".
func (a AuditWords) ago(rest []string) int {
	if len(rest) > 0 && strings.EqualFold(rest[0], "ago") {
		return 1
	}
	return 0
}

// day reads a day, or a minute of one.
func (a AuditWords) day(word string) (span, bool) {
	now := a.Now.In(a.Zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, a.Zone)
	whole := func(t time.Time) (span, bool) { return span{t, t.AddDate(0, 0, 1)}, true }
	switch word {
	case "today":
		return whole(midnight)
	case "yesterday":
		return whole(midnight.AddDate(0, 0, -1))
	}
	for back := range 7 {
		t := midnight.AddDate(0, 0, -back)
		if name := strings.ToLower(t.Weekday().String()); word == name || word == name[:3] {
			return whole(t)
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, word, a.Zone); err == nil {
		return whole(t)
	}
	for _, layout := range []string{"2006-01-02t15:04", "2006-01-02t15:04:05", "2006-01-02t15:04:05z07:00"} {
		if t, err := time.ParseInLocation(layout, word, a.Zone); err == nil {
			return span{t, t}, true
		}
	}
	return span{}, false
}

var lengthOf = regexp.MustCompile(`^(\d{1,5})\s*(m|min|mins|minutes?|h|hours?|hrs?|d|days?|w|weeks?)$`)

// length reads "24h", "3 days", "2w".
func length(word string) (time.Duration, bool) {
	m := lengthOf.FindStringSubmatch(word)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[m[2][0]]
	return time.Duration(n) * unit, err == nil && n > 0
}
