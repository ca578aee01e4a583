package incidents

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/converge"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/sandbox/slack"
	"github.com/kampyn/opsbot/state"
)

// workspace is a desk that works in a Slack workspace of its own.
type workspace struct {
	*Desk
	t       *testing.T
	server  *slack.Server
	slack   *bot.Slack
	anna    chat.User
	ben     string
	group   string
	reports chan string
}

// newWorkspace has the channels incidents, security and stakeholders, and ben on call through a user group.
func newWorkspace(t *testing.T, prepare func(*workspace, *Rules)) *workspace {
	t.Helper()
	server, err := slack.Start(slack.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	w := &workspace{t: t, server: server, reports: make(chan string, 100)}
	w.anna = chat.User{ID: server.AddUser("anna"), Name: "anna"}
	w.ben = server.AddUser("ben")
	w.group = server.AddUserGroup("oncall", w.ben)
	for _, name := range []string{"incidents", "security", "stakeholders"} {
		server.AddChannel(name, w.anna.ID)
	}
	rules := someRules()
	rules.OnCall, rules.Prefix, rules.DrillPrefix = []string{w.group}, "inc", "drill"
	rules.Announce, rules.Security, rules.Stakeholders, rules.LookBack = "incidents", "security", "stakeholders", time.Hour
	rules.Severities[1].Stakeholders = false
	if prepare != nil {
		prepare(w, &rules)
	}
	store, err := state.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	w.slack = bot.NewSlack(bot.SlackOptions{BotToken: server.BotToken(), AppToken: server.AppToken(), APIURL: server.APIURL(),
		Store: store, EditEvery: time.Millisecond, Report: func(_ context.Context, text string) { w.reports <- text }})
	w.run(w.slack.Run)
	w.Desk = New(Options{Store: store, Events: events.New(store), Slack: w.slack, Rules: rules, Poll: 10 * time.Millisecond})
	return w
}

// run has something run until the test ends.
func (w *workspace) run(f func(context.Context) error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	w.t.Cleanup(func() {
		stop()
		require.NoError(w.t, <-ended)
	})
}

func (w *workspace) act(request string) Act { return Act{Request: request, By: w.anna, At: time.Now()} }

func (w *workspace) declare(what Declaration) Incident {
	w.t.Helper()
	i, err := w.Declare(w.t.Context(), w.act("declare"), what)
	require.NoError(w.t, err)
	return i
}

// settled waits until nothing is left to be brought about.
func (w *workspace) settled(number int) Incident {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.isSettled(number) }, 20*time.Second, 10*time.Millisecond)
	i, err := w.Get(w.t.Context(), number)
	require.NoError(w.t, err)
	return i
}

// said are the bot's messages in a channel, in words.
func (w *workspace) said(channel string) (all []string) {
	for _, m := range w.server.Messages(channel) {
		if m.User == w.server.BotUserID() && m.Subtype == "" && (m.ThreadTS == "" || m.ThreadTS == m.TS) {
			all = append(all, m.Text+" "+string(m.Blocks))
		}
	}
	return all
}

// only is the one message that was said there.
func (w *workspace) only(channel string) string {
	w.t.Helper()
	all := w.said(w.server.Channel(channel))
	require.Len(w.t, all, 1)
	return all[0]
}

