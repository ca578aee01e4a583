package bot_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

var sizes = []chat.Option{{Value: "s", Label: "Small"}, {Value: "l", Label: "Large", Hint: "takes longer"}}

// TestPicksInMessages holds that everything that can be chosen from in a message reaches its handler with what was
// chosen and with its value.
func TestPicksInMessages(t *testing.T) {
	s := newStage(t)
	pick := func(label string, kind chat.InputKind, options ...chat.Option) chat.Button {
		return chat.Button{Action: "pick", Value: label + "/1", Label: label, Pick: &chat.Pick{Kind: kind, Options: options}}
	}
	ticked := pick("Ticks", chat.Checkboxes, sizes...)
	ticked.Pick.Initial = []string{"l", "gone"}
	confirmed := pick("Size", chat.Select, sizes...)
	confirmed.Confirm = &chat.Confirm{Text: "Really?"}
	s.listen(bot.Command{Name: "picks", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Message: &chat.Message{Summary: "picks", Parts: []chat.Part{
			chat.Item{Text: "behind the dots", Beside: pick("More", chat.Menu, sizes...)},
			chat.Item{Text: "some people", Beside: pick("People", chat.People)},
			chat.Item{Text: "some channels", Beside: pick("Channels", chat.Channels)},
			chat.Item{Text: "a button beside", Beside: chat.Button{Action: "pick", Value: "pressed", Label: "Press"}},
			chat.Actions{ticked, confirmed, pick("Day", chat.Date), pick("Time", chat.Clock24), pick("When", chat.Instant),
				pick("Who", chat.Person), pick("Where", chat.Channel), pick("One", chat.Radio, sizes...)},
		}}}, nil
	}, Actions: []bot.Action{{Name: "pick", Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
		return bot.Reply{Message: &chat.Message{Summary: fmt.Sprintf("%s: %q", r.Value, r.Picked)}}, nil
	}}}})
	s.slash(s.alice, "/picks")
	m := s.message(s.ops, "behind the dots")
	for _, c := range []struct {
		element string
		chosen  []string
		want    string
	}{
		{"pick#1#More/1", []string{"Large"}, `More/1: ["l"]`},
		{"pick#1#People/1", []string{"bob", "carol"}, fmt.Sprintf("People/1: [%q %q]", s.bob.ID(), s.carol.ID())},
		{"pick#1#Channels/1", []string{"ops"}, fmt.Sprintf("Channels/1: [%q]", s.ops)},
		{"pick#1#Ticks/1", []string{"Small"}, `Ticks/1: ["s"]`},
		{"pick#1#Ticks/1", []string{}, `Ticks/1: []`},
		{"pick#2#Size/1", []string{"Large"}, `Size/1: ["l"]`},
		{"pick#3#Day/1", []string{"2026-03-01"}, `Day/1: ["2026-03-01"]`},
		{"pick#4#Time/1", []string{"14:05"}, `Time/1: ["14:05"]`},
		{"pick#5#When/1", []string{"1772370005"}, `When/1: ["1772370005"]`},
		{"pick#6#Who/1", []string{"bob"}, fmt.Sprintf("Who/1: [%q]", s.bob.ID())},
		{"pick#7#Where/1", []string{"ops"}, fmt.Sprintf("Where/1: [%q]", s.ops)},
		{"pick#8#One/1", []string{"Small"}, `One/1: ["s"]`},
	} {
		require.NoError(t, s.alice.Choose(s.ops, m.TS, c.element, c.chosen...), c.element)
		s.message(s.ops, c.want)
	}
	require.NoError(t, s.alice.Click(s.ops, m.TS, "Press"))
	s.message(s.ops, "pressed: []")
}

