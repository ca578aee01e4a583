package incidents

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/github"
)

func someNames() Names {
	return Names{
		Person:  func(id string) string { return map[string]string{"U1": "Anna *A*", "U2": "@ben"}[id] },
		Channel: func(id string) string { return map[string]string{"C1": "ops", "C2": "12-inc"}[id] },
		Group:   func(id string) string { return map[string]string{"S1": "oncall"}[id] },
	}
}

const zw = "\u200b"

func TestMarkdown(t *testing.T) {
	for slack, markdown := range map[string]string{
		"":                                 "",
		"plain words":                      "plain words",
		"*bold* and _it_ ~gone~":           "**bold** and _it_ ~~gone~~",
		"*_both_*":                         "**_both_**",
		"*see <https://a.example/x|here>*": "**see [here](https://a.example/x)**",
		"2*3*4 and a_b_c":                  `2\*3\*4 and a\_b\_c`,
		"* not bold *":                     `\* not bold \*`,
		"`rm -rf *_*`":                     "`rm -rf *_*`",
		"`a &lt; b &amp;&amp; @c #1`":      "`a < b && @c #1`",
		"<@U1> <@U2|b> <@U9|zoe> <@U8>":    `Anna \*A\* @` + zw + `ben zoe somebody`,
		"<#C1|> <#C2> <#C9|far> <#C8>":     `\#ops #` + zw + `12-inc #far a channel`,
		"<!subteam^S1> <!subteam^S2|@dba> <!subteam^S3>": "oncall dba a group",
		"<!channel> <!here|here>":                        "@" + zw + "channel @" + zw + "here",
		"<!date^1763000000^{date}|x>":                    "2025-11-13 02:13 UTC",
		"<!date^nan^{date}|that day>":                    "that day",
		"<https://a.example/?a=1&amp;copy=2>":            "[https://a.example/?a=1&amp;copy=2](https://a.example/?a=1&amp;copy=2)",
		"<https://a.example/(x)|y>":                      "[y](https://a.example/%28x%29)",
		"<https://a.example/@u#12|n>":                    "[n](https://a.example/%40u#%312)",
		"<mailto:a@b.example|a@b.example>":               "a@b.example",
		"<javascript:alert(1)|x>":                        "x",
		"<slack://open>":                                 "slack://open",
		":tada: at 14:05:30":                             ":tada: at 14:05:30",
		"ask @ben, @org/team":                            "ask @" + zw + "ben, @" + zw + "org/team",
		"see #12, a/b#3 and GH-4":                        "see #" + zw + "12, a/b#" + zw + "3 and GH-" + zw + "4",
		"fixes <https://github.com/o/r/issues/1|that>":   "fi" + zw + "xes [that](https://github.com/o/r/issues/1)",
		"fixes #12": "fi" + zw + "xes #" + zw + "12",
		"&lt;b&gt;x&lt;/b&gt; &lt;!-- opsbot:end --&gt;": "&lt;b&gt;x&lt;/b&gt; &lt;!-- opsbot:end --&gt;",
		"&amp;commat;ben &amp;#64;ben":                   "&amp;commat;ben &amp;#" + zw + "64;ben",
		"a | b\n--- | ---":                               "a \\| b\n\\--- \\| ---",
		"# no heading\n+ no list\n===":                   "\\# no heading\n\\+ no list\n\\===",
		"[x](https://a.example)":                         `\[x\](https://a.example)`,
		"a $x$ b":                                        `a \$x\$ b`,
		"\\*x\\*":                                        `\\**x\\**`,
		"• one\n    ◦ two\n- three\nafter":               "- one\n  - two\n- three\n\nafter",
		"1. one\n2) two":                                 "1. one\n2. two",
		"2.5 s":                                          `2\.5 s`,
		"&gt; said\n&gt; more\nanswer":                   "> said\n> more\n\nanswer",
		"&gt;&gt;&gt;all\nof it":                         "> all\n> of it",
		"    indented":                                   "indented",
		"look:\n```\nif a &lt; b {\n\t*p = <https://a.example|a.example>\n}\n```\ndone": "look:\n```\nif a < b {\n\t*p = a.example\n}\n```\ndone",
		"```one line```":                   "```\none line\n```",
		"not ```closed":                    "not \\`\\`\\`closed",
		"a < b and <unclosed":              "a &lt; b and &lt;unclosed",
		"a <|b> <@|c> <!> <!date^|d>":      "a b c @" + zw + " d",
		"@<@U2> #<tel:12|12> GH-<tel:1|1>": "@" + zw + "@" + zw + "ben #" + zw + "12 GH-" + zw + "1",
		"*open\nnext*":                     "\\*open\nnext\\*",
	} {
		require.Equal(t, markdown, Markdown(slack, someNames()), "%q", slack)
	}
	require.Equal(t, "somebody", Markdown("<@U1>", Names{}), "also without any names")
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{"*a* `b` <@U1> ```c```", "fixes <https://x|#1> @a\n&gt; *_~", "<!-- -->", "&lt;!--"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := Markdown(text, someNames())
		if again := Markdown(text, someNames()); again != out {
			t.Fatal("not the same twice")
		}
		if strings.Contains(text, "`") {
			return // in code nothing is quieted
		}
		for line := range strings.SplitSeq(out, "\n") {
			if quiet := github.Quiet(line); quiet != line {
				t.Fatalf("%q is not quiet: %q", out, quiet)
			}
		}
	})
}

func TestTimelineMarkdown(t *testing.T) {
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	at := func(s string) time.Time {
		t, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			panic(err)
		}
		return t
	}
	entries := []Entry{
		{At: at("2026-11-24 17:30"), Source: FromDecision, By: chat.User{ID: "U1"}, Text: "<@U1> declared it: #12"},
		{At: at("2026-11-24 18:40"), Source: FromMessage, By: chat.User{ID: "U2"}, Text: "it is the queue", Edited: true, Link: "https://x.slack.com/archives/C1/p1",
			Files: []Kept{{From: bot.File{Name: "a|`b`.png", Size: 1500}, Object: "incidents/1/F1-a.png"}, {From: bot.File{Name: "dump"}, Fault: "it is larger than 20.0 MB"},
				{From: bot.File{Name: "gone"}, Drop: true}}},
		{At: at("2026-11-25 03:00"), Source: FromNote, By: chat.User{ID: "U1"}, Text: "two\n\n&gt; lines"},
	}
	require.Equal(t, `**Tuesday, 24 November 2026**

- **23:00 IST (17:30 UTC)** · Anna \*A\* declared it: #`+zw+`12

**Wednesday, 25 November 2026**

- **00:10 IST (24 Nov 18:40 UTC)** · **@`+zw+`ben**: it is the queue _(edited)_ [message](https://x.slack.com/archives/C1/p1)
  - file `+"`a|'b'.png`"+`: 1.50 kB, kept as `+"`incidents/1/F1-a.png`"+`
  - file `+"`dump`"+`: not kept: it is larger than 20.0 MB
- **08:30 IST (03:00 UTC)** · **Anna \*A\***:

  two

  > lines`, TimelineMarkdown(entries, kolkata, someNames()))
	require.Contains(t, TimelineMarkdown(entries[:1], time.UTC, someNames()), "- **17:30 UTC** · ")
	require.Equal(t, "_Nothing is on the timeline._", TimelineMarkdown(nil, time.UTC, Names{}))
}
