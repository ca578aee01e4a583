package incidents

import (
	"time"
)

// allLanes are all effects, in the order in which they are brought about.
func (d *Desk) allLanes() []lane {
	security := d.tell("security", d.o.Rules.Security, func(s Severity) bool { return s.Security })
	stakeholders := d.tell("stakeholders", d.o.Rules.Stakeholders, func(s Severity) bool { return s.Stakeholders })
	slack := []effect{
		d.record(), d.channel(), d.card(), d.pin(), d.people(), d.welcome(), d.announcement(), security, stakeholders,
		d.changed(), d.links(), d.purpose(), d.topic(), d.bookmarks(),
	}
	// What is said does not wait for the edits of what stands, of which Slack takes one in two seconds.
	voice := []effect{d.said(), d.followed(), d.reminder(), d.unled()}
	voice = append(append(voice, d.tellsFiling()...), d.archives()...)
	never := func(Incident) time.Time { return time.Time{} }
	return []lane{
		{name: "slack", effects: slack, next: never},
		{name: "voice", effects: voice, next: func(i Incident) time.Time { return earliest(d.remindNext(i), d.archiveNext(i)) }},
		{name: "timeline", effects: []effect{d.capture()}, next: never},
		{name: "github", effects: []effect{d.file(), d.actionIssues(), d.readBack(), d.rewrite()}, next: d.githubNext},
	}
}

// earliest is the first of the moments that are not zero.
func earliest(moments ...time.Time) time.Time {
	var first time.Time
	for _, m := range moments {
		if !m.IsZero() && (first.IsZero() || m.Before(first)) {
			first = m
		}
	}
	return first
}
