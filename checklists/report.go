package checklists

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Report is what became of the lists that were opened in a span.
type Report struct {
	From, To time.Time
	// Lists are all of them, oldest first.
	Lists []List
	// Total counts them, ByTemplate those of each template in the order of the rules, then of those that are gone.
	Total      Tally
	ByTemplate []Tally
	// Skipped are the items that were left, the most often first.
	Skipped []Skipped
	// Overridden are the items with an override, the most often first.
	Overridden []Skipped
}

// Tally counts lists by what became of them.
type Tally struct {
	// Name and Title are of the template; both are empty in a total.
	Name, Title string
	// Lists are OnTime + Late + Unfinished + Open; Late were done after they were due.
	Lists, OnTime, Late, Unfinished, Open int
}

// Skipped is an item that was not looked after.
type Skipped struct {
	// Template is its template's title.
	Template, Text string
	// Times is in how many closed lists, Of how many closed lists had the item.
	Times, Of int
}

// Report counts the lists that were opened from one moment until before another.
func (d *Desk) Report(ctx context.Context, from, to time.Time) (Report, error) {
	all, err := d.Since(ctx, from, 0)
	if err != nil {
		return Report{}, err
	}
	slices.Reverse(all)
	all = slices.DeleteFunc(all, func(l List) bool { return !l.Opened.Before(to) })
	return d.o.Rules.report(from, to, all), nil
}

func (r Rules) report(from, to time.Time, all []List) Report {
	report := Report{From: from, To: to, Lists: all}
	for _, t := range r.Templates {
		report.ByTemplate = append(report.ByTemplate, Tally{Name: t.Name, Title: t.Title})
	}
	for _, l := range all {
		n := slices.IndexFunc(report.ByTemplate, func(t Tally) bool { return t.Name == l.Template.Name })
		if n < 0 {
			n = len(report.ByTemplate)
			report.ByTemplate = append(report.ByTemplate, Tally{Name: l.Template.Name, Title: l.Template.Title})
		}
		report.Total.add(l)
		report.ByTemplate[n].add(l)
	}
	report.ByTemplate = slices.DeleteFunc(report.ByTemplate, func(t Tally) bool { return t.Lists == 0 })
	report.Skipped = often(all, func(e Entry) bool { return !e.Settled() })
	report.Overridden = often(all, Entry.Overridden)
	return report
}

func (t *Tally) add(l List) {
	t.Lists++
	switch {
	case l.Status == Open:
		t.Open++
	case l.Status == Unfinished:
		t.Unfinished++
	case l.OnTime():
		t.OnTime++
	default:
		t.Late++
	}
}

// often counts the items of closed lists of which something is true, the most often first.
func often(all []List, is func(Entry) bool) []Skipped {
	var counts []Skipped
	for _, l := range all {
		if l.Status == Open {
			continue
		}
		for _, e := range l.Items {
			n := slices.IndexFunc(counts, func(s Skipped) bool { return s.Template == l.Template.Title && s.Text == e.Text })
			if n < 0 {
				n = len(counts)
				counts = append(counts, Skipped{Template: l.Template.Title, Text: e.Text})
			}
			counts[n].Of++
			if is(e) {
				counts[n].Times++
			}
		}
	}
	counts = slices.DeleteFunc(counts, func(s Skipped) bool { return s.Times == 0 })
	slices.SortStableFunc(counts, func(a, b Skipped) int { return cmp.Compare(b.Times, a.Times) })
	return counts
}
