package bot

import (
	"context"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// refusal is why Slack takes no files from this app, for as long as that is believed.
type refusal struct {
	why   string
	until time.Time
}

const (
	filesScope   = "files:write"
	noFilesScope = "I lack the permission `" + filesScope + "` in Slack, so I can't send the rest as a file."
	noFilesNow   = "Slack did not take the rest as a file."
)

// uploadWithin bounds how long the files of one message may take: where Slack's files are not reached, a channel must
// not wait for them. believed is how long files are not tried again after a refusal: somebody may have mended it meanwhile.
const (
	uploadWithin = 30 * time.Second
	believed     = 10 * time.Minute
)

// refuseFiles notes why files are not taken.
func (s *Slack) refuseFiles(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noFiles = refusal{why, time.Now().Add(believed)}
}

// filesRefused says why files are not taken, "" when they are or may be.
func (s *Slack) filesRefused() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().After(s.noFiles.until) {
		return ""
	}
	return s.noFiles.why
}

// attachFiles puts the files of a message into its thread. If Slack does not take them, the message is drawn anew, without
// the promise of a file.
func (s *Slack) attachFiles(ctx context.Context, at chat.Ref, m chat.Message, files []file) {
	err := s.uploadAll(ctx, at.Channel, orElse(m.Thread, at.TS), files)
	if err == nil || ctx.Err() != nil {
		return
	}
	drawn, err := render(s.wording().message(m), filing{inThread, s.noteRefusal(ctx, err)})
	if err == nil {
		err = s.call(ctx, "chat.update", "", func(ctx context.Context) error { return s.update(ctx, at, m, drawn) })
	}
	s.Try(ctx, "say in a message that it was cut", err)
}

// sendFiles sends the files of a private message to the person, because nobody else may see them.
func (s *Slack) sendFiles(ctx context.Context, userID string, m chat.Message, files []file) {
	if len(files) == 0 {
		return
	}
	direct, err := s.directChannel(ctx, userID)
	if err == nil {
		err = s.send(ctx, direct, func(ctx context.Context) error { return s.uploadAll(ctx, direct, "", files) })
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	say := filing{directly, s.noteRefusal(ctx, err)}.say(restFile, m.Uncut)
	_, err = s.Direct(ctx, userID, chat.Message{Summary: m.Summary + ": cut", Parts: []chat.Part{chat.Text(m.Summary), chat.Note(say)}})
	s.Try(ctx, "say that an answer was cut", err)
}

// noteRefusal reports why a file was not taken, remembers it, and answers it in a sentence.
func (s *Slack) noteRefusal(ctx context.Context, err error) string {
	s.Try(ctx, "attach the rest of a long message as a file", err)
	why := noFilesNow
	if Code(err) == "missing_scope" {
		why = noFilesScope
	}
	s.refuseFiles(why)
	return why
}

func (s *Slack) uploadAll(ctx context.Context, channel, thread string, files []file) error {
	ctx, cancel := context.WithTimeout(ctx, uploadWithin)
	defer cancel()
	for _, f := range files {
		if err := s.upload(ctx, channel, thread, f.name, f.text); err != nil {
			return err
		}
	}
	return nil
}
