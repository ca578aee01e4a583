package incidents

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/objects"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// captures is a room whose desk keeps files, with what happens on its timeline.
type captures struct {
	*room
	kept objects.Store
}

func newCaptures(t *testing.T) captures {
	t.Helper()
	c := captures{room: newRoom(t, "sev2", someRules())}
	folder, err := objects.NewFolder(t.TempDir())
	require.NoError(t, err)
	c.kept, c.desk.o.Objects = folder, folder
	return c
}

// follow has the messages that wait looked at, and answers the timeline without what was decided.
func (c captures) follow() []Entry {
	c.t.Helper()
	l := lane{name: "timeline", effects: []effect{c.desk.capture()}, next: func(Incident) time.Time { return time.Time{} }}
	require.NoError(c.t, c.desk.engine.Converge(c.t.Context(), recordID(c.number), c.desk.converging(l)))
	require.Empty(c.t, c.get().Looks)
	return c.list()
}

func (c captures) list() []Entry {
	c.t.Helper()
	all, err := c.desk.Timeline(c.t.Context(), c.number, 0)
	require.NoError(c.t, err)
	return all
}

func (c captures) say(who chat.User, text string) chat.Ref {
	c.t.Helper()
	ts, err := c.server.As(who.ID).Say(c.channel, text)
	require.NoError(c.t, err)
	return chat.Ref{Channel: c.channel, TS: ts}
}

// pin puts the pushpin on and has it noticed.
func (c captures) pin(who chat.User, at chat.Ref) {
	c.t.Helper()
	require.NoError(c.t, c.server.As(who.ID).React(at.Channel, at.TS, Pushpin))
	require.NoError(c.t, c.desk.Look(c.t.Context(), at, true))
}

func (c captures) unpin(who chat.User, at chat.Ref) {
	c.t.Helper()
	require.NoError(c.t, c.server.As(who.ID).Unreact(at.Channel, at.TS, Pushpin))
	require.NoError(c.t, c.desk.Look(c.t.Context(), at, true))
}

// receipted says whether the bot has marked the message.
func (c captures) receipted(at chat.Ref) bool {
	all := c.server.Messages(at.Channel)
	n := slices.IndexFunc(all, func(m slack.Message) bool { return m.TS == at.TS })
	return slices.ContainsFunc(all[n].Reactions, func(r slack.Reaction) bool { return r.Name == receipt })
}

func TestAPinnedMessageIsOnTheTimeline(t *testing.T) {
	c := newCaptures(t)
	second := c.say(c.ben, "it is the queue, <!channel> look")
	first, err := c.server.As(c.anna.ID).SayInThread(c.channel, second.TS, "in a thread")
	require.NoError(t, err)
	c.pin(c.anna, chat.Ref{Channel: c.channel, TS: first})
	c.pin(c.anna, second)
	c.pin(c.ben, second)
	all := c.follow()
	require.Len(t, all, 2)
	require.Equal(t, "it is the queue, @channel look", all[0].Text, "by when it was said, and calling nobody together")
	require.Equal(t, c.ben.ID, all[0].By.ID)
	require.Contains(t, all[0].Link, "/archives/"+c.channel)
	require.Equal(t, bot.When(second.TS), all[0].At)
	require.Equal(t, "in a thread", all[1].Text)
	require.True(t, c.receipted(second))

	c.unpin(c.anna, second)
	require.Len(t, c.follow(), 2, "ben has it pinned still")
	c.unpin(c.ben, second)
	require.Len(t, c.follow(), 1)
	require.False(t, c.receipted(second))
	c.pin(c.ben, second)
	require.Len(t, c.follow(), 2, "and again")
}

func TestEditsAndDeletionsAreFollowed(t *testing.T) {
	c := newCaptures(t)
	at := c.say(c.ben, "it is the qeue")
	c.pin(c.anna, at)
	require.False(t, c.follow()[0].Edited)
	require.NoError(t, c.server.As(c.ben.ID).Edit(c.channel, at.TS, "it is the queue"))
	require.NoError(t, c.desk.Look(t.Context(), at, false))
	all := c.follow()
	require.Equal(t, "it is the queue", all[0].Text)
	require.True(t, all[0].Edited)
	before := c.get().Timeline
	require.NoError(t, c.server.As(c.ben.ID).Delete(c.channel, at.TS))
	require.NoError(t, c.desk.Look(t.Context(), at, false))
	require.Empty(t, c.follow())
	require.Greater(t, c.get().Timeline, before, "what shows it is told")
}

func TestWhatWasMissedIsReadAnew(t *testing.T) {
	c := newCaptures(t)
	gone, edited, thread := c.say(c.ben, "gone"), c.say(c.ben, "edited"), c.say(c.ben, "thread")
	reply, err := c.server.As(c.ben.ID).SayInThread(c.channel, thread.TS, "in the thread")
	require.NoError(t, err)
	for _, at := range []chat.Ref{gone, edited, {Channel: c.channel, TS: reply}} {
		c.pin(c.anna, at)
	}
	require.Len(t, c.follow(), 3)
	// All of this happens while nobody listens.
	missed := c.say(c.anna, "missed")
	ben := c.server.As(c.ben.ID)
	require.NoError(t, ben.React(c.channel, missed.TS, Pushpin))
	require.NoError(t, ben.Delete(c.channel, gone.TS))
	require.NoError(t, ben.Edit(c.channel, edited.TS, "edited now"))
	require.NoError(t, ben.Edit(c.channel, reply, "in the thread, too"))
	before := c.get().Timeline
	all, err := c.desk.Fresh(t.Context(), c.number)
	require.NoError(t, err)
	require.Equal(t, []string{"edited now", "in the thread, too", "missed"}, texts(all))
	require.Greater(t, c.get().Timeline, before)
	before = c.get().Timeline
	_, err = c.desk.Fresh(t.Context(), c.number)
	require.NoError(t, err)
	require.Equal(t, before, c.get().Timeline, "nothing is new")

	c.server.Faults().RemoveScopes("channels:history")
	all, err = c.desk.Fresh(t.Context(), c.number)
	require.NoError(t, err)
	require.Len(t, all, 3, "as it was, when nothing can be read")
}

