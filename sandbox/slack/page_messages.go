package slack

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// shownMessages is how many of a channel's newest messages the page gets.
const shownMessages = 300

// maxPreview bounds how many bytes of a text file are shown with its message.
const maxPreview = 4 << 10

type pageMessage struct {
	TS          string          `json:"ts"`
	Thread      string          `json:"thread,omitempty"`
	Broadcast   bool            `json:"broadcast,omitempty"`
	User        string          `json:"user"`
	Username    string          `json:"username,omitempty"`
	Bot         bool            `json:"bot,omitempty"`
	Subtype     string          `json:"subtype,omitempty"`
	Text        string          `json:"text"`
	Plain       string          `json:"plain,omitempty"` // of blocks: what a reader hears
	Blocks      json.RawMessage `json:"blocks,omitempty"`
	Attachments []any           `json:"attachments,omitempty"`
	Ephemeral   bool            `json:"ephemeral,omitempty"`
	Edited      bool            `json:"edited,omitempty"`
	Pinned      string          `json:"pinned,omitempty"` // by whom
	Mentioned   bool            `json:"mentioned,omitempty"`
	Files       []pageFile      `json:"files,omitempty"`
	Reactions   []pageReaction  `json:"reactions,omitempty"`
	Replies     *pageReplies    `json:"replies,omitempty"`
	Values      inputValues     `json:"values,omitempty"`
	Version     uint64          `json:"version"`
}

type pageReaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
}

type pageReplies struct {
	Count  int      `json:"count"`
	Users  []string `json:"users"`
	Latest string   `json:"latest"`
}

type pageFile struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Title   string `json:"title"`
	Alt     string `json:"alt,omitempty"`
	Type    string `json:"type"`
	Size    int    `json:"size"`
	Preview string `json:"preview,omitempty"` // how a text begins
	Whole   bool   `json:"whole,omitempty"`   // the preview is all of it
}

// seenBy says whether a person sees a message.
func (m *message) seenBy(userID string) bool {
	return !m.deleted && (m.ephemeralTo == "" || m.ephemeralTo == userID)
}

// pageMessages are a channel's newest messages, and roots of threads among older ones that these answer.
func (s *Server) pageMessages(ch *channel, me string) []pageMessage {
	shown := []pageMessage{}
	from := max(0, len(ch.messages)-shownMessages)
	roots := map[string]bool{}
	for _, m := range ch.messages[from:] {
		roots[m.thread] = m.thread != ""
	}
	for i, m := range ch.messages {
		if m.seenBy(me) && (i >= from || roots[m.ts]) {
			shown = append(shown, s.pageMessage(ch, m, me))
		}
	}
	return shown
}

func (s *Server) pageMessage(ch *channel, m *message, me string) pageMessage {
	p := pageMessage{TS: m.ts, Thread: m.thread, Broadcast: m.broadcast, User: m.user, Username: m.username, Bot: m.app != nil,
		Subtype: m.subtype, Text: m.text, Blocks: m.raw, Attachments: m.attachments, Ephemeral: m.ephemeralTo != "",
		Edited: m.edits > 0, Version: m.version, Values: initialValues(m.blocks, m.inputs[me]), Mentioned: s.addresses(m, me)}
	if len(m.blocks) > 0 {
		p.Plain = strings.Join(plainBlocks(m.blocks, s.displayName), "\n")
	}
	if at := slices.IndexFunc(ch.pins, func(p pin) bool { return p.message == m }); at >= 0 {
		p.Pinned = ch.pins[at].by
	}
	for _, f := range m.files {
		p.Files = append(p.Files, pageFileOf(f))
	}
	for _, r := range m.reactions {
		p.Reactions = append(p.Reactions, pageReaction{r.Name, slices.Clone(r.Users)})
	}
	if m.thread == m.ts {
		p.Replies = repliesOf(ch.answers(m.ts))
	}
	return p
}

func repliesOf(answers []*message) *pageReplies {
	if len(answers) == 0 {
		return nil
	}
	r := &pageReplies{Count: len(answers), Latest: answers[len(answers)-1].ts}
	for _, a := range answers {
		if !slices.Contains(r.Users, a.user) && len(r.Users) < 5 {
			r.Users = append(r.Users, a.user)
		}
	}
	return r
}

func pageFileOf(f *file) pageFile {
	p := pageFile{ID: f.ID, Name: f.Name, Title: f.Title, Alt: f.Alt, Type: f.MimeType, Size: len(f.Content)}
	if !isText(f) {
		return p
	}
	start := f.Content[:min(len(f.Content), maxPreview)]
	for len(start) > 0 && len(start) < len(f.Content) && !utf8.RuneStart(f.Content[len(start)]) {
		start = start[:len(start)-1]
	}
	p.Preview, p.Whole = string(start), len(start) == len(f.Content)
	return p
}

// textTypes are the ends of names that are read as text whatever their type says.
var textTypes = []string{".log", ".yaml", ".yml", ".md", ".csv", ".json", ".jsonl", ".txt", ".sql", ".sh", ".conf", ".toml", ".ini"}

func isText(f *file) bool {
	named := strings.HasPrefix(f.MimeType, "text/") || slices.Contains(textTypes, path.Ext(f.Name))
	return named && utf8.Valid(f.Content)
}
