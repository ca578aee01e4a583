package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/sandbox/slack"
)

func TestChannelName(t *testing.T) {
	for parts, want := range map[string]string{
		"inc|12|Payments: cards FAIL!": "inc-12-payments-cards-fail",
		"inc|3|Größe übel":             "inc-3-grosse-ubel",
		"__|--":                        "",
		"inc|4|":                       "inc-4",
		"日本|7":                         "7",
	} {
		require.Equal(t, want, bot.ChannelName(strings.Split(parts, "|")...), parts)
	}
	long := bot.ChannelName("inc-1", strings.Repeat("x", 200))
	require.Len(t, long, 77)
	require.Equal(t, long, bot.ChannelName(long))
}

func TestCreateChannel(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	theirs := s.server.AddChannel("inc-1", s.alice.ID())

	made, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-1"})
	require.NoError(t, err)
	require.Equal(t, "inc-1-2", made.Name, "a channel of somebody else is not adopted")
	require.NotEqual(t, theirs, made.ID)
	require.True(t, made.Member)
	require.Equal(t, s.server.BotUserID(), made.Creator)

	secret, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-2", Private: true})
	require.NoError(t, err)
	require.True(t, secret.Private)
	seen, err := speaker.ChannelInfo(t.Context(), secret.ID)
	require.NoError(t, err)
	require.Equal(t, secret, seen)

	for n := 2; n < 10; n++ {
		_, err = speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-1"})
		if n < 9 {
			require.NoError(t, err)
		}
	}
	require.Equal(t, "name_taken", bot.Code(err))
	_, err = speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "No Name"})
	require.Equal(t, "invalid_name_specials", bot.Code(err))
	require.False(t, bot.Unavailable(err))
}

