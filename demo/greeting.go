package main

import (
	"fmt"

	"github.com/kampyn/opsbot/demo/stage"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

// greeting is what the page welcomes people with: the order shows the product off in five minutes, and each step is
// checked off by what the bot then says.
func greeting(s *stage.Stage) slacksandbox.Guide {
	source := source(s).Name
	step := func(as, title, line, done, about string) slacksandbox.GuideStep {
		return slacksandbox.GuideStep{As: as, Channel: s.Ops, Title: title, Line: line, Done: done, About: about}
	}
	return slacksandbox.Guide{
		Title: "Welcome",
		Text: fmt.Sprintf("opsbot looks after the databases of a food-ordering backend. They, the object store and this workspace run in the "+
			"demo; the bot is the real one. Click a step: it puts the line into the composer, and you press Enter. It takes about five minutes.%s", mine(s)),
		People: []slacksandbox.GuidePerson{
			{UserID: s.Anna, About: "Operator and approver"},
			{UserID: s.Ben, About: "The same, and admin"},
			{UserID: s.Chitra, About: "No role: looks, and ticks the weekly checklist"},
			{UserID: s.Drew, About: "Of another workspace: refused"},
		},
		Steps: []slacksandbox.GuideStep{
			{As: s.Anna, Title: "See how things stand", Home: true,
				About: "opsbot's Home: what runs, how old each newest backup is, what needs a decision."},
			step(s.Anna, "Back up everything", "/backup now", `✅ Backup of`,
				"One card, edited as it goes. Each backup is read back before it counts."),
			step(s.Anna, "Ask for a restore", "/restore", `(?s)Restore.*\[Approve\]`,
				"Choose *"+source+"* in the form. What comes is a plan; nothing has happened yet."),
			step(s.Anna, "Approve it yourself", "", `somebody else has to approve`,
				"Press *Approve* on your own plan. It is refused: that takes a second person."),
			step(s.Ben, "Approve as the second person", "", `Proven equal`,
				"Now as ben, press *Approve*. The card ends in a certificate: every collection compared, document by document."),
			step(s.Anna, "Make a mistake", "/backup now "+source[1:], `Did you mean`,
				"Wrong words change nothing; the nearest right ones are named."),
			step(s.Chitra, "Try without the right", "/backup now "+source, `operator`,
				"Who has no role is told what is missing."),
			step(s.Chitra, "Declare an incident", "/incident sev2 Payments fail at the counter", `is noted`,
				"Anybody may. It gets a channel of its own with a card that says what to do next. As ben, take command there, and put a 📌 on what matters; "+
					"when it is resolved, its post-mortem is filed on GitHub by itself."),
			step(s.Anna, "Start the daily checklist", "/checklist start daily", `Daily checklist · `,
				"What opsbot can know ticks itself, with what it saw and when. Tick *Logs are reviewed* yourself; what it did not find well you can *Override…* with a reason."),
			step(s.Anna, "Break the API", "/health", `🔴 api is down`,
				"Make it *Answer 503* on <"+s.Backend.URL()+"|its page>. Ten seconds later there is one alert; acknowledge it, declare an incident from it, and make the API well again: it is the same message all along."),
			step(s.Ben, "Read who did what", "/audit", `and was refused`,
				"Every act is in the log, also the refused ones. The raw traffic behind it all is at the top right: ⇄."),
		},
	}
}

// mine says so when the databases are one's own.
func mine(s *stage.Stage) string {
	if s.Databases[0].Server != nil {
		return ""
	}
	return " *The database is your own: restores go beside it, into new databases.*"
}

// source is the database that is shown and restored: orders, or the only one there is.
func source(s *stage.Stage) stage.Database {
	for _, d := range s.Databases {
		if d.Name == "orders" {
			return d
		}
	}
	return s.Databases[0]
}
