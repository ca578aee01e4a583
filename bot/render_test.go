package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
)

// checkLimits holds blocks to Slack's limits, as they leave, and answers the number of characters in texts.
func checkLimits(t *testing.T, blocks []slackgo.Block) int {
	t.Helper()
	require.LessOrEqual(t, len(blocks), maxBlocks)
	total := 0
	for _, b := range blocks {
		switch b := b.(type) {
		case *slackgo.SectionBlock:
			require.True(t, b.Text != nil || len(b.Fields) > 0)
			if b.Text != nil {
				require.NotEmpty(t, strings.TrimSpace(b.Text.Text))
				require.LessOrEqual(t, length(b.Text.Text), maxSection)
				total += length(b.Text.Text)
			}
			require.LessOrEqual(t, len(b.Fields), maxFields)
			for _, f := range b.Fields {
				require.LessOrEqual(t, length(f.Text), maxField)
				total += length(f.Text)
			}
		case *slackgo.HeaderBlock:
			require.LessOrEqual(t, length(b.Text.Text), maxHeader)
			total += length(b.Text.Text)
		case *slackgo.ActionBlock:
			require.LessOrEqual(t, len(b.Elements.ElementSet), maxElements)
			seen := map[string]bool{}
			for _, e := range b.Elements.ElementSet {
				button := e.(*slackgo.ButtonBlockElement)
				require.False(t, seen[button.ActionID], "the action %s twice", button.ActionID)
				seen[button.ActionID] = true
				require.LessOrEqual(t, length(button.Text.Text), maxButton)
				total += length(button.Text.Text)
			}
		}
	}
	require.Less(t, total+125*len(blocks), 13_200)
	return total
}

var testTime = time.Unix(1_700_000_000, 0)

func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d of a long answer & more 😀\n", i)
	}
	return b.String()
}

func TestRenderKeepsLimits(t *testing.T) {
	var many chat.Fields
	var buttons chat.Actions
	for i := range 33 {
		many = append(many, chat.Field{Label: fmt.Sprint("field ", i), Value: strings.Repeat("v", 2500)})
		buttons = append(buttons, chat.Button{Action: "run.show", Value: fmt.Sprint(i), Label: strings.Repeat("b", 90)})
	}
	long := make([]chat.Part, 120)
	for i := range long {
		long[i] = chat.Text(fmt.Sprint("part ", i))
	}
	for name, m := range map[string]chat.Message{
		"text":       {Summary: "s", Parts: []chat.Part{chat.Text(chat.Escape(lines(2000)))}},
		"one word":   {Summary: "s", Parts: []chat.Part{chat.Text(strings.Repeat("x", 40_000))}},
		"code":       {Summary: "s", Parts: []chat.Part{chat.Header(strings.Repeat("h", 400)), chat.Code(lines(2000)), buttons}},
		"fields":     {Summary: "s", Parts: []chat.Part{many, buttons}},
		"many parts": {Summary: "s", Parts: append(long, chat.Divider{}, buttons)},
		"summary":    {Summary: strings.Repeat("s ", 30_000)},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := render(m, filing{where: inThread})
			require.NoError(t, err)
			checkLimits(t, d.blocks)
			require.NotEmpty(t, d.files)
			require.LessOrEqual(t, length(d.text), maxSummary)
		})
	}
}

func TestRenderLosesNothing(t *testing.T) {
	text := lines(3000)
	for _, part := range []chat.Part{chat.Text(chat.Escape(text)), chat.Code(text)} {
		d, err := render(chat.Message{Summary: "s", Parts: []chat.Part{part, chat.Note("the end")}}, filing{where: inThread})
		require.NoError(t, err)
		var shown []string
		for _, b := range d.blocks {
			if s, ok := b.(*slackgo.SectionBlock); ok {
				shown = append(shown, strings.Trim(strings.ReplaceAll(s.Text.Text, "```", ""), "\n"))
			}
		}
		require.Len(t, d.files, 1)
		whole := unescape(strings.Join(shown, "\n")) + "\n" + strings.TrimSuffix(d.files[0].text, "\n\nthe end")
		require.Equal(t, strings.TrimSpace(text), whole)
		_, isText := part.(chat.Text)
		require.Equal(t, isText, strings.HasSuffix(d.files[0].text, "\n\nthe end"), "a short text after code stays on the message")
		require.Equal(t, !isText, says(d, "the end"))
	}
}

// says finds words in the drawn blocks.
func says(d drawing, words string) bool {
	text, err := json.Marshal(d.blocks)
	return err == nil && strings.Contains(string(text), words)
}