// TestFormOfEveryKind holds that each kind of input brings back what was entered, also after a problem.
func TestFormOfEveryKind(t *testing.T) {
	s := newStage(t)
	kinds := []chat.InputKind{chat.TextLine, chat.TextArea, chat.Number, chat.Email, chat.Link, chat.Date, chat.Clock24, chat.Instant,
		chat.Person, chat.People, chat.Channel, chat.Channels, chat.Select, chat.MultiSelect, chat.Checkboxes, chat.Radio}
	options := map[chat.InputKind][]chat.Option{chat.Select: sizes, chat.MultiSelect: sizes, chat.Checkboxes: sizes, chat.Radio: sizes}
	people := []string{s.bob.ID(), s.carol.ID()}
	entered := map[string]any{"line": "a", "area": "b\nc", "number": "42", "email": "a@example.org", "link": "https://example.org/x",
		"date": "2026-03-01", "clock": "14:05", "instant": "1772370005", "person": s.bob.ID(), "people": people, "channel": s.ops,
		"channels": []string{s.ops}, "select": "l", "multiselect": []string{"s", "l"}, "checkboxes": []string{"l"}, "radio": "s"}
	initial := map[chat.InputKind][]string{chat.Number: {"7"}, chat.Date: {"2020-01-01"}, chat.Clock24: {"00:00"}, chat.Instant: {"1500000000"},
		chat.Person: {s.dave.ID()}, chat.People: {s.dave.ID()}, chat.Channel: {s.ops}, chat.Channels: {s.ops}, chat.Link: {"https://example.org"}}
	got := make(chan map[string][]string, 2)
	refuse := true
	s.listen(bot.Command{Name: "all", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
		f := chat.Form{ID: "all", Title: "All kinds"}
		for _, k := range kinds {
			f.Inputs = append(f.Inputs, chat.Input{ID: string(k), Label: "Input " + string(k), Kind: k, Options: options[k], Initial: initial[k], Placeholder: "…"})
		}
		return bot.Reply{Form: &f}, nil
	}, Actions: []bot.Action{{Name: "form:all", Role: bot.Anyone, Run: func(_ context.Context, r bot.Request) (bot.Reply, error) {
		got <- r.Values
		if refuse {
			refuse = false
			return bot.Reply{}, &chat.Problem{Say: "Once more, please."}
		}
		return bot.Reply{}, nil
	}}}})
	s.slash(s.alice, "/all")
	v := s.view(s.alice, "All kinds")
	require.Equal(t, []string{"2020-01-01"}, v.Value("date"))
	require.Equal(t, []string{s.dave.ID()}, v.Value("person"))
	require.NoError(t, s.alice.Fill(entered))
	want := map[string][]string{}
	for id, e := range entered {
		if some, ok := e.([]string); ok {
			want[id] = some
		} else {
			want[id] = []string{e.(string)}
		}
	}
	require.NoError(t, s.alice.Submit())
	require.Equal(t, want, <-got)
	s.view(s.alice, "Once more, please.")
	require.NoError(t, s.alice.Submit())
	require.Equal(t, want, <-got)
}

func TestPicksThatSlackCannotShow(t *testing.T) {
	s := newStage(t)
	speaker, _ := s.speak()
	for want, part := range map[string]chat.Part{
		"which can only stand beside a text": chat.Actions{{Action: "a", Label: "l", Pick: &chat.Pick{Kind: chat.MultiSelect, Options: sizes}}},
		"which only a form can ask for":      chat.Actions{{Action: "a", Label: "l", Pick: &chat.Pick{Kind: chat.Email}}},
		"cannot stand beside a text":         chat.Item{Text: "t", Beside: chat.Button{Action: "a", Label: "l", Pick: &chat.Pick{Kind: chat.Instant}}},
		"offers nothing to choose from":      chat.Actions{{Action: "a", Label: "l", Pick: &chat.Pick{Kind: chat.Select}}},
		"has 6 options, Slack shows 5": chat.Actions{{Action: "a", Label: "l", Pick: &chat.Pick{Kind: chat.Menu,
			Options: []chat.Option{{Value: "1"}, {Value: "2"}, {Value: "3"}, {Value: "4"}, {Value: "5"}, {Value: "6"}}}}},
	} {
		_, err := speaker.Post(t.Context(), s.ops, chat.Message{Summary: "no", Parts: []chat.Part{part}})
		require.ErrorContains(t, err, want)
	}
}