func texts(all []Entry) []string {
	var texts []string
	for _, e := range all {
		texts = append(texts, e.Text)
	}
	return texts
}

func TestOnlyMessagesOfIncidentsMatter(t *testing.T) {
	c := newCaptures(t)
	far := c.server.AddChannel("lounge", c.anna.ID)
	ts, err := c.server.As(c.anna.ID).Say(far, "nothing")
	require.NoError(t, err)
	at := chat.Ref{Channel: far, TS: ts}
	rev := c.get().Rev
	c.pin(c.anna, at)
	require.NoError(t, c.desk.Look(t.Context(), at, false))
	require.NoError(t, c.desk.Look(t.Context(), c.say(c.anna, "not pinned"), false))
	require.Equal(t, rev, c.get().Rev)
	require.Empty(t, c.follow())
}

func TestFilesOfMessagesAreKept(t *testing.T) {
	c := newCaptures(t)
	ts, err := c.server.As(c.ben.ID).Share(c.channel, "", "the graph", "the graph é.png", []byte("a picture"))
	require.NoError(t, err)
	at := chat.Ref{Channel: c.channel, TS: ts}
	c.pin(c.anna, at)
	file := c.follow()[0].Files[0]
	require.Empty(t, file.Fault)
	require.True(t, strings.HasPrefix(file.Object, "incidents/1/"+file.From.ID+"-the-graph-"), file.Object)
	require.Equal(t, "a picture", c.read(file.Object))
	listed, err := c.kept.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, listed, 1)
	// As after a crash between the copy and its note.
	_, err = c.desk.entries.Change(t.Context(), entryID(1, messageID(at)), func(e *Entry) error { e.Files[0].Object = ""; return nil })
	require.NoError(t, err)
	require.NoError(t, c.desk.Look(t.Context(), at, true))
	require.Equal(t, file.Object, c.follow()[0].Files[0].Object)

	c.unpin(c.anna, at)
	require.Empty(t, c.follow())
	listed, err = c.kept.List(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, listed, "what was taken back is not kept")
	c.pin(c.anna, at)
	require.Equal(t, "a picture", c.read(c.follow()[0].Files[0].Object))
}

func (c captures) read(key string) string {
	c.t.Helper()
	r, err := c.kept.Open(c.t.Context(), key, 0)
	require.NoError(c.t, err)
	defer r.Close()
	content, err := io.ReadAll(r)
	require.NoError(c.t, err)
	return string(content)
}

func TestAFileThatCannotBeKeptSaysSo(t *testing.T) {
	c := newCaptures(t)
	share := func(size int) chat.Ref {
		ts, err := c.server.As(c.ben.ID).Share(c.channel, "", "", "dump.bin", make([]byte, size))
		require.NoError(t, err)
		return chat.Ref{Channel: c.channel, TS: ts}
	}
	c.pin(c.anna, share(mostFile+1))
	require.Equal(t, "it is larger than 20.0 MB", c.follow()[0].Files[0].Fault)
	c.server.Faults().RemoveScopes("files:read")
	c.pin(c.anna, share(3))
	require.Equal(t, "opsbot may not read files in Slack", c.follow()[1].Files[0].Fault)
	c.desk.o.Objects = nil
	c.pin(c.anna, share(3))
	require.Equal(t, "there is no object store", c.follow()[2].Files[0].Fault)

	many := make([]bot.File, mostFiles+1)
	for n := range many {
		many[n].ID = string(rune('A' + n))
	}
	kept := followFiles(nil, many)
	require.Empty(t, kept[mostFiles-1].Fault)
	require.Contains(t, kept[mostFiles].Fault, "only the first 10")
}

func TestWithoutTheRightToReadItIsSaidAndLeft(t *testing.T) {
	c := newCaptures(t)
	at := c.say(c.ben, "it is the queue")
	c.server.Faults().RemoveScopes("channels:history")
	c.pin(c.anna, at)
	require.Empty(t, c.follow())
}

func TestAPostMortemHoldsWhatWasPinnedWhileNobodyListened(t *testing.T) {
	c := newCaptures(t)
	missed := c.say(c.anna, "it is the cache")
	require.NoError(t, c.server.As(c.ben.ID).React(c.channel, missed.TS, Pushpin))
	c.decide(c.anna, func(i *Incident, _ Act) error { i.PostMortem.Wanted = true; return nil })
	l := lane{name: "github", effects: []effect{c.desk.file()}, next: func(Incident) time.Time { return time.Time{} }}
	require.NoError(t, c.desk.engine.Converge(t.Context(), recordID(c.number), c.desk.converging(l)))
	require.Contains(t, c.read(c.get().PostMortem.File), "**anna**: it is the cache")
}
