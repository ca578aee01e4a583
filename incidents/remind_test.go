package incidents

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

// room is an incident with a channel on the sandbox's Slack, and a clock that stands until it is moved.
type room struct {
	t       *testing.T
	server  *slack.Server
	store   *state.SQLite
	desk    *Desk
	number  int
	channel string
	anna    chat.User
	ben     chat.User
	now     time.Time
	request int
}

func newRoom(t *testing.T, severity string, rules Rules) *room {
	t.Helper()
	server, err := slack.Start(slack.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	r := &room{t: t, server: server, now: noon}
	r.anna, r.ben = chat.User{ID: server.AddUser("anna")}, chat.User{ID: server.AddUser("ben")}
	r.channel = server.AddChannel("inc-1", r.anna.ID, r.ben.ID)
	r.store, err = state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.store.Close()) })
	rules.OnCall = []string{r.ben.ID, "S0ONCALL"}
	r.restart(rules)
	i, err := r.desk.Declare(t.Context(), Act{Request: "declare", By: r.anna, At: noon}, Declaration{Title: "Payments fail", Severity: severity})
	require.NoError(t, err)
	r.number = i.Number
	r.decide(r.anna, func(i *Incident, _ Act) error { i.Place.Channel = r.channel; return nil })
	return r
}

// restart makes the desk of another process on the same store.
func (r *room) restart(rules Rules) {
	speaker := bot.NewSlack(bot.SlackOptions{BotToken: r.server.BotToken(), AppToken: r.server.AppToken(), APIURL: r.server.APIURL(), Store: r.store, EditEvery: time.Millisecond})
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = speaker.Run(ctx) })
	r.t.Cleanup(func() { stop(); wg.Wait() })
	r.desk = New(Options{Store: r.store, Slack: speaker, Rules: rules, Now: func() time.Time { return r.now }})
}

// decide changes the incident now.
func (r *room) decide(who chat.User, decide func(*Incident, Act) error) {
	r.t.Helper()
	r.request++
	act := Act{Request: "request " + string(rune('a'+r.request)), By: who, At: r.now}
	_, err := r.desk.Change(r.t.Context(), r.number, act, func(i *Incident) error { return decide(i, act) })
	require.NoError(r.t, err)
}

// at has what is due at a moment after noon brought about, and answers when there will be something to do again.
func (r *room) at(after time.Duration) time.Time {
	r.t.Helper()
	r.now = noon.Add(after)
	return r.converge()
}

func (r *room) converge() time.Time {
	r.t.Helper()
	d := r.desk
	l := lane{name: "voice", effects: []effect{d.said(), d.followed(), d.reminder(), d.unled()}, next: d.remindNext}
	require.NoError(r.t, d.engine.Converge(r.t.Context(), recordID(r.number), d.converging(l)))
	return r.get().Lanes["voice"].Due
}

func (r *room) get() Incident {
	r.t.Helper()
	i, err := r.desk.Get(r.t.Context(), r.number)
	require.NoError(r.t, err)
	return i
}

// shows answers the messages of a channel that contain the text.
func (r *room) shows(channel, text string) []slack.Message {
	var found []slack.Message
	for _, m := range r.server.Messages(channel) {
		if strings.Contains(strings.ReplaceAll(m.Plain(), "*", ""), text) {
			found = append(found, m)
		}
	}
	return found
}

func (r *room) one(text string) slack.Message {
	r.t.Helper()
	found := r.shows(r.channel, text)
	require.Len(r.t, found, 1, "%q", text)
	return found[0]
}

// led has anna command, so that nobody is asked to.
func (r *room) led() *room {
	r.decide(r.anna, func(i *Incident, a Act) error { return i.Take(a, Commander, a.By, "") })
	return r
}

func (r *room) say(who chat.User) {
	r.decide(who, func(i *Incident, a Act) error { return i.Say(r.desk.Rules(), a, "We look on.") })
}

