package converge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
)

// Show has one message stand in a channel as m: posted once, edited from then on, and posted anew when somebody has
// deleted it. What an attempt before a crash has posted may be older, so it is edited, too. thing names the message
// among those of the record; at is where it stands, zero before it does, and keep stores that.
func (w *Work[T]) Show(ctx context.Context, thing, channel string, at chat.Ref, m chat.Message, keep func(*T, chat.Ref)) error {
	want := Digest(m)
	slack, effects := w.e.o.Slack, w.e.o.State(&w.Record).Effects
	if at.IsZero() {
		meant := effects[thing+" meant"]
		if meant == "" {
			if err := w.Note(ctx, func(r *T) { w.e.o.State(r).BroughtAbout(thing+" meant", want) }); err != nil {
				return err
			}
		}
		again := effects[thing+" again"] // grows when somebody deletes the message
		m.Key = w.Key(thing + again)
		posted, err := slack.Post(ctx, channel, m)
		if err != nil {
			return err
		}
		if err := w.Change(ctx, func(r *T) { keep(r, posted) }); err != nil {
			return err
		}
		if meant == "" || meant == want {
			return nil
		}
		at = posted
	}
	err := slack.Edit(ctx, at, m)
	if bot.Code(err) == "message_not_found" {
		gone := w.Note(ctx, func(r *T) {
			keep(r, chat.Ref{})
			s := w.e.o.State(r)
			s.BroughtAbout(thing+" again", s.Effects[thing+" again"]+"+")
			delete(s.Effects, thing+" meant")
		})
		return errors.Join(err, gone)
	}
	return err
}

// Key names one thing of the record, for messages that are posted once: "incident/12/card".
func (w *Work[T]) Key(thing string) string {
	return fmt.Sprintf("%s/%s/%s", w.e.o.Kind, w.e.o.Name(w.Record), thing)
}

// Digest is a short text that differs when the values do.
func Digest(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil { // values that no JSON can hold are a mistake of the program
		panic(fmt.Sprintf("converge: digest: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
