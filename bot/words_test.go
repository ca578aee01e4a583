package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplitWords(t *testing.T) {
	for typed, want := range map[string][]string{
		"":                        nil,
		"  now   orders ":         {"now", "orders"},
		`note "two words" three`:  {"note", "two words", "three"},
		`note “two words” three`:  {"note", "two words", "three"},
		`note 'it's fine' x`:      {"note", "it's fine", "x"},
		`don't`:                   {"don't"},
		`say "open`:               {"say", `"open`},
		`a "" b`:                  {"a", "", "b"},
		"now\u00a0orders\nusers":  {"now", "orders", "users"},
		"a&lt;b &amp;&amp; c":     {"a<b", "&&", "c"},
		"<https://x.io/a|x.io/a>": {"x.io/a"},
		"<https://x.io/a?b>":      {"https://x.io/a?b"},
		"<mailto:a@x.io|a@x.io>":  {"a@x.io"},
		"<@U12345|alice> <#C1>":   {"<@U12345|alice>", "<#C1>"},
		"show `r-4k7q2`":          {"show", "r-4k7q2"},
	} {
		require.Equal(t, want, splitWords(typed), typed)
	}
}

func FuzzSplitWords(f *testing.F) {
	f.Add(`now "two words" <https://x|y> “z`)
	f.Fuzz(func(t *testing.T, typed string) {
		for _, w := range splitWords(strings.ToValidUTF8(typed, "")) {
			require.LessOrEqual(t, len(w), len(typed))
		}
	})
}
