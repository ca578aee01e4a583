package github_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
)

func body(pairs ...string) (b github.Body) {
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, github.Section{Name: pairs[i], Text: pairs[i+1]})
	}
	return b
}

func TestMerge(t *testing.T) {
	old := body("summary", "It broke.", "timeline", "- 14:05 began")
	now := body("summary", "It broke badly.", "timeline", "- 14:05 began\n- 14:10 mended")
	edit := func(from, to string) string {
		require.Contains(t, old.String(), from)
		return strings.Replace(old.String(), from, to, 1)
	}
	for name, c := range map[string]struct {
		current  string
		wanted   github.Body
		has, not []string
		kept     []string
	}{
		"nothing edited":    {current: old.String(), wanted: now, has: []string{"It broke badly.", "14:10"}},
		"text around":       {current: "Hello\r\n\n" + old.String() + "\n\n## Ours\nmore", wanted: now, has: []string{"Hello\r\n\n", "\n\n## Ours\nmore", "badly"}},
		"ends of lines":     {current: strings.ReplaceAll(old.String(), "\n", "\r\n"), wanted: now, has: []string{"badly", "14:10"}},
		"edited":            {current: edit("It broke.", "It did not."), wanted: now, has: []string{"It did not.", "14:10"}, not: []string{"badly"}, kept: []string{"summary"}},
		"edited as wanted":  {current: edit("It broke.", "It broke badly."), wanted: now, has: []string{"It broke badly."}},
		"digest taken away": {current: regexp.MustCompile(`begin summary \w+`).ReplaceAllString(old.String(), "begin summary"), wanted: now, not: []string{"badly"}, kept: []string{"summary"}},
		"section removed":   {current: regexp.MustCompile(`(?s)<!-- opsbot:begin summary.*end summary -->`).ReplaceAllString(old.String(), ""), wanted: now, has: []string{"14:10"}, not: []string{"broke"}},
		"end removed":       {current: edit("<!-- opsbot:end summary -->", ""), wanted: now, not: []string{"badly"}, kept: []string{"summary"}},
		"section copied":    {current: old.String() + "\n" + old.String(), wanted: now, not: []string{"badly"}, kept: []string{"summary", "timeline"}},
		"all removed":       {current: "We keep this elsewhere.", wanted: now, not: []string{"broke", "opsbot"}},
		"no longer wanted":  {current: old.String(), wanted: now[:1], not: []string{"timeline", "14:05"}},
		"unwanted, edited":  {current: edit("14:05", "14:04"), wanted: now[:1], has: []string{"14:04"}, kept: []string{"timeline"}},
	} {
		t.Run(name, func(t *testing.T) {
			merged, kept := github.Merge(c.current, c.wanted)
			require.Equal(t, c.kept, kept)
			for _, text := range c.has {
				require.Contains(t, merged, text)
			}
			for _, text := range c.not {
				require.NotContains(t, merged, text)
			}
			again, kept := github.Merge(merged, c.wanted)
			require.Equal(t, merged, again)
			require.Equal(t, c.kept, kept)
		})
	}
}

func TestMergePutsNewSectionsInTheirPlace(t *testing.T) {
	before := body("b", "B", "d", "D")
	merged, kept := github.Merge("<!-- mark -->\n"+before.String(), body("a", "A", "b", "B", "c", "C", "d", "D", "e", "E"))
	require.Empty(t, kept)
	require.Equal(t, "ABCDE", strings.Join(regexp.MustCompile(`(?m)^[A-E]$`).FindAllString(merged, -1), ""))
	require.True(t, strings.HasPrefix(merged, "<!-- mark -->\n"))
	back, _ := github.Merge(merged, before)
	require.Equal(t, "<!-- mark -->\n"+before.String(), back)

	merged, _ = github.Merge(github.Body{}.String(), body("a", "A"))
	require.Contains(t, merged, "\nA\n")
}

func TestMergeCarriesTicksOver(t *testing.T) {
	old := body("actions", "- [ ] #4 alert\n- [ ] #5 index\n- [x] #6 test")
	ticked := strings.Replace(old.String(), "- [ ] #4", "- [x] #4", 1)
	merged, kept := github.Merge(ticked, body("actions", "- [ ] #4 alert\n- [x] #5 index\n- [ ] #6 test\n- [ ] #7 page"))
	require.Empty(t, kept, "a tick is no edit")
	for _, line := range []string{"- [x] #4 alert", "- [x] #5 index", "- [ ] #7 page"} {
		require.Contains(t, merged, line)
	}
	merged, _ = github.Merge(merged, body("actions", "- [ ] #4 alert"))
	require.Contains(t, merged, "- [x] #4 alert", "and stays")
	merged, _ = github.Merge(old.String(), body("actions", "- [ ] #6 test"))
	require.Contains(t, merged, "- [ ] #6 test", "what opsbot ticked it may untick")
}

func TestNobodyCanForgeMarkers(t *testing.T) {
	forged := body("summary", "x\n<!-- opsbot:end summary -->\n<!-- opsbot:sections a b -->\n```\nopen")
	text := forged.String()
	require.Equal(t, 1, strings.Count(text, "<!-- opsbot:end summary -->"))
	require.Equal(t, 1, strings.Count(text, "<!-- opsbot:sections"))
	require.Contains(t, text, "open\n```\n<!-- opsbot:end", "an open block is closed")
	merged, kept := github.Merge(text, forged)
	require.Equal(t, text, merged)
	require.Empty(t, kept)
}

// TestMergeKeepsWhatPeopleWrote edits bodies at random: no line that a person has written may go.
func TestMergeKeepsWhatPeopleWrote(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 7))
	names := []string{"summary", "impact", "timeline", "cause", "actions"}
	some := func() (b github.Body) {
		for _, name := range names {
			if random.IntN(4) > 0 {
				b = append(b, github.Section{Name: name, Text: fmt.Sprintf("- [ ] %d\n\n```\ncode %d\n```", random.IntN(3), random.IntN(3))})
			}
		}
		return b
	}
	for round := range 500 {
		current := "<!-- mark -->\n" + some().String()
		var people []string
		for step := range 6 {
			lines := strings.SplitAfter(current, "\n")
			switch at := random.IntN(len(lines)); random.IntN(5) {
			case 0, 1:
				mine := fmt.Sprintf("person %d.%d", round, step)
				people = append(people, mine)
				lines = slices.Insert(lines, at, mine+"\n")
			case 2:
				if !strings.Contains(lines[at], "person") {
					lines = slices.Delete(lines, at, at+1)
				}
			case 3:
				lines = []string{strings.ReplaceAll(strings.Join(lines, ""), "\n", "\r\n")}
			}
			wanted := some()
			merged, _ := github.Merge(strings.Join(lines, ""), wanted)
			again, _ := github.Merge(merged, wanted)
			require.Equal(t, merged, again)
			for _, mine := range people {
				require.Contains(t, merged, mine)
			}
			current = merged
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(body("a", "x", "b", "y").String(), "x", "z")
	f.Add("<!-- opsbot:begin a -->\n<!-- opsbot:sections -->", "```", "- [ ] a")
	f.Fuzz(func(t *testing.T, current, a, b string) {
		wanted := body("a", a, "b", b)
		merged, _ := github.Merge(current, wanted)
		again, kept := github.Merge(merged, wanted)
		require.Equal(t, merged, again)
		fresh, edited := github.Merge(wanted.String(), wanted)
		require.Equal(t, wanted.String(), fresh)
		require.Empty(t, edited)
		require.LessOrEqual(t, len(kept), 2)
	})
}
