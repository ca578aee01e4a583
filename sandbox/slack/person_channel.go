package slack

import (
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"
)

// Pin keeps a message in view in its channel.
func (p *Person) Pin(channelID, ts string) error {
	return p.onMessage(channelID, ts, func(ch *channel, m *message) error { return p.s.pin(ch, m, p.id) })
}

// Unpin takes a message away from the pinned ones.
func (p *Person) Unpin(channelID, ts string) error {
	return p.onMessage(channelID, ts, func(ch *channel, m *message) error { return p.s.unpin(ch, m, p.id) })
}

// Dismiss hides a message that only this person sees. The app does not hear of it.
func (p *Person) Dismiss(channelID, ts string) error {
	return p.onMessage(channelID, ts, func(ch *channel, m *message) error {
		if m.ephemeralTo != p.id {
			return fmt.Errorf("the message %s is for everyone", ts)
		}
		p.s.erase(ch, m)
		return nil
	})
}

func (p *Person) onMessage(channelID, ts string, do func(*channel, *message) error) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	_, ch, m, err := p.find(channelID, ts)
	if err != nil {
		return err
	}
	return do(ch, m)
}

// MarkRead remembers that the person has seen a channel up to a message.
func (p *Person) MarkRead(channelID, ts string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	ch := p.s.channels[channelID]
	if ch == nil || ch.kind != publicChannel && !ch.has(p.id) {
		return fmt.Errorf("there is no channel %q", channelID)
	}
	if key := p.id + "/" + channelID; compareTS(ts, p.s.page.reads[key]) > 0 {
		p.s.page.reads[key] = ts
		p.s.touch()
	}
	return nil
}

// DMWith answers the id of the person's direct messages with another user, made when there is none yet.
func (p *Person) DMWith(userID string) (channelID string, err error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if _, err := p.user(); err != nil {
		return "", err
	}
	if p.s.users[userID] == nil {
		return "", fmt.Errorf("there is no user %q", userID)
	}
	ch, _ := p.s.direct(p.id, userID)
	return ch.id, nil
}

// CancelAll closes the open form and those below it. Each app that asked to (notify_on_close) hears of it.
func (p *Person) CancelAll() error {
	for first := true; ; first = false {
		p.s.mu.Lock()
		none := p.s.topView(p.id) == nil
		p.s.mu.Unlock()
		if none && !first {
			return nil
		}
		if err := p.cancel(true); err != nil {
			return err
		}
	}
}

// Attach uploads a file without sharing it, as a form's file input does, and answers its id (F…).
func (p *Person) Attach(name string, content []byte) (fileID string, err error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	f, err := p.upload(name, content)
	if err != nil {
		return "", err
	}
	return f.ID, nil
}

// Share posts a file, in a thread if threadTS is not "", with a text that may be "".
func (p *Person) Share(channelID, threadTS, text, name string, content []byte) (ts string, err error) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ch, err := p.enter(channelID)
	if err != nil {
		return "", err
	}
	if threadTS, err = p.root(ch, threadTS); err != nil {
		return "", err
	}
	f, err := p.upload(name, content)
	if err != nil {
		return "", err
	}
	f.shared = append(f.shared, ch.id)
	m := s.addMessage(ch, &message{user: p.id, subtype: "file_share", text: s.typed(text), files: []*file{f}, thread: threadTS})
	s.emitMessage(ch, m)
	s.emitChannel(ch, "file_shared", object{"file_id": f.ID, "user_id": p.id, "channel_id": ch.id, "file": object{"id": f.ID}})
	return m.ts, nil
}

func (p *Person) upload(name string, content []byte) (*file, error) {
	if _, err := p.user(); err != nil {
		return nil, err
	}
	name = path.Base(name)
	if len(content) == 0 || len(content) > maxFile || name == "." || name == "/" {
		return nil, fmt.Errorf("a file has a name and 1 to %d bytes", maxFile)
	}
	f := &file{owner: p.id, expected: len(content), uploaded: true, created: p.s.now()}
	f.ID, f.Name, f.Title, f.Content = p.s.newID("F"), name, name, slices.Clone(content)
	f.MimeType, _, _ = mime.ParseMediaType(mime.TypeByExtension(path.Ext(name))) // an unknown one is set below
	if f.MimeType == "" {
		f.MimeType = "application/octet-stream"
	}
	f.URL = p.s.URL() + "/files-pri/" + p.s.teamID + "-" + f.ID + "/" + strings.ReplaceAll(name, " ", "_")
	p.s.files[f.ID] = f
	p.s.touch()
	return f, nil
}