// TestRenderKeepsTheCard holds that a card with a long table in its middle keeps its verdict, its small print and its
// buttons, that a sheet's file is whole, and what is said where Slack takes no files.
func TestRenderKeepsTheCard(t *testing.T) {
	rows := lines(500)
	for name, table := range map[string]chat.Part{
		"certificate-r-1.txt": chat.Sheet{Name: "certificate-r-1.txt", Shown: lines(15), Whole: rows},
		restFile:              chat.Code(rows),
	} {
		m := chat.Message{Summary: "card", Uncut: "opsbot jobs show r-1", Parts: []chat.Part{chat.Header("Restore"), chat.Text("Proven equal"), table,
			chat.Fields{{Label: "Took", Value: "2 min"}}, chat.Actions{{Action: "restore.drop", Label: "Drop it again"}}, chat.Note("r-1 restore")}}
		d, err := render(m, filing{where: inThread})
		require.NoError(t, err)
		checkLimits(t, d.blocks)
		for _, words := range []string{"Proven equal", "2 min", "restore.drop", "r-1 restore", inThread} {
			require.True(t, says(d, words), "%s: %s", name, words)
		}
		require.Len(t, d.files, 1)
		require.Equal(t, name, d.files[0].name)
		require.Contains(t, d.files[0].text, "line 499 of a long answer & more")

		d, err = render(m, filing{where: inThread, refused: noFilesScope})
		require.NoError(t, err)
		require.Empty(t, d.files)
		require.True(t, says(d, "files:write") && says(d, "opsbot jobs show r-1") && says(d, "restore.drop"), name)
		require.False(t, says(d, inThread), name)
	}
	d, err := render(chat.Message{Summary: "s", Parts: []chat.Part{chat.Sheet{Name: "x", Shown: "all", Whole: "all"}}}, filing{where: inThread})
	require.NoError(t, err)
	require.Empty(t, d.files)
	require.False(t, says(d, inThread))
}

func TestRenderKeepsButtons(t *testing.T) {
	d, err := render(chat.Message{Summary: "s", Parts: []chat.Part{chat.Text(lines(3000)),
		chat.Actions{{Action: "run.cancel", Value: "r-1", Label: "Cancel"}, {Action: "run.cancel", Value: "r-2", Label: "Cancel"},
			{URL: "https://example.com", Label: "Open"}}}}, filing{where: inThread})
	require.NoError(t, err)
	text, err := json.Marshal(d.blocks)
	require.NoError(t, err)
	for _, want := range []string{`"action_id":"run.cancel"`, `"action_id":"run.cancel#2"`, `"action_id":"link"`, inThread} {
		require.Contains(t, string(text), want)
	}
	for _, b := range []chat.Button{{Action: "a", Label: "L", Value: strings.Repeat("v", 2001)}, {Label: "L"}, {Action: "a"}, {Action: "a#1", Label: "L"}} {
		_, err := render(chat.Message{Summary: "s", Parts: []chat.Part{chat.Actions{b}}}, filing{where: inThread})
		require.Error(t, err)
	}
}

func TestSplitBreaksNoToken(t *testing.T) {
	token := chat.Time(testTime)
	for n := 2900; n < 3010; n++ {
		for _, piece := range split(strings.Repeat("x", n)+token+"&amp;"+"y", maxSection) {
			require.Equal(t, strings.Count(piece, "<"), strings.Count(piece, ">"), "%d: %s", n, piece)
			require.Equal(t, strings.Count(piece, "&"), strings.Count(piece, ";"), "%d", n)
			require.LessOrEqual(t, length(piece), maxSection)
		}
	}
}

func TestFormKeepsLimits(t *testing.T) {
	var options []chat.Option
	for i := range 250 {
		options = append(options, chat.Option{Value: fmt.Sprint("v", i), Label: strings.Repeat("l", 100), Hint: strings.Repeat("h", 100)})
	}
	f := chat.Form{ID: "f", Title: strings.Repeat("t", 40), Meta: strings.Repeat("m", 2900), Intro: []chat.Part{chat.Text("hello")}, Inputs: []chat.Input{
		{ID: "select", Kind: chat.Select, Options: options, Initial: []string{"v120", "gone"}, Reload: true},
		{ID: "multi", Kind: chat.MultiSelect, Options: options[:5], Initial: []string{"v1", "v2"}},
		{ID: "boxes", Kind: chat.Checkboxes, Options: options[:11]},
		{ID: "radio", Kind: chat.Radio, Options: options[:3], Initial: []string{"v2"}},
		{ID: "none", Kind: chat.Select},
		{ID: "text", Kind: chat.TextArea, Initial: []string{"hello"}},
	}}
	v, err := renderForm(f, place{"C12345678", "1700000000.000001"}, false)
	require.NoError(t, err)
	require.Len(t, v.Title.Text, 24+len("…")-1)
	blocks := v.Blocks.BlockSet
	require.Len(t, blocks, 7)
	choice := blocks[1].(*slackgo.InputBlock)
	require.True(t, choice.DispatchAction)
	require.True(t, strings.HasPrefix(choice.BlockID, "select#"))
	element := choice.Element.(*slackgo.SelectBlockElement)
	require.Len(t, element.OptionGroups, 3)
	require.Equal(t, "v120", element.InitialOption.Value)
	require.Len(t, blocks[2].(*slackgo.InputBlock).Element.(*slackgo.MultiSelectBlockElement).InitialOptions, 2)
	require.IsType(t, &slackgo.MultiSelectBlockElement{}, blocks[3].(*slackgo.InputBlock).Element)
	require.IsType(t, &slackgo.SectionBlock{}, blocks[5])

	f.Meta = strings.Repeat("m", 3000)
	_, err = renderForm(f, place{"C12345678", ""}, false)
	require.ErrorContains(t, err, "metadata")
	f.Meta, f.Inputs = "", []chat.Input{{ID: "x", Kind: chat.Select, Options: []chat.Option{{Value: strings.Repeat("v", 151)}}}}
	_, err = renderForm(f, place{}, false)
	require.ErrorContains(t, err, "151")
}

