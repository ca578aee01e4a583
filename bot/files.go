package bot

import (
	"context"
	"time"

	slackgo "github.com/slack-go/slack"
)

// Picture is an image to be shown in a channel.
type Picture struct {
	// Name ends in .png; Title stands above the picture, Alt says what is to be seen for those who cannot see it.
	Name, Title, Alt string
	// Comment is the message that the picture comes with, in mrkdwn.
	Comment string
	PNG     []byte
	// Key is as in chat.Message: the picture of one key is shown once in a channel, also after a crash.
	Key string
}

// attachment is a file as it is uploaded and shared.
type attachment struct {
	name, title, alt, comment string
	content                   string
}

// ShowPicture shows a picture in a channel (an ID or a name), in a thread unless that is "". What is posted and edited
// there meanwhile does not wait for it. It tries until ctx ends. It needs the scope files:write; in doubt whether the
// picture stands already it looks at the channel's history.
func (s *Slack) ShowPicture(ctx context.Context, channel, thread string, p Picture) error {
	id, err := s.ChannelID(ctx, channel)
	if err != nil {
		return err
	}
	a := attachment{name: p.Name, title: p.Title, alt: p.Alt, comment: s.wording().text(p.Comment), content: string(p.PNG)}
	if p.Key == "" {
		return explain(id, s.attach(ctx, id, thread, a))
	}
	select {
	case s.pictures <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.pictures }()
	return explain(id, s.attachOnce(ctx, id, thread, "picture/"+p.Key, a))
}

// attachOnce is attach for a key, one at a time: which file it is gets noted before it is shared.
func (s *Slack) attachOnce(ctx context.Context, channel, thread, key string, a attachment) error {
	record, before, err := s.claimPost(ctx, channel, key)
	if err != nil || before.Shown {
		return err
	}
	record.Version = max(record.Version, 1)
	if before.File == "" || !s.shows(ctx, channel, thread, before.File, before.At) {
		if before.File, err = s.put(ctx, a); err != nil {
			return err
		}
		if err := s.notePost(ctx, record, before); err != nil {
			return err
		}
		record.Version++
		if err := s.share(ctx, channel, thread, before.File, a); err != nil {
			return err
		}
	}
	before.Shown = true
	if err := s.notePost(ctx, record, before); err != nil {
		// It stands; asking again finds it in the channel.
		s.log.Warn("could not note a picture that is shown", "key", key, "error", err)
	}
	return nil
}

// attach uploads a file and shares it in a channel or thread.
// https://docs.slack.dev/messaging/working-with-files#uploading_files
func (s *Slack) attach(ctx context.Context, channel, thread string, a attachment) error {
	file, err := s.put(ctx, a)
	if err != nil {
		return err
	}
	return s.share(ctx, channel, thread, file, a)
}

// put uploads a file, which nobody sees before it is shared, and answers its ID. An address takes one upload, so each
// attempt has a new one.
func (s *Slack) put(ctx context.Context, a attachment) (file string, err error) {
	err = s.call(ctx, "files.getUploadURLExternal", "", func(ctx context.Context) error {
		to, err := s.api.GetUploadURLExternalContext(ctx, slackgo.GetUploadURLExternalParameters{
			FileName: a.name, FileSize: len(a.content), AltTxt: cut(a.alt, maxAlt)})
		if err != nil {
			return err
		}
		if to.FileID == "" {
			return errEmptyAnswer
		}
		file = to.FileID
		return s.api.UploadToURL(ctx, slackgo.UploadToURLParameters{UploadURL: to.UploadURL, Filename: a.name, Content: a.content})
	})
	return file, err
}

// share posts an uploaded file; when the answer to an attempt was lost it looks first whether it stands.
func (s *Slack) share(ctx context.Context, channel, thread, file string, a attachment) error {
	began := s.now()
	doubtful := false
	return s.call(ctx, "files.completeUploadExternal", "", func(ctx context.Context) error {
		if doubtful && s.shows(ctx, channel, thread, file, began) {
			return nil
		}
		_, err := s.api.CompleteUploadExternalContext(ctx, slackgo.CompleteUploadExternalParameters{
			Files: []slackgo.FileSummary{{ID: file, Title: orElse(a.title, a.name)}}, Channel: channel, ThreadTimestamp: thread,
			InitialComment: a.comment})
		doubtful = doubtful || err != nil && !unsent(err)
		return err
	})
}

// shows says that a channel or thread has a message with the file since a little before began.
func (s *Slack) shows(ctx context.Context, channel, thread, file string, began time.Time) bool {
	_, found := s.find(ctx, channel, thread, began, func(m slackgo.Message) bool {
		for _, f := range m.Files {
			if f.ID == file {
				return true
			}
		}
		return false
	})
	return found
}

// SendFile sends a text file to a person in their direct messages.
func (s *Slack) SendFile(ctx context.Context, userID, name, content string) error {
	direct, err := s.directChannel(ctx, userID)
	if err != nil {
		return err
	}
	return explain("", s.upload(ctx, direct, "", name, content))
}

// upload shares a text file in a channel or thread.
func (s *Slack) upload(ctx context.Context, channel, thread, name, text string) error {
	return s.attach(ctx, channel, thread, attachment{name: name, content: text})
}