func TestReminderStandsOnceAndSaysWhatBecameOfIt(t *testing.T) {
	r := newRoom(t, "sev2", someRules()).led()
	require.Equal(t, noon.Add(time.Hour), r.at(59*time.Minute))
	require.Empty(t, r.shows(r.channel, "An update is due"))
	require.Zero(t, r.at(time.Hour), "nothing more to do by itself")
	first := r.one("An update is due.")
	require.Contains(t, first.Plain(), "@anna: what is new?")
	require.NotContains(t, first.Plain(), "@ben")
	for _, label := range []string{"Write the update…", "In 15 min", "In 30 min", "In 60 min", "Stop reminding"} {
		require.Contains(t, string(first.Blocks), label)
	}
	r.at(2 * time.Hour)
	r.one("An update is due.")

	due := r.get().Update.Due
	r.decide(r.ben, func(i *Incident, a Act) error { return i.Snooze(a, due, 15*time.Minute) })
	require.Equal(t, noon.Add(2*time.Hour+15*time.Minute), r.converge())
	require.Empty(t, r.shows(r.channel, "An update is due."))
	settled := r.one("An update was due")
	require.Equal(t, first.TS, settled.TS, "the same message")
	require.Contains(t, settled.Plain(), "@ben put the next update off")
	require.NotContains(t, string(settled.Blocks), "incident.snooze")

	r.at(3 * time.Hour)
	second := r.one("An update is due.")
	require.NotEqual(t, first.TS, second.TS)
	r.say(r.anna)
	require.Equal(t, noon.Add(4*time.Hour), r.converge())
	require.Empty(t, r.shows(r.channel, "An update is due."))
	require.Len(t, r.shows(r.channel, "An update was due"), 2)
	require.Len(t, r.shows(r.channel, "@anna wrote the update"), 1)
}

func TestReminderCatchesUpOnceAfterARestart(t *testing.T) {
	r := newRoom(t, "sev1", someRules()).led()
	r.restart(r.desk.Rules())
	r.at(10 * time.Hour)
	r.one("An update is due.")
	r.restart(r.desk.Rules())
	r.at(11 * time.Hour)
	r.one("An update is due.")
}

// TestReminderAfterACrash holds that whatever a process had come to, the reminder stands once.
func TestReminderAfterACrash(t *testing.T) {
	for name, crash := range map[string]func(r *room){
		"after the note": func(r *room) {
			r.decide(r.anna, func(i *Incident, _ Act) error { i.Update.Reminded = i.Update.Due; return nil })
		},
		"after the post": func(r *room) {
			r.decide(r.anna, func(i *Incident, _ Act) error { i.Update.Reminded = i.Update.Due; return nil })
			require.NoError(r.t, r.desk.showReminder(r.t.Context(), r.get()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, "sev2", someRules()).led()
			r.now = noon.Add(time.Hour)
			crash(r)
			r.restart(r.desk.Rules())
			r.converge()
			r.one("An update is due.")
			r.now = noon.Add(61 * time.Minute)
			crash(r)
			r.say(r.ben)
			r.restart(r.desk.Rules())
			r.converge()
			require.Empty(t, r.shows(r.channel, "An update is due."))
			r.one("@ben wrote the update")
		})
	}
}

func TestReminderSleepsAtNight(t *testing.T) {
	r := newRoom(t, "sev2", someRules()).led()
	r.now = noon.Add(9*time.Hour + 30*time.Minute) // 21:30
	r.say(r.anna)
	require.Equal(t, time.Date(2026, 3, 15, 7, 0, 0, 0, time.UTC), r.at(11*time.Hour), "22:30 is asked for at 07:00")
	require.Empty(t, r.shows(r.channel, "An update is due."))
	r.at(19 * time.Hour)
	r.one("An update is due.")

	loud := newRoom(t, "sev1", someRules()).led()
	loud.now = noon.Add(11 * time.Hour)
	loud.say(loud.anna)
	loud.at(11*time.Hour + 30*time.Minute)
	loud.one("An update is due.")
}

func TestReminderIsSilentOnceItIsOver(t *testing.T) {
	r := newRoom(t, "sev2", someRules()).led()
	r.at(time.Hour)
	r.decide(r.ben, func(i *Incident, a Act) error { return i.Advance(r.desk.Rules(), a, Resolved, "") })
	require.Zero(t, r.converge())
	require.Empty(t, r.shows(r.channel, "An update is due."))
	require.Contains(t, r.one("An update was due").Plain(), "@ben set the status to *resolved*")
	r.at(100 * time.Hour)
	require.Empty(t, r.shows(r.channel, "An update is due."))
}

