package main

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/demo/stage"
	"github.com/kampyn/opsbot/events"
	"github.com/kampyn/opsbot/incidents"
	"github.com/kampyn/opsbot/state"
)

// story is an incident from the first word to its end, told while the bot may be killed.
type story struct {
	*theater
	wire  *wire
	store *state.SQLite
	desk  *incidents.Desk
	ops   string // the channel, not where people speak now
	kills int
}

func openStory(t *testing.T) *story {
	s := &story{theater: openStage(t, stage.Options{Scale: 0.01, Folder: true})}
	s.wire, s.ops = openWire(t, s.theater), s.Ops
	s.wire.channel = s.place
	var err error
	s.store, err = state.OpenSQLite(t.Context(), filepath.Join(filepath.Dir(s.ConfigFile()), "opsbot.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	s.desk = incidents.New(incidents.Options{Store: s.store})
	return s
}

// place is what a channel is in the story.
func (s *story) place(id string) string {
	known := map[string]string{s.ops: "ops", s.Incidents: "incidents", s.Security: "security", s.Business: "business"}
	switch {
	case known[id] != "":
		return "#" + known[id]
	case strings.HasPrefix(id, "D"):
		return "a direct message"
	case strings.HasPrefix(id, "U"):
		return "a person"
	}
	return "the incident's channel"
}

// does has people do something and waits until all that follows is there, however often the bot dies on the way.
func (s *story) does(step string, do func() error) {
	s.Logf("── %s", step)
	s.wire.begins(step)
	require.NoError(s, do(), step)
	s.settles()
}

// settles buries and starts the bot until it rests.
func (s *story) settles() {
	deadline := time.After(2 * time.Minute)
	rested := 0
	for rested < 3 { // what one work leaves to another is in neither for a moment
		select {
		case where := <-s.wire.caught:
			s.dies(where)
			rested = 0
		case <-deadline:
			i, err := s.desk.Get(s.Context(), 1)
			s.Fatalf("it does not come to rest: %+v, %v, calls on their way: %v", i.Lanes, err, !s.wire.idle())
		case <-time.After(pause):
			rested++
			if !s.rests() {
				rested = 0
			}
		}
	}
}

// dies kills the process that was caught and starts the next, which may be caught before it is connected.
func (s *story) dies(where string) {
	s.Logf("   killed at %s", where)
	for {
		s.kills++
		s.kill()
		s.wire.buried()
		connected := s.launch()
		select {
		case <-connected:
			return
		case where = <-s.wire.caught:
			s.Logf("   killed as it starts, at %s", where)
		case <-time.After(30 * time.Second):
			s.Fatal("the bot did not connect")
		}
	}
}

// rests says that no call is on its way, nothing that people did waits, and no lane of the incident is due.
func (s *story) rests() bool {
	waiting, err := s.store.Query(s.Context(), state.Query{Kind: "envelope", OrderBy: "at", Limit: 1,
		Where: []state.Condition{{Field: "status", Op: state.Equal, Value: "stored"}}})
	require.NoError(s, err)
	if len(waiting) > 0 || !s.wire.idle() {
		return false
	}
	i, err := s.desk.Get(s.Context(), 1)
	if err != nil {
		return false
	}
	return s.followed(i)
}

// followed says that no lane of the incident is due.
func (s *story) followed(i incidents.Incident) bool {
	for _, lane := range i.Lanes {
		if !lane.Due.IsZero() && lane.Due.Before(time.Now().Add(2*time.Minute)) {
			return false
		}
	}
	return true
}

// pause is between two looks at what is there.
const pause = 30 * time.Millisecond

// tell tells the whole story.
func (s *story) tell() {
	s.start()
	s.does("declare", func() error { return s.Says(s.Anna, "/incident sev3 Payments fail") })
	require.NoError(s, s.GoesTo("inc-1-"))
	s.does("take a role", func() error { return s.Says(s.Ben, "/incident role commander") })
	s.does("update", func() error { return s.Says(s.Ben, "/incident update The card processor refuses us") })
	s.does("raise the severity", func() error { return s.Says(s.Ben, "/incident severity sev1 nobody can pay") })
	s.does("note", func() error { return s.Says(s.Anna, "/incident note their status page is green") })
	s.does("say something", func() error { return s.Says(s.Anna, "The certificate ran out at noon") })
	s.does("pin it", func() error { return s.Marks(s.Ben, "reacts", "^The certificate ran out", "pushpin") })
	s.opens("ask for the findings", "/incident resolve", "cause")
	s.does("resolve", func() error {
		if err := s.Fills(s.Ben, map[string]any{"cause": "A certificate ran out", "impact": "No payments for an hour", "done": "We renewed it"}); err != nil {
			return err
		}
		return s.Submits(s.Ben)
	})
	s.does("file the post-mortem", func() error { return s.Says(s.Ben, "/incident postmortem") })
	s.does("add an action", func() error { return s.Says(s.Ben, "/incident action @anna by friday Renew certificates by machine") })
	s.does("close", func() error { return s.Says(s.Ben, "/incident close") })
}

// opens asks for a form, again if the process died before it was shown, as people do.
func (s *story) opens(step, line, input string) {
	for range 4 {
		s.does(step, func() error { return s.Says(s.Ben, line) })
		if v, open := s.Slack.As(s.Ben).View(); open && strings.Contains(string(v.Blocks), `"`+input+`"`) {
			return
		}
	}
	s.Fatalf("%s: no form is shown", step)
}

// standing is what is there in the end, without what differs from one telling to the next.
type ending struct {
	Channels  []string
	Said      map[string][]string
	Pins      int
	Topic     string
	Purpose   string
	Bookmarks []string
	Members   []string
	Issues    []string
	Timeline  []string
	Events    []string
}

func (s *story) ending() ending {
	e := ending{Said: map[string][]string{}}
	var listed struct {
		Channels []struct{ ID, Name string }
	}
	s.ask("conversations.list", url.Values{"types": {"public_channel,private_channel"}, "limit": {"200"}}, &listed)
	for _, c := range listed.Channels {
		e.Channels = append(e.Channels, plain(c.Name))
	}
	slices.Sort(e.Channels)
	for name, id := range map[string]string{
		"incident": s.Ops, "ops": s.ops, "incidents": s.Incidents, "security": s.Security, "business": s.Business,
		"anna": s.Slack.As(s.Anna).DM(), "ben": s.Slack.As(s.Ben).DM(),
	} {
		e.Said[name] = []string{}
		for _, m := range s.Slack.Messages(id) {
			// By how many steps the topic came to be what it is depends on the time.
			if !m.Ephemeral && !m.Deleted && m.Subtype != "channel_topic" && m.Subtype != "channel_purpose" {
				e.Said[name] = append(e.Said[name], plain(m.Plain()))
			}
		}
		slices.Sort(e.Said[name])
	}
	var past struct {
		Pins int `json:"pin_count"`
	}
	s.ask("conversations.history", url.Values{"channel": {s.Ops}}, &past)
	e.Pins = past.Pins
	var info struct {
		Channel struct{ Topic, Purpose struct{ Value string } }
	}
	s.ask("conversations.info", url.Values{"channel": {s.Ops}}, &info)
	e.Topic, e.Purpose = plain(info.Channel.Topic.Value), plain(info.Channel.Purpose.Value)
	var marks struct {
		Bookmarks []struct{ Title, Link string }
	}
	s.ask("bookmarks.list", url.Values{"channel_id": {s.Ops}}, &marks)
	for _, b := range marks.Bookmarks {
		e.Bookmarks = append(e.Bookmarks, plain(b.Title+" "+b.Link))
	}
	var members struct{ Members []string }
	s.ask("conversations.members", url.Values{"channel": {s.Ops}}, &members)
	e.Members = members.Members
	slices.Sort(e.Members)
	for _, i := range s.GitHub.Issues(stage.Repository) {
		text := fmt.Sprintf("%s\n%s\n%v %v %s", i.Title, i.Body, i.Labels, i.Assignees, i.State)
		for _, c := range i.Comments {
			text += "\n" + c.Body
		}
		e.Issues = append(e.Issues, plain(text))
	}
	return s.records(e)
}

// records adds what the bot remembers.
func (s *story) records(e ending) ending {
	log := events.New(s.store)
	report, err := log.Verify(s.Context())
	require.NoError(s, err)
	require.True(s, report.OK(), report.Fault)
	entries, err := s.desk.Timeline(s.Context(), 1, 0)
	require.NoError(s, err)
	for _, t := range entries {
		e.Timeline = append(e.Timeline, plain(fmt.Sprintf("%s %s: %s", t.Source, t.By.ID, t.Text)))
	}
	all, err := log.Query(s.Context(), events.Filter{})
	require.NoError(s, err)
	for _, one := range all {
		if strings.HasPrefix(one.What, "incident.") {
			e.Events = append(e.Events, plain(one.What+" "+one.Text))
		}
	}
	slices.Sort(e.Events)
	return e
}

// ask calls Slack as the bot would, past the wire.
func (s *story) ask(method string, params url.Values, into any) {
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.Slack.APIURL()+method, strings.NewReader(params.Encode()))
	require.NoError(s, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+s.Slack.BotToken())
	answer, err := http.DefaultClient.Do(r)
	require.NoError(s, err)
	defer func() { require.NoError(s, answer.Body.Close()) }()
	require.Equal(s, http.StatusOK, answer.StatusCode)
	text, err := io.ReadAll(answer.Body)
	require.NoError(s, err)
	require.Contains(s, string(text), `"ok":true`, method)
	require.NoError(s, json.Unmarshal(text, into))
}

// answers are for one person, who asks again if the bot gives up a request that it died of twice.
var answers = regexp.MustCompile(`: (chat\.postEphemeral|views\.)|an answer`)

var telling = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "http://host"},
	{regexp.MustCompile(`\bp\d{16}\b`), "p…"},
	{regexp.MustCompile(`\b\d{10}(\.\d{6})?\b`), "TS"},
	{regexp.MustCompile(`\b20\d{6}\b|\b20\d\d-\d\d-\d\d\b`), "DATE"},
	{regexp.MustCompile(`\b\d{1,2}:\d\d(:\d\d)?( ?[AP]M)?\b`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)? (ms|s|min|h)\b( \d+ (s|min)\b)?`), "SPAN"},
	{regexp.MustCompile(`\b[0-9a-f]{12,}\b`), "DIGEST"},
	{regexp.MustCompile(`\b[CD]0[0-9A-Z]{8,}\b`), "CHANNEL"},
}

// plain takes out of a text what differs from one telling to the next.
func plain(text string) string {
	for _, t := range telling {
		text = t.pattern.ReplaceAllString(text, t.instead)
	}
	return text
}

// TestKilledDuringIncident tells an incident undisturbed, and then with the bot killed around every single call that it has
// made to Slack and GitHub in the first telling: in one telling around half of them, and in another, beside it, around
// the others. All end the same.
func TestKilledDuringIncident(t *testing.T) {
	t.Parallel() // it waits more than it works
	var want ending
	var calls []string
	require.True(t, t.Run("undisturbed", func(t *testing.T) {
		s := openStory(t)
		s.tell()
		want, calls = s.ending(), s.wire.names()
		require.NotEmpty(t, calls)
		require.Contains(t, want.Channels, "inc-1-DATE-payments-fail")
		require.Equal(t, 1, want.Pins)
		require.Len(t, want.Issues, 3, "one was there before")
		timeline := strings.Join(want.Timeline, "\n")
		require.Equal(t, 1, strings.Count(timeline, "The certificate ran out"))
		require.Equal(t, 1, strings.Count(timeline, "their status page is green"))
		require.Len(t, want.Bookmarks, 3)
		require.Contains(t, want.Topic, "SEV1 | closed | commander: ")
		for _, place := range []string{"incidents", "security", "business"} {
			require.Len(t, slices.DeleteFunc(slices.Clone(want.Said[place]), func(text string) bool { return !strings.Contains(text, "SEV1 · #1") }), 1, place)
		}
	}))
	for half := range uint32(2) {
		t.Run(fmt.Sprintf("killed at each call of half %d", half+1), func(t *testing.T) {
			t.Parallel()
			s := openStory(t)
			s.wire.armed = func(name string) bool { return crc32.ChecksumIEEE([]byte(name))%2 == half }
			s.tell()
			require.Equal(t, want, s.ending())
			armed := 0
			for _, name := range calls {
				if s.wire.armed(name) {
					armed++
					s.wasKilledAround(name)
				}
			}
			require.Greater(t, s.kills, armed)
			t.Logf("killed %d times, around %d calls", s.kills, armed)
		})
	}
}

func (s *story) wasKilledAround(name string) {
	_, method, _ := strings.Cut(name, ": ")
	if answers.MatchString(name) || reads.MatchString(method) { // what was read once may be known to the next process
		return
	}
	k := s.wire.calls[name]
	if k == nil {
		s.Errorf("the bot did not make the call %s", name)
		return
	}
	require.True(s, k.before && k.after, "it was not killed before and after %s", name)
}
