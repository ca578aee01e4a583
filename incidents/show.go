package incidents

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// inChannel makes an effect one on the incident's channel: nothing is wanted before there is one, or once it is
// archived, and a channel that somebody has archived or deleted by hand is left as it is.
func inChannel(e effect) effect {
	want, do := e.want, e.do
	e.want = func(i Incident) string {
		if !i.inUse() {
			return ""
		}
		return want(i)
	}
	e.do = func(ctx context.Context, w *work) error {
		err := do(ctx, w)
		if code := bot.Code(err); code == "is_archived" || code == "channel_not_found" {
			w.d.o.Slack.Try(ctx, "write into the channel of "+w.i.Name(), err)
			return nil
		}
		return err
	}
	return e
}

// show has one message stand in a channel as m: posted once, edited from then on. What an attempt before a crash has
// posted may be older, so it is edited, too. keep stores where the message stands.
func (w *work) show(ctx context.Context, thing, channel string, at chat.Ref, m chat.Message, keep func(*Incident, chat.Ref)) error {
	want := digest(m)
	if at.IsZero() {
		meant := w.i.Effects[thing+" meant"]
		if meant == "" {
			if err := w.note(ctx, func(i *Incident) { i.effect(thing+" meant", want) }); err != nil {
				return err
			}
		}
		again := w.i.Effects[thing+" again"] // grows when somebody deletes the message
		m.Key = w.i.Key(thing + again)
		posted, err := w.d.o.Slack.Post(ctx, channel, m)
		if err != nil {
			return err
		}
		if err := w.change(ctx, func(i *Incident) { keep(i, posted) }); err != nil {
			return err
		}
		if meant == "" || meant == want {
			return nil
		}
		at = posted
	}
	err := w.d.o.Slack.Edit(ctx, at, m)
	if bot.Code(err) == "message_not_found" {
		gone := w.note(ctx, func(i *Incident) {
			keep(i, chat.Ref{})
			i.effect(thing+" again", i.Effects[thing+" again"]+"+")
			delete(i.Effects, thing+" meant")
		})
		return errors.Join(err, gone)
	}
	return err
}

// effect notes what was brought about.
func (i *Incident) effect(name, what string) {
	if i.Effects == nil {
		i.Effects = map[string]string{}
	}
	i.Effects[name] = what
}

// digest is a short text that differs when the values do.
func digest(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil { // values that no JSON can hold are a mistake of the program
		panic(fmt.Sprintf("incidents: digest: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// paragraph is a message of one paragraph, posted once for its key.
func paragraph(text, key string) chat.Message {
	return chat.Message{Summary: text, Parts: []chat.Part{chat.Text(text)}, Key: key}
}

// inSlack says that a person can be written to.
func inSlack(u chat.User) bool { return strings.HasPrefix(u.Mention(), "<@") }

// clip is what a person typed, safe inside mrkdwn and at most n characters long there, with an ellipsis in place of what
// is missing. No mention is cut apart.
func clip(s string, n int) string {
	size := utf8.RuneCountInString(chat.Escape(s))
	if size <= n {
		return typed(s)
	}
	all, kept := []rune(s), 0
	for size = 1; kept < len(all); kept++ { // the ellipsis is one
		if size += len(chat.Escape(string(all[kept]))) - len(string(all[kept])) + 1; size > n {
			break
		}
	}
	s = string(all[:kept])
	if open := strings.LastIndexByte(s, '<'); open >= 0 && !strings.Contains(s[open:], ">") {
		s = s[:open]
	}
	return typed(strings.TrimSpace(s)) + "…"
}
