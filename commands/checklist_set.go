package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/checklists"
)

// setWords keeps the day on which something was done last, such as when secrets were rotated; today if none is named. Without
// a name it shows all that are kept.
func (p Parts) setWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	if len(r.Words) == 0 {
		return p.keptDays(ctx)
	}
	name := strings.ToLower(r.Words[0])
	if _, _, err := p.Lists.Date(ctx, name); err != nil {
		return bot.Reply{}, err
	}
	day, err := p.readDay(name, r.Words[1:])
	if err != nil {
		return bot.Reply{}, err
	}
	if err := p.mayTick(ctx, r, p.keeping(name), "set that day"); err != nil {
		return bot.Reply{}, err
	}
	if err := p.Lists.SetDate(ctx, listAct(r), name, day); err != nil {
		return bot.Reply{}, err
	}
	return private(fmt.Sprintf("Noted: %s was on %s.", chat.Literal(name), day.Format("2 Jan 2006"))), nil
}

// keeping is the template that has an item for a day of that name.
func (p Parts) keeping(name string) checklists.Template {
	all := p.Lists.Rules().Templates
	n := slices.IndexFunc(all, func(t checklists.Template) bool {
		return slices.ContainsFunc(t.Items, func(i checklists.Item) bool { return i.Keeps == name })
	})
	if n < 0 {
		return checklists.Template{}
	}
	return all[n]
}

// readDay reads "today", "yesterday" and 2026-01-31; nothing is today.
func (p Parts) readDay(name string, words []string) (time.Time, error) {
	now, said := p.listNow(), strings.ToLower(strings.Join(words, " "))
	switch said {
	case "", "today":
		return now, nil
	case "yesterday":
		return now.AddDate(0, 0, -1), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, said, now.Location())
	if err != nil {
		return day, &chat.Problem{Say: chat.Typed(said) + " is no day.",
			Try: fmt.Sprintf("As in `/checklist set %s %s`; nothing means today.", name, now.Format(time.DateOnly))}
	}
	return day, nil
}

// keptDays lists the days that are kept.
func (p Parts) keptDays(ctx context.Context) (bot.Reply, error) {
	names := p.Lists.Dates()
	lines := []string{}
	for _, name := range names {
		mark, known, err := p.Lists.Date(ctx, name)
		if err != nil {
			return bot.Reply{}, err
		}
		line := chat.Literal(name) + " · nobody has said yet"
		if day, err := time.Parse(time.DateOnly, mark.Day); known && err == nil {
			line = fmt.Sprintf("%s · last on %s, says %s", chat.Literal(name), day.Format("2 Jan 2006"), mark.By.Mention())
		}
		lines = append(lines, line)
	}
	if len(names) == 0 {
		return private("No checklist keeps a day."), nil
	}
	lines = append(lines, fmt.Sprintf("`/checklist set %s` sets it to today.", names[0]))
	return private(strings.Join(lines, "\n")), nil
}