func TestADeclaredIncidentHasItsPlace(t *testing.T) {
	w := newWorkspace(t, nil)
	w.server.AddChannel("inc-1-"+time.Now().UTC().Format("20060102")+"-payments-fail", w.anna.ID)
	_, err := w.o.Events.Append(t.Context(), events.Event{What: "run.succeeded", Run: "r-1", On: []string{"database/payments"}, Text: "Restore of `payments` succeeded."})
	require.NoError(t, err)
	_, err = w.o.Events.Append(t.Context(), events.Event{What: "command", Text: "somebody looked"})
	require.NoError(t, err)
	w.run(w.Run)

	i := w.settled(w.declare(Declaration{Title: "Payments fail", Severity: "sev2", Services: []string{"payments"}, Seen: "HTTP <502> & more"}).Number)

	made, err := w.slack.ChannelInfo(t.Context(), i.Place.Channel)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(made.Name, "-payments-fail-2"), made.Name)
	require.Equal(t, i.Place.Name, made.Name)
	require.Contains(t, made.Topic, "SEV2 | investigating | no commander | http")
	require.Contains(t, made.Purpose, "Payments fail")
	members, err := w.slack.Members(t.Context(), i.Place.Channel)
	require.NoError(t, err)
	require.Subset(t, members, []string{w.anna.ID, w.ben})
	marks, err := w.slack.Bookmarks(t.Context(), i.Place.Channel)
	require.NoError(t, err)
	require.Len(t, marks, 2)
	require.Equal(t, i.Place.CardLink, marks[0].Link)
	require.Equal(t, 1, w.calls("pins.add"))

	said := w.said(i.Place.Channel)
	require.Len(t, said, 2, "the card and what changed")
	for _, words := range []string{"Payments fail", "HTTP &lt;502", "incident.acknowledge", "Take command", "Nobody has acknowledged"} {
		require.Contains(t, said[0], words)
	}
	require.Contains(t, said[1], "Restore of `payments` succeeded.")
	require.NotContains(t, said[1], "somebody looked")
	entries, err := w.Timeline(t.Context(), i.Number, 0)
	require.NoError(t, err)
	require.Equal(t, FromRecord, entries[0].Source)
	require.Equal(t, "Restore of `payments` succeeded.", entries[0].Text)
	require.Contains(t, w.only("incidents"), "<#"+i.Place.Channel)
	require.Empty(t, w.said(w.server.Channel("security")))
	require.Contains(t, strings.Join(w.said(w.server.As(w.anna.ID).DM()), ""), "Incident #1 is run in <#"+i.Place.Channel)
	require.Empty(t, w.reports)
}

// leaves takes a person out of a channel.
func (w *workspace) leaves(user, channel string) {
	w.t.Helper()
	answer, err := http.PostForm(w.server.APIURL()+"conversations.kick", url.Values{"token": {w.server.BotToken()}, "channel": {channel}, "user": {user}})
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, answer.Body.Close()) }()
	said, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	require.Contains(w.t, string(said), `"ok":true`)
}

