package checklists

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

// boxes reads a group of checkboxes from a card, as Slack gets it.
func boxes(t *testing.T, l List, n int) chat.Button {
	t.Helper()
	for _, part := range l.Card().Parts {
		if row, ok := part.(chat.Actions); ok && row[0].Pick != nil {
			if n == 0 {
				return row[0]
			}
			n--
		}
	}
	t.Fatal("there is no such group")
	return chat.Button{}
}

// choose has a person choose exactly these items in a group as they saw it.
func choose(t *testing.T, l *List, act Act, seen chat.Button, items ...int) {
	t.Helper()
	var picked []string
	for _, n := range items {
		picked = append(picked, strconv.Itoa(n))
	}
	number, g, chosen, err := ParseGroup(seen.Value, picked)
	require.NoError(t, err)
	require.Equal(t, l.Number, number)
	require.NoError(t, l.Choose(act, g, chosen))
}

func ticked(l List) (all []int) {
	for n, e := range l.Items {
		if e.Ticked() {
			all = append(all, n+1)
		}
	}
	return all
}

func TestTwoPeopleDoNotUndoEachOther(t *testing.T) {
	l := opened(t, daily(), "")
	seen := boxes(t, l, 0)
	choose(t, &l, by(anna, 1), seen, 2)
	choose(t, &l, by(ben, 1), seen, 3) // before the message was drawn anew
	require.Equal(t, []int{2, 3}, ticked(l))
	require.Equal(t, ben, l.Items[2].Tick.By)

	seen = boxes(t, l, 0)
	require.Equal(t, []string{"2", "3"}, seen.Pick.Initial)
	choose(t, &l, by(anna, 2), seen, 3)      // 2 is taken back
	choose(t, &l, by(ben, 2), seen, 2, 3, 4) // 4 is added
	require.Equal(t, []int{3, 4}, ticked(l))
}

func TestBothTickTheSame(t *testing.T) {
	l := opened(t, daily(), "")
	seen := boxes(t, l, 0)
	choose(t, &l, by(anna, 1), seen, 2)
	choose(t, &l, by(ben, 2), seen, 2)
	require.Equal(t, anna, l.Items[1].Tick.By, "the first has done it")
	require.Len(t, l.History, 1)
}

// TestOnePersonIsQuick holds for a person who goes on before the message is drawn anew, on whose screen all that they chose
// stands.
func TestOnePersonIsQuick(t *testing.T) {
	l := opened(t, daily(), "")
	seen := boxes(t, l, 0)
	choose(t, &l, by(anna, 1), seen, 2)
	choose(t, &l, by(anna, 2), seen, 2, 3)
	choose(t, &l, by(anna, 3), seen, 3)
	require.Equal(t, []int{3}, ticked(l), "2 was taken back although the message had not shown it ticked yet")
	choose(t, &l, by(anna, 2), seen, 2, 3)
	require.Equal(t, []int{3}, ticked(l), "what comes late is older than what is known")

	again := boxes(t, l, 0)
	require.NotEqual(t, seen.Value, again.Value, "Slack draws it anew")
	choose(t, &l, by(anna, 5), again)
	require.Empty(t, ticked(l))
	last := boxes(t, l, 0)
	require.NotEqual(t, seen.Value, last.Value, "also when it shows the same as long before")
	choose(t, &l, by(anna, 6), last, 3)
	require.Equal(t, []int{3}, ticked(l))
}

func TestGroupsOfTen(t *testing.T) {
	template := daily()
	for n := range 21 {
		template.Items = append(template.Items, Item{Text: fmt.Sprint("Item ", n)})
	}
	l := opened(t, template, "")
	require.Len(t, l.groups(), 3)
	require.Equal(t, []int{22, 23, 24, 25}, l.groups()[2])
	seen := boxes(t, l, 1)
	require.Len(t, seen.Pick.Options, 10)
	choose(t, &l, by(anna, 1), boxes(t, l, 0), 2)
	require.Equal(t, seen, boxes(t, l, 1), "another group is left alone")
	choose(t, &l, by(ben, 1), seen, 12, 21)
	require.Equal(t, []int{2, 12, 21}, ticked(l))
	refused(t, &l, "no such group", func(l *List) error { return l.Choose(by(anna, 2), Group{N: 3}, nil) })
}

func TestGroupsThatAreNone(t *testing.T) {
	for _, value := range []string{"", "7", "7 0", "7 0 x", "7 0 1 2,x", "7 0 1 2 3"} {
		_, _, _, err := ParseGroup(value, nil)
		require.Error(t, err, value)
	}
	_, _, _, err := ParseGroup("7 0 1", []string{"two"})
	require.Error(t, err)
}
