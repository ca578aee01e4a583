package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// numbered is a home that shows a number, and what the person may do.
func numbered(n *atomic.Int64) bot.Home {
	return bot.Home{Every: 60 * time.Millisecond,
		Stamp: func(context.Context) (string, error) { return fmt.Sprint(n.Load()), nil },
		Sections: []bot.Section{
			{Name: "Number", Draw: func(_ context.Context, v bot.Viewer) ([]chat.Part, error) {
				return []chat.Part{chat.Text(fmt.Sprintf("number %d, operator %v.", n.Load(), v.May(bot.Operator)))}, nil
			}},
			{Name: "Broken", Draw: func(context.Context, bot.Viewer) ([]chat.Part, error) {
				if n.Load() == 13 {
					return nil, errors.New("the cause of it")
				}
				return []chat.Part{chat.Text("whole")}, nil
			}},
		}}
}

// TestHomeFollows holds that homes follow what happens for those who opened theirs, and for nobody else; also after a restart.
func TestHomeFollows(t *testing.T) {
	s := newStage(t)
	var n atomic.Int64
	s.options.Home = numbered(&n)
	_, stop := s.listen()
	require.NoError(t, s.alice.OpenHome())
	require.NoError(t, s.dave.OpenHome())
	s.view(s.alice, "number 0, operator true.")
	s.view(s.dave, "number 0, operator false.")
	n.Store(1)
	s.view(s.alice, "number 1,")
	s.view(s.dave, "number 1,")
	_, opened := s.bob.Home()
	require.False(t, opened, "bob never opened his")

	before, _ := s.alice.Home()
	time.Sleep(300 * time.Millisecond)
	after, _ := s.alice.Home()
	require.Equal(t, before.Hash, after.Hash, "what has not changed is not published again")

	stop()
	n.Store(2)
	s.listen()
	s.view(s.alice, "number 2,")
}

// TestHomeIsNotFlooded holds that however fast things change, one person gets a state only now and then, and the last for sure.
func TestHomeIsNotFlooded(t *testing.T) {
	s := newStage(t)
	var n, drawn atomic.Int64
	s.options.Home = numbered(&n)
	s.options.Home.Every = 300 * time.Millisecond
	s.options.Home.Sections = append(s.options.Home.Sections, bot.Section{Name: "count", Draw: func(context.Context, bot.Viewer) ([]chat.Part, error) {
		drawn.Add(1)
		return nil, nil
	}})
	s.listen()
	require.NoError(t, s.alice.OpenHome())
	s.view(s.alice, "number 0,")
	for began := time.Now(); time.Since(began) < time.Second; time.Sleep(time.Millisecond) {
		n.Add(1)
	}
	n.Store(100_000)
	s.view(s.alice, "number 100000,")
	require.LessOrEqual(t, drawn.Load(), int64(9))
}

// TestHomeSurvivesSlack holds that the newest state comes through lost answers, refusals and pauses, and that one that
// somebody else has put there is replaced.
func TestHomeSurvivesSlack(t *testing.T) {
	s := newStage(t)
	var n atomic.Int64
	s.options.Home = numbered(&n)
	s.listen()
	require.NoError(t, s.alice.OpenHome())
	s.view(s.alice, "number 0,")
	s.server.Faults().LoseAnswers("views.publish", 1)
	n.Store(1)
	s.view(s.alice, "number 1,")
	n.Store(2)
	s.view(s.alice, "number 2,")
	s.server.Faults().APIError("views.publish", 2, "internal_error")
	n.Store(3)
	s.view(s.alice, "number 3,")
	speaker, _ := s.speak()
	_, err := speaker.Home(t.Context(), s.alice.ID(), "", chat.Message{Summary: "somebody else's"})
	require.NoError(t, err)
	n.Store(4)
	s.view(s.alice, "number 4,")
	_, err = speaker.Home(t.Context(), s.alice.ID(), "1700000000.old", chat.Message{Summary: "late"})
	require.Equal(t, "hash_conflict", bot.Code(err))
}

// TestHomeSectionFails holds that one section's fault leaves the others, and shows the reference that is in the log.
func TestHomeSectionFails(t *testing.T) {
	s := newStage(t)
	log := s.record()
	var n atomic.Int64
	n.Store(13)
	s.options.Home = numbered(&n)
	s.listen()
	require.NoError(t, s.alice.OpenHome())
	v := s.view(s.alice, "This can't be read now.")
	require.Contains(t, v.Plain(), "number 13,")
	reference := referenceIn(t, v.Plain())
	log.has(t, reference, "the cause of it")
	n.Store(14)
	require.False(t, strings.Contains(s.view(s.alice, "whole").Plain(), reference))
}
