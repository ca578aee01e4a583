package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

func TestCommandsAreDrawnWithThePrefix(t *testing.T) {
	w := newWording("x-", []string{"backup", "ops"})
	for text, want := range map[string]string{
		"Take one with `/backup now orders`.":        "Take one with `/x-backup now orders`.",
		"`/backup`, `/ops help`":                     "`/x-backup`, `/x-ops help`",
		"`/invite @opsbot`, `/backups`":              "`/invite @opsbot`, `/backups`",
		"`/backup/orders` and `/x-backup now`":       "`/backup/orders` and `/x-backup now`",
		"in words: /backup now, and `orders/backup`": "in words: /backup now, and `orders/backup`",
		"a stray ` before `/ops`":                    "a stray ` before `/x-ops`",
	} {
		require.Equal(t, want, w.text(text))
		require.Equal(t, text, wording{}.text(text))
		require.Equal(t, text, newWording("", []string{"backup", "ops"}).text(text))
	}
	require.Equal(t, "Help for /x-backup now", w.label("Help for `/backup now`"))
	require.Equal(t, "Help for /backup now", wording{}.label("Help for `/backup now`"))
	require.Equal(t, "`/$1backup`", newWording("$1", []string{"backup"}).text("`/backup`"))
}

// TestEveryPartIsWorded holds that no place where words can stand is forgotten, and that the given message stays as it was.
func TestEveryPartIsWorded(t *testing.T) {
	const say = "see `/ops help`"
	w := newWording("x-", []string{"ops"})
	given := func() chat.Message {
		return chat.Message{Summary: say, Parts: []chat.Part{chat.Header(say), chat.Text(say), chat.Note(say), chat.Code(say), chat.Divider{},
			chat.Fields{{Label: say, Value: say}},
			chat.Actions{{Action: "a", Label: say, Confirm: &chat.Confirm{Title: say, Text: say, Yes: say, No: say}}}}}
	}
	m := given()
	drawn := w.message(m)
	require.Equal(t, given(), m)
	const text, label = "see `/x-ops help`", "see /x-ops help"
	require.Equal(t, chat.Message{Summary: text, Parts: []chat.Part{chat.Header(label), chat.Text(text), chat.Note(text), chat.Code(say), chat.Divider{},
		chat.Fields{{Label: text, Value: text}},
		chat.Actions{{Action: "a", Label: label, Confirm: &chat.Confirm{Title: label, Text: text, Yes: label, No: label}}}}}, drawn)

	f := w.form(chat.Form{Title: say, Submit: say, Error: say, Intro: []chat.Part{chat.Text(say)},
		Inputs: []chat.Input{{ID: "i", Label: say, Hint: say, Placeholder: say, Options: []chat.Option{{Value: say, Label: say}}}}})
	require.Equal(t, chat.Form{Title: label, Submit: label, Error: text, Intro: []chat.Part{chat.Text(text)},
		Inputs: []chat.Input{{ID: "i", Label: label, Hint: label, Placeholder: label, Options: []chat.Option{{Value: say, Label: say}}}}}, f)
	require.False(t, strings.Contains(label, "`"))
}