// TestFormAgain holds that a form which was refused comes back with everything that was entered.
func TestFormAgain(t *testing.T) {
	options := []chat.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}
	request, err := renderForm(chat.Form{ID: "f", Title: "T", Meta: "x|y", Inputs: []chat.Input{
		{ID: "text", Kind: chat.TextLine}, {ID: "one", Kind: chat.Select, Options: options}, {ID: "some", Kind: chat.Checkboxes, Options: options},
		{ID: "radio", Kind: chat.Radio, Options: options}, {ID: "multi", Kind: chat.MultiSelect, Options: options}}}, place{"C1", "1.2"}, false)
	require.NoError(t, err)
	text, err := json.Marshal(request)
	require.NoError(t, err)
	var v view
	require.NoError(t, json.Unmarshal(text, &v))
	require.NoError(t, json.Unmarshal([]byte(`{"values":[]}`), &v.State))
	require.Empty(t, v.values())
	require.NoError(t, json.Unmarshal([]byte(`{"values":{
		"text":{"text":{"type":"plain_text_input","value":"hello"}},
		"one":{"one":{"type":"static_select","selected_option":{"value":"b"}}},
		"some":{"some":{"type":"checkboxes","selected_options":[{"value":"a"},{"value":"b"}]}},
		"radio":{"radio":{"type":"radio_buttons","selected_option":null}},
		"multi":{"multi":{"type":"multi_static_select","selected_options":[]}}}}`), &v.State))
	at, meta := v.place()
	require.Equal(t, place{"C1", "1.2"}, at)
	require.Equal(t, "x|y", meta)
	require.Equal(t, map[string][]string{"text": {"hello"}, "one": {"b"}, "some": {"a", "b"}}, v.values())
	require.Equal(t, "text", v.firstInput())

	for range 2 { // the errors are replaced, not stacked
		shown, err := v.again("That won't do.", map[string]string{"some": "Too many."}, false)
		require.NoError(t, err)
		require.Len(t, shown.Blocks.BlockSet, 7)
		require.Contains(t, shown.Blocks.BlockSet[3].(*slackgo.SectionBlock).Text.Text, "Too many.")
		shown.Blocks.BlockSet = slices.Delete(shown.Blocks.BlockSet, 3, 4)
		require.Contains(t, shown.Blocks.BlockSet[0].(*slackgo.SectionBlock).Text.Text, "That won't do.")
		require.Equal(t, "hello", shown.Blocks.BlockSet[1].(*slackgo.InputBlock).Element.(*slackgo.PlainTextInputBlockElement).InitialValue)
		require.Equal(t, "b", shown.Blocks.BlockSet[2].(*slackgo.InputBlock).Element.(*slackgo.SelectBlockElement).InitialOption.Value)
		require.Len(t, shown.Blocks.BlockSet[3].(*slackgo.InputBlock).Element.(*slackgo.CheckboxGroupsBlockElement).InitialOptions, 2)
		require.Nil(t, shown.Blocks.BlockSet[4].(*slackgo.InputBlock).Element.(*slackgo.RadioButtonsBlockElement).InitialOption)
		v.Blocks, err = json.Marshal(shown.Blocks)
		require.NoError(t, err)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("a <@U1> b & c &amp; d\n\n e", 5)
	f.Add(strings.Repeat("😀", 9), 4)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		if limit < 2 || limit > 5000 || !utf8.ValidString(s) {
			return
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		pieces := split(s, limit)
		for _, p := range pieces {
			require.LessOrEqual(t, length(p), limit)
		}
		require.Equal(t, squeeze(s), squeeze(strings.Join(pieces, " ")))
		require.LessOrEqual(t, length(cut(s, limit)), limit)
	})
}
