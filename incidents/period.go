package incidents

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Period is the time that a report is about: from From on, before Until.
type Period struct {
	From, Until time.Time
	// Name says it as it was asked for: "30 days", "2026-01-01 to 2026-03-31".
	Name string
}

// UsualPeriod is what a report is about when nothing was said.
const UsualPeriod = "30d"

// PeriodWords are how a command is asked for a time: which command its examples show, and what is meant by no words.
type PeriodWords struct{ Command, Usual string }

// mostDays is how long a period is at most: a year, so that a chart of its weeks can be read.
const mostDays = 366

// mostHours is how many hours can be asked for; more are asked for in days.
const mostHours = 96

var (
	someDays = regexp.MustCompile(`^(\d+)(h|hours?|d|days?|w|weeks?|m|months?|y|years?)$`)
	fromTo   = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})(?:\.\.+|…|-|–|to)(\d{4}-\d{1,2}-\d{1,2})$`)
	number   = regexp.MustCompile(`\d+`)
	oneMonth = regexp.MustCompile(`^(\d{4})-(\d{1,2})$`)
)

// ParsePeriod reads the time that a report is about.
func ParsePeriod(words []string, now time.Time) (Period, error) {
	return PeriodWords{Command: "/incident report", Usual: UsualPeriod}.Parse(words, now)
}

// Parse reads "24h", "30d", "12w", "6m" (months), "1y", "2026-03" and "2026-01-01..2026-03-31". Days begin and end in the
// location of now. A wrong one is a *chat.Problem that offers the nearest right one.
func (w PeriodWords) Parse(words []string, now time.Time) (Period, error) {
	said := strings.ToLower(strings.Join(words, ""))
	if said == "" {
		said = w.Usual
	}
	p, err := parsePeriod(said, words, now)
	if wrong, ok := errors.AsType[*notPeriod](err); ok {
		if wrong.nearest == "" {
			wrong.nearest = w.Usual
		}
		return p, &chat.Problem{Say: wrong.say, Try: fmt.Sprintf("For example: `%s %s`. Hours are `24h`, days `30d`, weeks `12w`, months `6m` or `2026-03`, "+
			"and from day to day is `2026-01-01..2026-03-31`.", w.Command, wrong.nearest)}
	}
	return p, err
}

func parsePeriod(said string, words []string, now time.Time) (Period, error) {
	if m := someDays.FindStringSubmatch(said); m != nil {
		return lastDays(m[1], m[2][:1], now)
	}
	if m := oneMonth.FindStringSubmatch(said); m != nil {
		year, _ := strconv.Atoi(m[1]) // four digits
		month, _ := strconv.Atoi(m[2])
		if month < 1 || month > 12 {
			nearest := fmt.Sprintf("%d-%02d", year, max(1, min(month, 12)))
			return Period{}, wrongPeriod(chat.Literal(said)+" is no month.", min(nearest, now.Format("2006-01")))
		}
		from := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, now.Location())
		return Period{From: from, Until: from.AddDate(0, 1, 0), Name: from.Format("January 2006")}.until(now)
	}
	if m := fromTo.FindStringSubmatch(said); m != nil {
		return betweenDays(m[1], m[2], now)
	}
	return Period{}, wrongPeriod(fmt.Sprintf("%s is no time that I know.", chat.Literal(strings.Join(words, " "))), nearPeriod(said))
}

// lastDays begin at the midnight so many days, weeks or months ago and end now.
func lastDays(count, unit string, now time.Time) (Period, error) {
	n, err := strconv.Atoi(count)
	most := map[string]int{"h": mostHours, "d": mostDays, "w": 52, "m": 12, "y": 1}[unit]
	switch {
	case unit == "h" && (err != nil || n > most):
		return Period{}, wrongPeriod(fmt.Sprintf("It can be %d hours at most; say it in days.", most), fmt.Sprint(min(mostDays, max(n, most)/24), "d"))
	case err != nil || n > most:
		return Period{}, wrongPeriod("It can be about a year at most.", fmt.Sprint(most, unit))
	case n == 0 && unit == "h":
		return Period{}, wrongPeriod("It has to be about an hour at least.", "1h")
	case n == 0:
		return Period{}, wrongPeriod("It has to be about a day at least.", "1"+unit)
	}
	y, month, d := now.Date()
	from, noun := time.Time{}, ""
	switch unit {
	case "d":
		from, noun = time.Date(y, month, d-n, 0, 0, 0, 0, now.Location()), "day"
	case "w":
		from, noun = time.Date(y, month, d-7*n, 0, 0, 0, 0, now.Location()), "week"
	case "m":
		from, noun = monthsBefore(now, n), "month"
	case "h":
		from, noun = now.Add(-time.Duration(n)*time.Hour), "hour"
	default:
		from, noun = monthsBefore(now, 12), "year"
	}
	return Period{From: from, Until: now, Name: "the last " + strings.TrimPrefix(chat.Plural(int64(n), noun), "1 ")}, nil
}

// monthsBefore is the same day some months earlier, or the last one of a month that is too short for it.
func monthsBefore(now time.Time, n int) time.Time {
	y, month, d := now.Date()
	last := time.Date(y, month-time.Month(n)+1, 0, 0, 0, 0, 0, now.Location()).Day()
	return time.Date(y, month-time.Month(n), min(d, last), 0, 0, 0, 0, now.Location())
}

func betweenDays(first, last string, now time.Time) (Period, error) {
	from, fromRight := day(first, now.Location())
	to, toRight := day(last, now.Location())
	nearest := from.Format(time.DateOnly) + ".." + to.Format(time.DateOnly)
	switch {
	case !fromRight:
		return Period{}, wrongPeriod(fmt.Sprintf("%s is no day.", chat.Literal(first)), nearest)
	case !toRight:
		return Period{}, wrongPeriod(fmt.Sprintf("%s is no day.", chat.Literal(last)), nearest)
	case to.Before(from):
		return Period{}, wrongPeriod("That time ends before it begins.", to.Format(time.DateOnly)+".."+from.Format(time.DateOnly))
	case to.After(from.AddDate(0, 0, mostDays-1)):
		return Period{}, wrongPeriod("It can be about a year at most.",
			to.AddDate(0, 0, 1-mostDays).Format(time.DateOnly)+".."+to.Format(time.DateOnly))
	}
	return Period{From: from, Until: to.AddDate(0, 0, 1), Name: from.Format(time.DateOnly) + " to " + to.Format(time.DateOnly)}.until(now)
}

// day reads 2026-02-30 as the nearest day that there is, and says whether it is that one.
func day(s string, where *time.Location) (time.Time, bool) {
	var n [3]int
	for k, part := range strings.Split(s, "-") {
		n[k], _ = strconv.Atoi(part) // at most four digits
	}
	month := max(1, min(n[1], 12))
	last := time.Date(n[0], time.Month(month)+1, 0, 0, 0, 0, 0, where).Day()
	d := max(1, min(n[2], last))
	return time.Date(n[0], time.Month(month), d, 0, 0, 0, 0, where), month == n[1] && d == n[2]
}

// until ends a period now at the latest.
func (p Period) until(now time.Time) (Period, error) {
	if !p.From.Before(now) {
		return Period{}, wrongPeriod("That time has not come yet.", "")
	}
	if p.Until.After(now) {
		p.Until = now
	}
	return p, nil
}

// notPeriod says what is wrong, and the nearest right one; "" is the usual one.
type notPeriod struct{ say, nearest string }

func (n *notPeriod) Error() string { return n.say }

func wrongPeriod(say, nearest string) error { return &notPeriod{say, nearest} }

// nearPeriod makes the best of what cannot be read: the first number in it, and the unit that a letter of it stands for.
func nearPeriod(said string) string {
	digits := number.FindString(said)
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 {
		return ""
	}
	unit, most := "d", mostDays
	switch rest := strings.TrimPrefix(said, digits); {
	case strings.HasPrefix(rest, "h"):
		unit, most = "h", mostHours
	case strings.HasPrefix(rest, "w"):
		unit, most = "w", 52
	case strings.HasPrefix(rest, "m"):
		unit, most = "m", 12
	}
	if n > most {
		return ""
	}
	return strconv.Itoa(n) + unit
}
