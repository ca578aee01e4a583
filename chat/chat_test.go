package chat_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kampyn/opsbot/chat"
	"github.com/stretchr/testify/require"
)

func TestMention(t *testing.T) {
	for _, c := range []struct {
		user chat.User
		want string
	}{
		{chat.User{ID: "U024BE7LH", Name: "asha"}, "<@U024BE7LH>"},
		{chat.User{ID: "W012A3CDE"}, "<@W012A3CDE>"},
		{chat.User{Name: "the schedule"}, "the schedule"},
		{chat.User{ID: "cli", Name: "ravi <ops>"}, "ravi &lt;ops&gt;"},
		{chat.User{ID: "cli:ravi"}, "cli:ravi"},
		{chat.User{ID: "Ursula"}, "Ursula"},
		{chat.User{ID: "U1><!channel"}, "U1&gt;&lt;!channel"},
		{chat.User{}, ""},
	} {
		require.Equal(t, c.want, c.user.Mention())
	}
}

func TestProblemHasTwoReaders(t *testing.T) {
	cause := errors.New("connection refused")
	p := &chat.Problem{Say: "I can't reach orders.", Try: "Is it up?", Err: fmt.Errorf("dial: %w", cause)}
	require.EqualError(t, p, "I can't reach orders: dial: connection refused")
	require.ErrorIs(t, p, cause)

	wrapped := fmt.Errorf("back up orders: %w", p)
	found, ok := errors.AsType[*chat.Problem](wrapped)
	require.True(t, ok)
	require.Same(t, p, found)

	require.EqualError(t, &chat.Problem{Say: "No such run.", Try: "See the list."}, "No such run. See the list.")
	require.EqualError(t, &chat.Problem{Say: "No such run."}, "No such run.")
	require.NoError(t, (&chat.Problem{Say: "No such run."}).Unwrap())
}

func TestRefIsZero(t *testing.T) {
	require.True(t, chat.Ref{}.IsZero())
	require.False(t, chat.Ref{Channel: "C1"}.IsZero())
}
