package jobs_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/jobs"
)

func TestChatIsDownDuringTheRun(t *testing.T) {
	w := newWorld(t)
	w.chat.down.Store(true)
	r := w.runner(t, kind(nop))
	stop := start(t, r)
	run, err := r.Submit(t.Context(), backup("x"))
	require.NoError(t, err)
	require.Equal(t, jobs.Succeeded, ended(t, r, run.ID).Status, "the work does not wait for the card")
	require.Empty(t, w.chat.summary(run))
	w.chat.down.Store(false)
	w.shows(t, run, "✅ Backup of orders: succeeded")

	w.chat.down.Store(true)
	other, err := r.Submit(t.Context(), backup("y"))
	require.NoError(t, err)
	ended(t, r, other.ID)
	require.NoError(t, stop())
	w.chat.down.Store(false)
	start(t, w.runner(t, kind(nop)))
	w.shows(t, other, "✅ Backup of orders: succeeded")
}

// Somebody posted the card, and died before that was known: the message is found again and shows the truth.
func TestCardOfADeadProcess(t *testing.T) {
	w := newWorld(t)
	terminal := w.runner(t, kind(nop), func(o *jobs.Options) { o.Poster = nil })
	run, err := terminal.Submit(t.Context(), backup("x"))
	require.NoError(t, err)
	store := w.store(t)
	r, err := store.Get(t.Context(), "run", run.ID)
	require.NoError(t, err)
	r.Value = []byte(strings.Replace(string(r.Value), `"card":`, `"posting":{"owner":"dead","token":0,"until":"2000-01-01T00:00:00Z"},"card":`, 1))
	require.NoError(t, store.Update(t.Context(), r))
	_, err = w.chat.Post(t.Context(), "general", chat.Message{Summary: "an old state", Key: "run/" + run.ID})
	require.NoError(t, err)

	start(t, w.runner(t, kind(nop)))
	w.shows(t, run, "✅ Backup of orders: succeeded")
	require.Len(t, w.chat.messages(t, "general"), 1)
}

func TestFollowersAreToldOnce(t *testing.T) {
	w := newWorld(t)
	begun := make(chan struct{}, 1)
	release := make(chan struct{})
	r := w.runner(t, kind(func(context.Context, *jobs.Task) error {
		begun <- struct{}{}
		<-release
		return nil
	}))
	start(t, r)
	run, err := r.Submit(t.Context(), backup("x"))
	require.NoError(t, err)
	<-begun
	require.NoError(t, r.Follow(t.Context(), run.ID, "UBO"))
	require.NoError(t, r.Follow(t.Context(), run.ID, "UBO"))
	require.NoError(t, r.Follow(t.Context(), run.ID, "UCLEO"))
	close(release)
	ended(t, r, run.ID)
	until(t, "told", func() bool {
		run, err = r.Get(t.Context(), run.ID)
		return err == nil && run.Told
	})
	for _, user := range []string{"UBO", "UCLEO"} {
		require.Len(t, w.chat.messages(t, "@"+user), 1)
		require.Contains(t, w.chat.messages(t, "@"+user)[0], "Backup of `orders` (`"+run.ID+"`) succeeded ")
	}
	require.Contains(t, problem(t, r.Follow(t.Context(), run.ID, "UBO")).Say, "It has ended already")
	require.EqualValues(t, 3, w.chat.posts.Load(), "a card and two messages")
	require.Contains(t, problem(t, r.Follow(t.Context(), "r-none", "UBO")).Say, "I don't know")
}