func (w *workspace) calls(method string) (n int) {
	for _, c := range w.server.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

func TestWhatFollowsFromChanges(t *testing.T) {
	extra := ""
	w := newWorkspace(t, func(w *workspace, r *Rules) {
		extra = w.server.AddUser("chitra")
		r.Severities[0].Invite = []string{extra}
	})
	w.run(w.Run)
	i := w.settled(w.declare(Declaration{Title: "Payments fail", Severity: "sev2"}).Number)
	w.leaves(w.ben, i.Place.Channel)

	worse := w.act("worse")
	_, err := w.Change(t.Context(), i.Number, worse, func(i *Incident) error { return i.SetSeverity(w.Rules(), worse, "sev1", "all of them") })
	require.NoError(t, err)
	take := w.act("take")
	_, err = w.Change(t.Context(), i.Number, take, func(i *Incident) error { return i.Take(take, Commander, w.anna, "") })
	require.NoError(t, err)
	i = w.settled(i.Number)

	members, err := w.slack.Members(t.Context(), i.Place.Channel)
	require.NoError(t, err)
	require.Contains(t, members, extra, "the severity's people are called when it rises")
	require.NotContains(t, members, w.ben, "who has left is left alone")
	made, err := w.slack.ChannelInfo(t.Context(), i.Place.Channel)
	require.NoError(t, err)
	require.Contains(t, made.Topic, "SEV1 | investigating | commander: <@"+w.anna.ID+">")
	for _, channel := range []string{"incidents", "security", "stakeholders"} {
		require.Contains(t, w.only(channel), "SEV1", channel)
	}

	over := w.act("over")
	_, err = w.Change(t.Context(), i.Number, over, func(i *Incident) error { return i.Advance(w.Rules(), over, Resolved, "") })
	require.NoError(t, err)
	i = w.settled(i.Number)
	require.Contains(t, w.only("incidents"), "lasted")
	require.Contains(t, w.said(i.Place.Channel)[0], "Findings…")
	require.NotContains(t, w.said(i.Place.Channel)[0], "incident.acknowledge")
}

func TestPrivateIncidentsAreNotSpokenOf(t *testing.T) {
	w := newWorkspace(t, nil)
	w.run(w.Run)
	i := w.settled(w.declare(Declaration{Title: "A key has leaked", Severity: "sev1", Private: true}).Number)
	made, err := w.slack.ChannelInfo(t.Context(), i.Place.Channel)
	require.NoError(t, err)
	require.True(t, made.Private)
	for _, channel := range []string{"incidents", "security", "stakeholders"} {
		require.Empty(t, w.said(w.server.Channel(channel)), channel)
	}

	drill, err := w.Declare(t.Context(), w.act("other"), Declaration{Title: "Disk full", Severity: "sev1", Drill: true})
	require.NoError(t, err)
	drill = w.settled(drill.Number)
	require.True(t, strings.HasPrefix(drill.Place.Name, "drill-2-"), drill.Place.Name)
	for _, channel := range []string{"incidents", "security", "stakeholders"} {
		require.Contains(t, w.only(channel), "DRILL", channel)
	}
	said := w.said(drill.Place.Channel)
	require.Contains(t, said[0], "DRILL")
	require.Contains(t, said[1], "nothing that is on my record")
	require.NotContains(t, strings.Join(said, ""), "leaked")
}

// TestRunWithoutWhatSlackLacks holds that an incident is run, and what is missing is said once.
func TestRunWithoutWhatSlackLacks(t *testing.T) {
	w := newWorkspace(t, nil)
	w.server.Faults().Unknown("pins.*", "bookmarks.*", "conversations.setTopic", "conversations.setPurpose", "usergroups.*", "conversations.invite")
	w.run(w.Run)
	i := w.settled(w.declare(Declaration{Title: "Payments fail", Severity: "sev1"}).Number)
	said := w.said(i.Place.Channel)
	require.Len(t, said, 3)
	require.Contains(t, said[1], "I could not invite <!subteam^"+w.group)
	require.Contains(t, said[1], "<@"+w.anna.ID)
	require.Contains(t, w.only("incidents"), "Payments fail")

	again := w.act("again")
	_, err := w.Change(t.Context(), i.Number, again, func(i *Incident) error { return i.Acknowledge(again) })
	require.NoError(t, err)
	w.settled(i.Number)
	require.Len(t, w.said(i.Place.Channel), 3)
	var reports []string
	for len(w.reports) > 0 {
		reports = append(reports, <-w.reports)
	}
	slices.Sort(reports)
	require.Len(t, slices.Compact(slices.Clone(reports)), len(reports), "each thing is said once: %v", reports)
	require.Len(t, reports, 6, "%v", reports)
}

func TestCardsStayWithinLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("texts as long as can be, and one process")
	}
	w := newWorkspace(t, func(_ *workspace, r *Rules) {
		r.FirstResponse, r.Services = nil, nil
		for range 40 {
			r.FirstResponse = append(r.FirstResponse, strings.Repeat("<&> ", 200))
		}
	})
	w.run(w.Run)
	long := strings.Repeat("<@U123ABC> & <no> ", 400)
	var services []string
	for n := range 100 {
		services = append(services, fmt.Sprintf("service-%d", n))
	}
	i := w.settled(w.declare(Declaration{Title: strings.Repeat("&", mostTitle), Severity: "sev1", Seen: long, Services: services}).Number)
	say := w.act("say")
	_, err := w.Change(t.Context(), i.Number, say, func(i *Incident) error { return i.Say(w.Rules(), say, long[:mostUpdate]) })
	require.NoError(t, err)
	i = w.settled(i.Number)
	require.Contains(t, w.said(i.Place.Channel)[0], "incident.resolve")
	require.Zero(t, w.calls("files.completeUploadExternal"), "nothing of it goes into a file")

	over := w.act("over")
	_, err = w.Change(t.Context(), i.Number, over, func(i *Incident) error {
		i.Findings = Findings{Cause: long, Impact: long, Done: long}
		return i.Advance(w.Rules(), over, Resolved, "")
	})
	require.NoError(t, err)
	i = w.settled(i.Number)
	require.Contains(t, w.said(i.Place.Channel)[0], "incident.reopen")
	require.Zero(t, w.calls("files.completeUploadExternal"))
}

func TestClip(t *testing.T) {
	require.Equal(t, "a &amp; b", clip("a & b", 9))
	require.Equal(t, "a…", clip("a & b", 6))
	require.Equal(t, "see <@U1>", clip("see <@U1>", 15))
	require.Equal(t, "see…", clip("see <@U1> and all", 10), "no mention is cut apart")
	require.Equal(t, "@anna broke #ops for @here", unmarked("<@U1|anna> broke <#C1|ops> for <!here>"))
	require.Equal(t, "a …", cutMrkdwn("a <b|c>", 5))
}

func TestDigest(t *testing.T) {
	one := chat.Message{Parts: []chat.Part{chat.Actions{{Label: "a", Confirm: &chat.Confirm{Text: "b"}}}}}
	text, err := json.Marshal(one)
	require.NoError(t, err)
	require.Contains(t, string(text), `"b"`)
	require.Equal(t, converge.Digest(one), converge.Digest(chat.Message{Parts: []chat.Part{chat.Actions{{Label: "a", Confirm: &chat.Confirm{Text: "b"}}}}}))
}
