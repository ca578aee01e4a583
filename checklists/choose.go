package checklists

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Checkboxes send all that is chosen in their group, not what was pressed. So each group says in its action what it showed:
// a person's act is the difference between that and what they chose, and two people who press at once do not undo each
// other's. The turn changes the action with each tick, which also has Slack draw the group anew: it keeps what a person has
// chosen in a group whose action stays the same.

// groupSize is how many checkboxes one group has at most.
// https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element
const groupSize = 10

// Group is a group of checkboxes as a person saw it.
type Group struct {
	// N counts the groups from 0, Turn what people had ticked and unticked in it; Ticked are the items that it showed ticked.
	N, Turn int
	Ticked  []int
}

// Choice is what a person has chosen in a group that was drawn for Turn.
type Choice struct {
	Turn  int       `json:"turn"`
	Items []int     `json:"items,omitempty"`
	At    time.Time `json:"at"`
}

// groups are the items that people tick, by ten.
func (l List) groups() [][]int {
	var people []int
	for n, e := range l.Items {
		if e.forPeople() {
			people = append(people, n+1)
		}
	}
	return slices.Collect(slices.Chunk(people, groupSize))
}

// group is the n-th as it is now.
func (l List) group(n int) Group {
	g := Group{N: n}
	for _, item := range l.groups()[n] {
		e := l.Items[item-1]
		g.Turn += e.Turns
		if e.Ticked() {
			g.Ticked = append(g.Ticked, item)
		}
	}
	return g
}

// value is what the group's action carries: "12 0 3 1,4" for the first group of #12 after three turns with 1 and 4 ticked.
func (g Group) value(number int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %d %d %s", number, g.N, g.Turn, joined(g.Ticked)))
}

func joined(items []int) string {
	var words []string
	for _, n := range items {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ",")
}

// ParseGroup reads the value and the choice that come with the action "checklist.tick": the list's number, the group as the
// person saw it, and the items that they chose.
func ParseGroup(value string, picked []string) (number int, g Group, chosen []int, err error) {
	words := strings.Fields(value)
	if len(words) == 4 {
		if g.Ticked, err = numbers(strings.Split(words[3], ",")); err != nil {
			return 0, Group{}, nil, err
		}
		words = words[:3]
	}
	head, err := numbers(words)
	if err == nil && len(head) != 3 {
		err = fmt.Errorf("checklists: %q names no group of checkboxes", value)
	}
	if err != nil {
		return 0, Group{}, nil, err
	}
	g.N, g.Turn = head[1], head[2]
	chosen, err = numbers(picked)
	return head[0], g, chosen, err
}

func numbers(words []string) ([]int, error) {
	var all []int
	for _, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil {
			return nil, fmt.Errorf("checklists: %q is no number: %w", w, err)
		}
		all = append(all, n)
	}
	return all, nil
}

// Choose ticks and unticks what the person has changed in the group that they saw. What somebody else has done about the same
// item meanwhile stays, if it is what the person wanted.
func (l *List) Choose(act Act, g Group, chosen []int) error {
	if err := l.CheckOpen(); err != nil {
		return err
	}
	groups := l.groups()
	if g.N < 0 || g.N >= len(groups) {
		return &chat.Problem{Say: fmt.Sprintf("%s has no such group of items.", l.Called()), Try: fmt.Sprintf("`/checklist show %d` shows it anew.", l.Number)}
	}
	key := act.By.ID + "/" + strconv.Itoa(g.N)
	shown := g.Ticked
	if last, ok := l.Chosen[key]; ok && last.Turn == g.Turn {
		if act.At.Before(last.At) {
			return nil // what was chosen later holds this choice, too
		}
		shown = last.Items
	}
	for _, n := range groups[g.N] {
		was, is, ticked := slices.Contains(shown, n), slices.Contains(chosen, n), l.Items[n-1].Ticked()
		var err error
		switch {
		case is && !was && !ticked:
			err = l.Tick(act, n)
		case was && !is && ticked:
			err = l.Untick(act, n)
		}
		if err != nil {
			return err
		}
	}
	if l.Chosen == nil {
		l.Chosen = map[string]Choice{}
	}
	l.Chosen[key] = Choice{Turn: g.Turn, Items: chosen, At: act.At}
	return nil
}
