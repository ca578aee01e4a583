package github_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
)

func TestSplit(t *testing.T) {
	require.Equal(t, []github.Body{{}}, github.Split(nil, 1000))
	short := body("a", "A", "b", "B")
	require.Equal(t, []github.Body{short}, github.Split(short, 1000))

	lines := strings.Repeat("- 14:05 something happened\n", 100)
	parts := github.Split(body("summary", "S", "timeline", lines, "timeline-2", "taken", "cause", "C"), 1000)
	var names []string
	for _, part := range parts {
		require.LessOrEqual(t, utf8.RuneCountInString(part.String()), 1000)
		for _, s := range part {
			names = append(names, s.Name)
			for line := range strings.SplitSeq(strings.TrimSpace(s.Text), "\n") {
				require.Contains(t, []string{"S", "C", "taken", "- 14:05 something happened"}, line)
			}
		}
	}
	require.Equal(t, []string{"summary", "timeline", "timeline-3", "timeline-4"}, names[:4])
	require.Equal(t, "cause", names[len(names)-1])
}

func TestSplitKeepsCodeClosed(t *testing.T) {
	code := "before\n```go\n" + strings.Repeat("fmt.Println(1)\n", 100) + "```\nafter"
	parts := github.Split(body("code", code), 600)
	require.Greater(t, len(parts), 2)
	for _, part := range parts {
		require.Zero(t, strings.Count(part.String(), "```")%2, "%s", part)
		require.LessOrEqual(t, utf8.RuneCountInString(part.String()), 600)
	}
	require.Contains(t, parts[1][0].Text, "```go\nfmt.Println(1)")
}

func TestSplitCutsNoCharacter(t *testing.T) {
	family := "👩‍👩‍👧" // 5 code points
	parts := github.Split(body("a", strings.Repeat(family, 1000)), 600)
	require.Greater(t, len(parts), 5)
	for _, part := range parts {
		require.Zero(t, utf8.RuneCountInString(part[0].Text)%5)
		require.True(t, strings.HasPrefix(part[0].Text, family))
	}
	parts = github.Split(body("a", strings.Repeat("word ", 500)), 600)
	require.Equal(t, "word", parts[1][0].Text[:4])
}

// TestSplitLosesNothing splits texts at random.
func TestSplitLosesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b github.Body
		for i := range 1 + random.IntN(4) {
			var w strings.Builder
			for n := range random.IntN(120) {
				switch random.IntN(12) {
				case 0:
					w.WriteString([]string{"```\n", "~~~~ text\n", "  ```sh\n"}[random.IntN(3)])
				case 1:
					w.WriteString(strings.Repeat("é"+fmt.Sprint(n), random.IntN(800)) + "\n")
				default:
					fmt.Fprintf(&w, "line %d.%d\n", i, n)
				}
			}
			b = append(b, github.Section{Name: fmt.Sprint("s", i), Text: w.String()})
		}
		var whole, split int
		for _, s := range b {
			whole += strings.Count(s.Text, "line ") + strings.Count(s.Text, "é")
		}
		seen := map[string]bool{}
		for _, part := range github.Split(b, 700) {
			require.LessOrEqual(t, utf8.RuneCountInString(part.String()), 700, "%s", part)
			for _, s := range part {
				require.False(t, seen[s.Name])
				seen[s.Name] = true
				split += strings.Count(s.Text, "line ") + strings.Count(s.Text, "é")
			}
		}
		require.Equal(t, whole, split)
	}
}
