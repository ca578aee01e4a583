package incidents

import (
	"context"
	"strings"

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
			w.d.o.Slack.Try(ctx, "write into the channel of "+w.Record.Name(), err)
			return nil
		}
		return err
	}
	return e
}

// paragraph is a message of one paragraph, posted once for its key.
func paragraph(text, key string) chat.Message {
	return chat.Message{Summary: text, Parts: []chat.Part{chat.Text(text)}, Key: key}
}

// inSlack says that a person can be written to.
func inSlack(u chat.User) bool { return strings.HasPrefix(u.Mention(), "<@") }

// clip is what a person typed, safe inside mrkdwn and at most n characters long there.
func clip(s string, n int) string { return chat.Clip(s, n) }