// TestCreateChannelMakesOne holds that one channel is made although the answer, or the process after it, was lost.
func TestCreateChannelMakesOne(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	s.server.Faults().LoseAnswers("conversations.create", 2)
	lost, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-1"})
	require.NoError(t, err)
	require.Equal(t, "inc-1", lost.Name)
	require.Equal(t, lost.ID, s.server.Channel("inc-1"))
	require.Empty(t, s.server.Channel("inc-1-2"))

	s.server.AddChannel("inc-2", s.alice.ID())
	before := time.Now()
	first, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-2"})
	require.NoError(t, err)
	again, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-2", Since: before})
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, "inc-2-2", again.Name)

	other, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-2", Since: before,
		Known: func(id string) bool { return id == first.ID }})
	require.NoError(t, err)
	require.Equal(t, "inc-2-3", other.Name, "a channel of another incident is not taken")
	_, found, err := speaker.OwnChannel(t.Context(), bot.NewChannel{Name: "inc-2", Since: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.False(t, found, "one that was made long before is not taken")
	_, found, err = speaker.OwnChannel(t.Context(), bot.NewChannel{Name: "inc", Since: before})
	require.NoError(t, err)
	require.False(t, found)

	// Without the scope for private channels public ones are found all the same.
	s.server.Faults().RemoveScopes("groups:read")
	_, found, err = speaker.OwnChannel(t.Context(), bot.NewChannel{Name: "inc-2", Since: before})
	require.NoError(t, err)
	require.True(t, found)
}

func TestInvite(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	made, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-1"})
	require.NoError(t, err)

	left, err := speaker.Invite(t.Context(), made.ID, []string{s.alice.ID(), s.bob.ID(), s.server.BotUserID(), s.alice.ID(), ""})
	require.NoError(t, err)
	require.Empty(t, left)
	require.Len(t, s.calls("conversations.invite"), 1, "one call for all")

	guest, gone := s.server.AddUser("guest", slack.Guest()), s.server.AddUser("gone", slack.Deactivated())
	left, err = speaker.Invite(t.Context(), made.ID, []string{s.bob.ID(), guest, s.carol.ID(), gone, "U00NOBODY"})
	require.NoError(t, err)
	require.Equal(t, []bot.NotInvited{{User: guest, Code: "ura_max_channels"}, {User: gone, Code: "cant_invite"}, {User: "U00NOBODY", Code: "user_not_found"}}, left)
	require.Equal(t, "<@U00NOBODY> (unknown here)", left[2].String())
	members, err := speaker.Members(t.Context(), made.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{s.server.BotUserID(), s.alice.ID(), s.bob.ID(), s.carol.ID()}, members)

	// The answer to the call was lost: who is in the channel then is fine.
	s.server.Faults().LoseAnswers("conversations.invite", 1)
	left, err = speaker.Invite(t.Context(), made.ID, []string{s.dave.ID()})
	require.NoError(t, err)
	require.Empty(t, left)

	before := len(s.server.Calls())
	s.server.Faults().MissingScope("conversations.invite")
	_, err = speaker.Invite(t.Context(), made.ID, []string{s.alice.ID(), gone})
	require.True(t, bot.Unavailable(err))
	require.Len(t, s.server.Calls(), before+1, "nobody is tried one by one without the scope")
}

func TestTopicAndPurpose(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	long := "sev2 & <rising> " + strings.Repeat("x", 300)
	for range 2 {
		s.server.Faults().LoseAnswers("conversations.setTopic", 1)
		require.NoError(t, speaker.SetTopic(t.Context(), s.ops, long))
		require.NoError(t, speaker.SetPurpose(t.Context(), s.ops, "to mend it"))
	}
	c, err := speaker.ChannelInfo(t.Context(), s.ops)
	require.NoError(t, err)
	require.Equal(t, 250, len([]rune(c.Topic)))
	require.True(t, strings.HasPrefix(c.Topic, "sev2 & <rising> x"))
	require.Equal(t, "to mend it", c.Purpose)
	require.Equal(t, 1, s.count(s.ops, "set the channel topic"), "Slack says each one in the channel")

	s.server.Faults().Reset()
	s.server.Faults().Unknown("conversations.setTopic")
	require.True(t, bot.Unavailable(speaker.SetTopic(t.Context(), s.ops, "another")))
	require.True(t, bot.Unavailable(explained(speaker.SetTopic(t.Context(), s.ops, "another"))))
}

// explained wraps an error as callers do.
func explained(err error) error { return &chat.Problem{Say: "It did not work.", Err: err} }

func TestRenameAndArchive(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	made, err := speaker.CreateChannel(t.Context(), bot.NewChannel{Name: "inc-1"})
	require.NoError(t, err)
	_, err = speaker.Post(t.Context(), "inc-1", chat.Message{Summary: "hello"})
	require.NoError(t, err)

	s.server.Faults().LoseAnswers("conversations.rename", 1)
	require.NoError(t, speaker.Rename(t.Context(), made.ID, "inc-1-done"))
	require.Equal(t, "name_taken", bot.Code(speaker.Rename(t.Context(), made.ID, "ops")))
	require.Equal(t, "not_authorized", bot.Code(speaker.Rename(t.Context(), s.ops, "ops-2")))
	_, err = speaker.Post(t.Context(), "inc-1", chat.Message{Summary: "hello"})
	requireProblem(t, err, "can't see a channel named `inc-1`")

	s.server.Faults().LoseAnswers("conversations.archive", 1)
	for range 2 {
		require.NoError(t, speaker.Archive(t.Context(), made.ID))
	}
	c, err := speaker.ChannelInfo(t.Context(), made.ID)
	require.NoError(t, err)
	require.True(t, c.Archived)
	require.Equal(t, "inc-1-done", c.Name)
	require.Equal(t, "is_archived", bot.Code(speaker.SetTopic(t.Context(), made.ID, "late")))
	_, err = speaker.Invite(t.Context(), made.ID, []string{s.alice.ID()})
	require.Equal(t, "is_archived", bot.Code(err))
	_, err = speaker.ChannelInfo(t.Context(), "C0NOWHERE")
	require.Equal(t, "channel_not_found", bot.Code(err))
}
