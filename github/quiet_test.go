package github_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
)

func TestQuiet(t *testing.T) {
	for text, want := range map[string]string{
		"ask @anna":                   "ask @|anna",
		"@kampyn/core, @@ben (@c)":    "@|kampyn/core, @|@|ben (@|c)",
		"_@anna_ **@anna** \\@anna":   "_@|anna_ **@|anna** \\@|anna",
		"mail anna@kampyn.de":         "mail anna@kampyn.de",
		"see #12 and kampyn/api#3":    "see #|12 and kampyn/api#|3",
		"GH-7 and gh-8, not HIGH-7":   "GH-|7 and gh-|8, not HIGH-7",
		"fixes #3":                    "fi|xes #|3",
		"Resolved: kampyn/api#3":      "Re|solved: kampyn/api#|3",
		"closes\nhttps://x.y/issues/": "cl|oses\nhttps://x.y/issues/",
		"Duplicate of #4":             "Du|plicate of #|4",
		"he fixed it":                 "he fixed it",
		"# Heading":                   "# Heading",
		"&#64;anna &commat;anna":      "&#|64;anna &|commat;anna",
		"@&#97;nna":                   "@|&#|97;nna",
		"&amp; &lt;":                  "&amp; &lt;",
		"`npm i @kampyn/api` @anna":   "`npm i @kampyn/api` @|anna",
		"``a ` @b`` `@c":              "``a ` @|b`` `@|c",
		"a ` b\nc ` @anna ` d":        "a ` b\nc ` @|anna ` d",
		"\\`@anna\\`":                 "\\`@|anna\\`",
		"<a title=`>@anna`":           "<a title=`>@|anna`",
		"<!-- opsbot:end a -->":       "<|!-- opsbot:end a -->",
	} {
		got := github.Quiet(text)
		require.Equal(t, want, strings.ReplaceAll(got, "\u200b", "|"))
		require.Equal(t, got, github.Quiet(got), "twice")
	}
}

func FuzzQuiet(f *testing.F) {
	f.Add("fixes #1 `@a` @@b <!-- GH-2 &#64;c")
	f.Fuzz(func(t *testing.T, text string) {
		quiet := github.Quiet(text)
		require.Equal(t, quiet, github.Quiet(quiet))
		require.Equal(t, strings.ReplaceAll(text, "\u200b", ""), strings.ReplaceAll(quiet, "\u200b", ""), "only unseen characters are added")
	})
}
