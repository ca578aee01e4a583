package bot_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/sandbox/slack"
)

// record is a log that is kept, a line for each entry.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, string(p))
	return len(p), nil
}

// has holds that one line carries the reference and the cause.
func (r *record) has(t *testing.T, reference, cause string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		if strings.Contains(line, reference) && strings.Contains(line, cause) {
			return
		}
	}
	require.Failf(t, "no such line", "%s with %q in:\n%s", reference, cause, strings.Join(r.lines, ""))
}

func (s *stage) record() *record {
	r := &record{}
	s.options.Log = slog.New(slog.NewTextHandler(r, nil))
	return r
}

var referenceForm = regexp.MustCompile(`E-[A-Z2-7]{5}`)

func referenceIn(t *testing.T, text string) string {
	t.Helper()
	found := referenceForm.FindString(text)
	require.NotEmpty(t, found, text)
	return found
}

// TestEveryFaultHasAReference holds that an unexpected error shows a reference on every path, and that the log has the
// cause under it.
func TestEveryFaultHasAReference(t *testing.T) {
	s := newStage(t)
	log := s.record()
	boom := func(cause string) bot.Handler {
		return func(context.Context, bot.Request) (bot.Reply, error) { return bot.Reply{}, errors.New(cause) }
	}
	load := func(err error) bot.Handler {
		return func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Load: func(context.Context) (chat.Form, error) { return chat.Form{}, err }}, nil
		}
	}
	form := func(context.Context, bot.Request) (bot.Reply, error) {
		return bot.Reply{Form: &chat.Form{ID: "f", Title: "A form", Inputs: []chat.Input{{ID: "x", Kind: chat.TextLine}}}}, nil
	}
	s.listen(bot.Command{Name: "go", Role: bot.Anyone, Run: boom("cause of the command"), Words: []bot.Word{
		{Name: "panic", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) { panic("cause of the panic") }},
		{Name: "button", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: "here", Parts: []chat.Part{chat.Text("a button:"), chat.Actions{{Action: "b", Label: "Press"}}}}}, nil
		}},
		{Name: "form", Role: bot.Anyone, Run: form},
		{Name: "load", Role: bot.Anyone, Run: load(errors.New("cause of the loading"))},
		{Name: "problem", Role: bot.Anyone, Run: load(&chat.Problem{Say: "The database is away.", Err: errors.New("cause behind a problem")})},
		{Name: "undrawable", Role: bot.Anyone, Run: func(context.Context, bot.Request) (bot.Reply, error) {
			return bot.Reply{Message: &chat.Message{Summary: "s", Parts: []chat.Part{chat.Actions{{Action: "b"}}}}}, nil
		}},
	}, Actions: []bot.Action{{Name: "b", Role: bot.Anyone, Run: boom("cause of the button")}, {Name: "form:f", Role: bot.Anyone, Run: boom("cause of the form")}}})

	seen := map[string]bool{}
	told := func(cause string) {
		t.Helper()
		m, err := s.server.WaitMessage(s.soon(), s.ops, messageWithNew(seen))
		require.NoError(t, err)
		reference := referenceIn(t, m.Plain())
		seen[reference] = true
		log.has(t, reference, cause)
	}
	s.slash(s.alice, "/go")
	told("cause of the command")
	s.slash(s.alice, "/go panic")
	told("cause of the panic")
	s.slash(s.alice, "/go undrawable")
	told("has no label")
	s.slash(s.alice, "/go button")
	require.NoError(t, s.alice.Click(s.ops, s.message(s.ops, "a button:").TS, "Press"))
	told("cause of the button")
	_, err := s.alice.Say(s.ops, "<@"+s.server.BotUserID()+"> go")
	require.NoError(t, err)
	told("cause of the command")

	s.slash(s.alice, "/go form")
	s.view(s.alice, "A form")
	require.NoError(t, s.alice.Fill(map[string]any{"x": "y"}))
	require.NoError(t, s.alice.Submit())
	log.has(t, referenceIn(t, s.view(s.alice, "E-").Plain()), "cause of the form")
	require.NoError(t, s.alice.Cancel())
	s.slash(s.alice, "/go load")
	log.has(t, referenceIn(t, s.view(s.alice, "E-").Plain()), "cause of the loading")
	require.NoError(t, s.alice.Cancel())
	s.slash(s.alice, "/go problem")
	log.has(t, referenceIn(t, s.view(s.alice, "The database is away.").Plain()), "cause behind a problem")
}

// messageWithNew matches a message with a reference that was not seen yet.
func messageWithNew(seen map[string]bool) func(slack.Message) bool {
	return func(m slack.Message) bool {
		found := referenceForm.FindString(m.Plain())
		return found != "" && !seen[found]
	}
}
