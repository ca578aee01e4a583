package incidents

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Asked is an action as a person has typed it.
type Asked struct {
	// Who is a user's ID, or "".
	Who  string
	Due  time.Time
	Text string
}

var (
	person  = regexp.MustCompile(`^<@([UW][0-9A-Z]+)(?:\|[^>]*)?>[,:]?$`)
	isoDate = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
)

// ReadAction reads "@ben by friday alert on the queue's length". Who and the day are optional, stand before the words in
// either order, and the day may also stand at their end. A day that is none is a *chat.Problem with the nearest.
func (r Rules) ReadAction(words []string, now time.Time) (Asked, error) {
	var a Asked
	for len(words) > 0 {
		who := person.FindStringSubmatch(words[0])
		switch {
		case a.Who == "" && who != nil:
			a.Who, words = who[1], words[1:]
			continue
		case a.Who == "" && strings.HasPrefix(words[0], "@") && len(words[0]) > 1:
			return a, &chat.Problem{Say: fmt.Sprintf("I do not know who %s is.", chat.Literal(words[0])),
				Try: "Choose the name from the list that Slack shows as you type it, or use `/incident action` alone, which asks."}
		case a.Due.IsZero() && strings.EqualFold(words[0], "by") && len(words) > 1:
			due, err := r.ReadDay(words[1], now)
			if err != nil {
				return a, err
			}
			a.Due, words = due, words[2:]
			continue
		}
		break
	}
	if n := len(words); a.Due.IsZero() && n > 2 && strings.EqualFold(words[n-2], "by") {
		due, err := r.ReadDay(words[n-1], now)
		switch {
		case err == nil:
			a.Due, words = due, words[:n-2]
		case meansDay(words[n-1], err):
			return a, err
		}
	}
	a.Text = strings.Join(words, " ")
	return a, nil
}

// meansDay says that a word was meant as a day, and is none: "2026-02-30", "fridy".
func meansDay(word string, err error) bool {
	var p *chat.Problem
	return isoDate.MatchString(word) || errors.As(err, &p) && strings.HasPrefix(p.Try, "Did you mean")
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// ReadDay reads today, tomorrow, a day of the week (the next one, today included) or a date, as the end of that day, or
// answers a *chat.Problem with the nearest.
func (r Rules) ReadDay(word string, now time.Time) (time.Time, error) {
	now = now.In(r.zone())
	word = strings.ToLower(strings.TrimRight(word, ",.;:"))
	if date := isoDate.FindStringSubmatch(word); date != nil {
		return r.readDate(word, now)
	}
	ahead := -1
	switch word {
	case "today":
		ahead = 0
	case "tomorrow":
		ahead = 1
	}
	for day, name := range weekdays {
		if word == name || len(word) >= 3 && word == name[:3] {
			ahead = (day - int(now.Weekday()) + 7) % 7
		}
	}
	if ahead >= 0 {
		return r.EndOfDay(now.AddDate(0, 0, ahead)), nil
	}
	valid := append([]string{"today", "tomorrow"}, weekdays...)
	p := chat.Unknown("day", word, valid)
	p.Try = strings.TrimSpace(p.Try + " A date works, too, as " + now.AddDate(0, 0, 7).Format(time.DateOnly) + ".")
	return time.Time{}, p
}

// mostAhead is how many years ahead an action may be planned: what lies further is a mistake in typing.
const mostAhead = 2

func (r Rules) readDate(word string, now time.Time) (time.Time, error) {
	var y, m, d int
	if _, err := fmt.Sscanf(word, "%d-%d-%d", &y, &m, &d); err != nil {
		return time.Time{}, fmt.Errorf("incidents: read a date: %w", err)
	}
	month := min(max(m, 1), 12)
	last := time.Date(y, time.Month(month)+1, 0, 12, 0, 0, 0, r.zone()).Day()
	nearest := time.Date(y, time.Month(month), min(max(d, 1), last), 12, 0, 0, 0, r.zone())
	if nearest.Day() != d || month != m {
		return time.Time{}, &chat.Problem{Say: fmt.Sprintf("There is no day %s.", chat.Literal(word)), Try: fmt.Sprintf("The nearest is `%s`.", nearest.Format(time.DateOnly))}
	}
	due := r.EndOfDay(nearest)
	switch {
	case due.Before(now):
		return time.Time{}, &chat.Problem{Say: fmt.Sprintf("The day %s is over.", chat.Literal(word)), Try: fmt.Sprintf("The nearest is today, `%s`.", now.Format(time.DateOnly))}
	case due.After(now.AddDate(mostAhead, 0, 0)):
		return time.Time{}, &chat.Problem{Say: fmt.Sprintf("The day %s is more than %d years away.", chat.Literal(word), mostAhead),
			Try: fmt.Sprintf("The last that is taken is `%s`.", now.AddDate(mostAhead, 0, 0).Format(time.DateOnly))}
	}
	return due, nil
}

// workingDay says that people work on the day of that instant: Monday to Friday. Holidays are not known.
func workingDay(t time.Time) bool {
	return !slices.Contains([]time.Weekday{time.Saturday, time.Sunday}, t.Weekday())
}