func TestReminderNamesThoseOnCallForWhoIsGone(t *testing.T) {
	r := newRoom(t, "sev2", someRules())
	gone := chat.User{ID: r.server.AddUser("greg", slack.Deactivated())}
	r.decide(gone, func(i *Incident, a Act) error { return i.Take(a, Commander, gone, "") })
	r.at(time.Hour)
	text := r.one("An update is due.").Plain()
	require.Contains(t, text, "@ben")
	require.NotContains(t, text, "greg")
}

func TestSeverityThatIsNotConfiguredAnyMore(t *testing.T) {
	r := newRoom(t, "sev2", someRules())
	rules := r.desk.Rules()
	rules.Severities = []Severity{{Name: "big", UpdateEvery: time.Hour}}
	r.restart(rules)
	r.at(time.Hour)
	r.one("An update is due.")
	r.say(r.ben)
	require.Zero(t, r.converge(), "nothing follows from it any more")
	r.decide(r.ben, func(i *Incident, a Act) error { return i.SetSeverity(rules, a, "big", "sev2 is not used any more") })
	require.Equal(t, noon.Add(2*time.Hour), r.converge())
}

func TestNobodyCommands(t *testing.T) {
	r := newRoom(t, "sev2", someRules())
	require.Equal(t, noon.Add(5*time.Minute), r.at(4*time.Minute))
	require.Empty(t, r.shows(r.channel, "Nobody is commander"))
	r.at(5 * time.Minute)
	r.restart(r.desk.Rules())
	r.at(30 * time.Minute)
	asked := r.one("Nobody is commander")
	require.Contains(t, string(asked.Blocks), `"1 commander"`)
	require.Contains(t, asked.Plain(), "@ben")
	r.led().converge()
	require.Equal(t, asked.TS, r.one("now @anna is").TS)
	r.decide(r.anna, func(i *Incident, a Act) error { return i.Drop(a, Commander) })
	r.at(50 * time.Minute)
	require.Empty(t, r.shows(r.channel, "Nobody is commander"), "it is asked once")

	over := newRoom(t, "sev2", someRules())
	over.at(5 * time.Minute)
	over.decide(over.anna, func(i *Incident, a Act) error { return i.Advance(over.desk.Rules(), a, Resolved, "") })
	over.converge()
	over.one("Nobody was commander; the incident is resolved.")
}

func TestDecisionsAreSaidOnce(t *testing.T) {
	r := newRoom(t, "sev2", someRules())
	told := r.server.AddChannel("incidents", r.anna.ID)
	at, err := r.desk.o.Slack.Post(t.Context(), told, chat.Message{Summary: "Incident #1"})
	require.NoError(t, err)
	r.decide(r.anna, func(i *Incident, _ Act) error { i.Place.Announcement = at; return nil })
	r.led()
	r.decide(r.ben, func(i *Incident, a Act) error { return i.Advance(r.desk.Rules(), a, Identified, "a <full> disk") })
	r.decide(r.ben, func(i *Incident, a Act) error { return i.Tick(a, 0, true) })
	r.say(r.ben)
	r.at(time.Minute)
	r.restart(r.desk.Rules())
	r.decide(r.anna, func(i *Incident, a Act) error { return i.SetSeverity(r.desk.Rules(), a, "sev1", "worse") })
	r.converge()
	for _, text := range []string{"@anna took the role of commander", "from investigating to identified: a <full> disk", "Update by @ben: We look on.", "from sev2 to sev1: worse"} {
		r.one(text)
	}
	require.Contains(t, r.one("Update by @ben").Plain(), "The next update is due")
	require.Empty(t, r.shows(r.channel, "Triage"), "what was ticked is on the card")
	require.Len(t, r.shows(told, "We look on."), 1)
	require.Equal(t, at.TS, r.shows(told, "We look on.")[0].ThreadTS)
	require.Len(t, r.shows(told, "identified"), 1)
	require.Empty(t, r.shows(told, "sev1"))

	r.server.Faults().RemoveScopes("chat:write", "chat:write.public")
	r.say(r.ben)
	r.converge()
	require.Equal(t, 2, r.get().Update.N, "an incident goes on although nothing can be said")
}
