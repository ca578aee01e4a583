package incidents

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Zone is where a person's clock is read: as Slack has it, else that of the rules.
func (d *Desk) Zone(ctx context.Context, who chat.User) *time.Location {
	if d.o.Slack != nil {
		person, err := d.o.Slack.User(ctx, who.ID)
		if err != nil {
			d.o.Log.Info("a person's time zone is not known; taking that of incidents.timezone", "user", who.ID, "error", err)
		}
		if zone, err := time.LoadLocation(person.Zone); err == nil && person.Zone != "" {
			return zone
		}
	}
	if d.o.Rules.Location != nil {
		return d.o.Rules.Location
	}
	return time.UTC
}

var (
	clockWord = regexp.MustCompile(`^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?\s*(am|pm)?,?$`)
	dayWord   = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}$`)
	bothWord  = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})[tT](\d{1,2}:\d{1,2}(?::\d{1,2})?)$`)
	spanWord  = regexp.MustCompile(`^(?:\d{1,4}(?:d|days?|h|hours?|hrs?|m|mins?|minutes?|s|secs?))+$`)
	spanPiece = regexp.MustCompile(`(\d+)([a-z])`)
)

// mayBeAhead is how far ahead a time of day may lie to be taken for a mistake; one further ahead was yesterday.
const mayBeAhead = 12 * time.Hour

// When reads the time that words begin with: "at 14:05", "at 2026-11-25 14:05", "at yesterday 14:05", "10m ago",
// "2 hours ago", in now's time zone; rest are the words behind it. Words that begin with no time are all of rest, and
// the time is now. A time of day that is still to come is yesterday's if it is more than 12 h ahead. What looks like a
// time and is none, or is in the future, is a *chat.Problem.
func When(words []string, now time.Time) (at time.Time, rest []string, err error) {
	if len(words) == 0 {
		return now, nil, nil
	}
	if span, used := agoOf(words); used > 0 {
		return now.Add(-span), words[used:], nil
	}
	if !strings.EqualFold(words[0], "at") || len(words) == 1 {
		return now, words, nil
	}
	day, clock, used := dayAndClock(words[1:])
	if used == 0 {
		return now, words, nil // "at first we saw nothing"
	}
	rest = words[1+used:]
	typed := strings.Join(words[1:1+used], " ")
	wrong := &chat.Problem{Say: fmt.Sprintf("%s is no time.", chat.Literal(typed)), Try: "Write `at 14:05`, `at 2026-11-25 14:05` or `10m ago`."}
	seconds, ok := secondsOf(clock)
	if !ok {
		return now, nil, wrong
	}
	on := now
	switch {
	case day == "yesterday":
		on = now.AddDate(0, 0, -1)
	case day != "" && day != "today":
		if on, err = time.ParseInLocation("2006-1-2", day, now.Location()); err != nil {
			return now, nil, wrong
		}
	}
	y, m, d := on.Date()
	at = time.Date(y, m, d, 0, 0, seconds, 0, now.Location())
	if h := seconds / 3600; at.Hour() != h { // midnight and so many seconds is another hour on the days when clocks change
		at = time.Date(y, m, d, h, seconds/60%60, seconds%60, 0, now.Location())
	}
	return past(at, now, day == "", rest)
}

// past says that a time is over, or which is meant if it is not.
func past(at, now time.Time, anyDay bool, rest []string) (time.Time, []string, error) {
	ahead := at.Sub(now)
	yesterday := at.AddDate(0, 0, -1)
	switch {
	case ahead <= 0:
		return at, rest, nil
	case ahead < time.Minute: // clocks differ a little
		return now, rest, nil
	case anyDay && ahead > mayBeAhead:
		return yesterday, rest, nil
	case anyDay:
		return now, nil, &chat.Problem{Say: fmt.Sprintf("%s is still to come today; it is %s for you.", at.Format("15:04"), now.Format("15:04")),
			Try: fmt.Sprintf("If it was yesterday, write `at %s`.", yesterday.Format("2006-01-02 15:04"))}
	}
	return now, nil, &chat.Problem{Say: fmt.Sprintf("%s is in the future; it is %s for you.", at.Format("2006-01-02 15:04"), now.Format("2006-01-02 15:04")),
		Try: "Give a time that has passed."}
}

// dayAndClock reads the words behind "at"; used is 0 if they are no time.
func dayAndClock(words []string) (day, clock string, used int) {
	first := strings.ToLower(words[0])
	second := ""
	if len(words) > 1 {
		second = strings.ToLower(words[1])
	}
	if m := bothWord.FindStringSubmatch(first); m != nil {
		return m[1], m[2], 1
	}
	if dayWord.MatchString(first) || (first == "yesterday" || first == "today") && clockWord.MatchString(second) {
		if !clockWord.MatchString(second) {
			return first, "", 1 // a day alone is no time
		}
		return first, second, 2
	}
	if !clockWord.MatchString(first) {
		return "", "", 0
	}
	if second == "yesterday" || second == "today" {
		return second, first, 2
	}
	if second == "am" || second == "pm" {
		return "", first + second, 2
	}
	return "", first, 1
}

// secondsOf reads "14:05", "14:05:30" or "2:05pm".
func secondsOf(clock string) (int, bool) {
	m := clockWord.FindStringSubmatch(clock)
	if m == nil {
		return 0, false
	}
	n := [3]int{}
	for i, part := range m[1:4] {
		if part != "" {
			n[i], _ = strconv.Atoi(part) // two digits at most
		}
	}
	switch half := m[4]; {
	case half != "" && (n[0] < 1 || n[0] > 12):
		return 0, false
	case half == "am":
		n[0] %= 12
	case half == "pm":
		n[0] = n[0]%12 + 12
	}
	if n[0] > 23 || n[1] > 59 || n[2] > 59 || len(m[2]) != 2 {
		return 0, false
	}
	return n[0]*3600 + n[1]*60 + n[2], true
}

// agoOf reads "10m ago", "1h30m ago" or "2 hours ago" and answers how many words that were.
func agoOf(words []string) (time.Duration, int) {
	for used := 2; used <= min(3, len(words)); used++ {
		if !strings.EqualFold(strings.TrimRight(words[used-1], ",:"), "ago") {
			continue
		}
		span, ok := Span(strings.Join(words[:used-1], ""))
		if !ok {
			return 0, 0
		}
		return span, used
	}
	return 0, 0
}

// Span reads how long: "10m", "1h30m", "2days".
func Span(typed string) (time.Duration, bool) {
	typed = strings.ToLower(typed)
	if !spanWord.MatchString(typed) {
		return 0, false
	}
	var span time.Duration
	for _, piece := range spanPiece.FindAllStringSubmatch(typed, -1) {
		n, _ := strconv.Atoi(piece[1]) // four digits at most
		span += time.Duration(n) * map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}[piece[2]]
	}
	return span, true
}
