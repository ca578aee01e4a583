package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kampyn/opsbot/bot"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/incidents"
)

// What people themselves put onto a timeline: notes, messages with a time of their own, and corrections.

func (p Parts) incidentNote() incidentPart {
	return incidentPart{
		words: []bot.Word{
			{Name: "note", Usage: "[#incident] [at 14:05 | 10m ago] text", Summary: "put something onto the timeline, at a time of its own", Role: bot.Anyone, Run: p.noteWords},
		},
		actions: []bot.Action{
			{Name: "incident.note", Role: bot.Anyone, Run: p.notePressed},
			{Name: "form:incident.note", Role: bot.Anyone, Run: p.noteSubmitted},
			{Name: "form:incident.add", Role: bot.Anyone, Run: p.addSubmitted},
		},
		shortcuts: []bot.Shortcut{{ID: "incident.add", Label: "Add to timeline", Summary: "Put this message onto an incident's timeline, at a time of its own",
			OnMessage: true, Role: bot.Anyone, Run: p.addShortcut}},
	}
}

func (p Parts) noteWords(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, rest, ask, err := p.which(ctx, r)
	if err != nil || ask != nil {
		return deref(ask), err
	}
	if err := p.mayJoin(ctx, r, i); err != nil {
		return bot.Reply{}, err
	}
	if len(rest) == 0 {
		return noteForm(i, r.At), nil
	}
	at, text, err := incidents.When(rest, r.At.In(p.Desk.Zone(ctx, r.User)))
	if err != nil {
		return bot.Reply{}, err
	}
	return p.note(ctx, r, i, at, strings.Join(text, " "))
}

// note answers the person alone: the channel has the timeline.
func (p Parts) note(ctx context.Context, r bot.Request, i incidents.Incident, at time.Time, text string) (bot.Reply, error) {
	e, err := p.Desk.Note(ctx, i.Number, act(r), at, text)
	if err != nil {
		return bot.Reply{}, err
	}
	return entryReply(e, fmt.Sprintf("On the timeline of %s:", i.Name())), nil
}

// entryReply shows the person an entry, with what can be done about it.
func entryReply(e incidents.Entry, say string) bot.Reply {
	return bot.Reply{Message: &chat.Message{Summary: say, Private: true, Parts: []chat.Part{
		chat.Text(say), entryPart(e),
		chat.Actions{{Action: "incident.timeline", Value: strconv.Itoa(e.Incident), Label: "Timeline"}},
	}}}
}

func (p Parts) notePressed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err == nil {
		err = p.mayJoin(ctx, r, i)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	return noteForm(i, r.At), nil
}

func noteForm(i incidents.Incident, now time.Time) bot.Reply {
	return bot.Reply{Form: &chat.Form{ID: "incident.note", Title: "Note for " + i.Name(), Submit: "Add", Meta: about(i), Inputs: []chat.Input{
		{ID: "text", Label: "What happened", Kind: chat.TextArea}, whenInput(now),
	}}}
}

// whenInput asks for a moment; Slack shows and takes it in the person's own time zone.
func whenInput(at time.Time) chat.Input {
	return chat.Input{ID: "at", Label: "When", Kind: chat.Instant, Initial: []string{strconv.FormatInt(at.Unix(), 10)}, Hint: "Date and time in your time zone."}
}

// whenAnswered is the moment that was filled in, or otherwise if that is in the same minute: forms know no seconds.
func whenAnswered(r bot.Request, otherwise time.Time) (time.Time, error) {
	seconds, err := strconv.ParseInt(answered(r, "at"), 10, 64)
	if err != nil {
		return time.Time{}, &chat.Problem{Say: "When was it?", Fields: map[string]string{"at": "Choose a date and a time."}}
	}
	at := time.Unix(seconds, 0)
	if at.Truncate(time.Minute).Equal(otherwise.Truncate(time.Minute)) {
		return otherwise, nil
	}
	return at, nil
}

func (p Parts) noteSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, _, err := p.pressed(ctx, r)
	if err == nil {
		err = p.mayJoin(ctx, r, i)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	at, err := whenAnswered(r, r.At)
	if err != nil {
		return bot.Reply{}, err
	}
	return p.note(ctx, r, i, at, answered(r, "text"))
}

// adding is what a form carries of the message that is to be added: what it says is kept in case it cannot be read.
type adding struct {
	Incident int      `json:"i,omitempty"`
	Message  chat.Ref `json:"m"`
	Author   string   `json:"a"`
	Text     string   `json:"t"`
}

// mostCarried is how many characters of a message a form carries, so that they fit its Meta of 3,000 in JSON.
const mostCarried = 1000

// addShortcut opens the form for a message.
func (p Parts) addShortcut(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, here, err := p.Desk.In(ctx, r.Channel)
	if err != nil {
		return bot.Reply{}, err
	}
	form := &chat.Form{ID: "incident.add", Title: "Add to timeline", Submit: "Add", Intro: []chat.Part{
		chat.Text("> " + strings.ReplaceAll(incidents.Cut(r.Text, 300), "\n", "\n> "))}}
	add := adding{Message: r.Message, Author: r.Author, Text: incidents.Cut(r.Text, mostCarried)}
	if here {
		add.Incident = i.Number
		form.Title = "Timeline of " + i.Name()
	} else {
		options, err := p.openOptions(ctx, r)
		if err != nil {
			return bot.Reply{}, err
		}
		form.Inputs = append(form.Inputs, chat.Input{ID: "incident", Label: "Incident", Kind: chat.Select, Options: options})
	}
	var meta strings.Builder
	encoder := json.NewEncoder(&meta)
	encoder.SetEscapeHTML(false) // six times as long
	if err := encoder.Encode(add); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: add a message: %w", err)
	}
	form.Meta = strings.TrimSpace(meta.String())
	form.Inputs = append(form.Inputs, whenInput(bot.When(r.Message.TS)),
		chat.Input{ID: "text", Label: "In other words", Kind: chat.TextArea, Optional: true, Hint: "Left empty, the message's own words stand there and follow its edits."})
	return bot.Reply{Form: form}, nil
}

// openOptions are the open incidents that the person may add to.
func (p Parts) openOptions(ctx context.Context, r bot.Request) ([]chat.Option, error) {
	open, err := p.Desk.Open(ctx)
	if err != nil {
		return nil, err
	}
	var options []chat.Option
	for _, i := range open {
		if p.mayJoin(ctx, r, i) == nil {
			options = append(options, chat.Option{Value: about(i), Label: shorten(i.Name()+" "+i.Title, 69)})
		}
	}
	if len(options) == 0 {
		return nil, &chat.Problem{Say: "There is no open incident whose timeline you can add to from here.", Try: "Do it in the incident's channel; `/incident list` shows them."}
	}
	return options, nil
}

func (p Parts) addSubmitted(ctx context.Context, r bot.Request) (bot.Reply, error) {
	var add adding
	if err := json.Unmarshal([]byte(r.Meta), &add); err != nil {
		return bot.Reply{}, fmt.Errorf("commands: add a message: %w", err)
	}
	if add.Incident == 0 {
		number, err := strconv.Atoi(answered(r, "incident"))
		if err != nil {
			return bot.Reply{}, errors.New("commands: add a message to no incident")
		}
		add.Incident = number
	}
	i, err := p.Desk.Get(ctx, add.Incident)
	if err == nil {
		err = p.mayJoin(ctx, r, i)
	}
	if err != nil {
		return bot.Reply{}, err
	}
	said := bot.When(add.Message.TS)
	at, err := whenAnswered(r, said)
	if err != nil {
		return bot.Reply{}, err
	}
	e := incidents.Entry{Incident: i.Number, Message: add.Message, By: chat.User{ID: add.Author, Name: "a bot"}, At: said}
	if at.Equal(said) {
		at = time.Time{}
	}
	e, err = p.Desk.Add(ctx, act(r), e, add.Text, answered(r, "text"), at)
	if err != nil {
		return bot.Reply{}, err
	}
	return entryReply(e, fmt.Sprintf("On the timeline of %s:", i.Name())), nil
}

// entryOf finds the entry that a menu or form is about, for who may change it: whoever put it there or wrote it, or may
// decide about the incident.
func (p Parts) entryOf(ctx context.Context, r bot.Request) (incidents.Incident, incidents.Entry, error) {
	i, rest, err := p.pressed(ctx, r)
	if err != nil {
		return i, incidents.Entry{}, err
	}
	e, err := p.Desk.Entry(ctx, i.Number, strings.Join(rest, " "))
	if err != nil {
		return i, e, err
	}
	if e.By.ID != r.User.ID && e.Via.ID != r.User.ID {
		if p.mayRun(ctx, r, i) != nil {
			err = &chat.Problem{Say: "Only who wrote the entry, or may decide about the " + i.Kind() + ", can change it.", Try: "Ask " + e.By.Mention() + ", or add a note."}
		}
	}
	return i, e, err
}

// entryPicked takes an entry back, or asks when it really happened.
func (p Parts) entryPicked(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, e, err := p.entryOf(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	switch first(r.Picked) {
	case "back":
		if _, err := p.Desk.TakeBack(ctx, i.Number, e.ID); err != nil {
			return bot.Reply{}, err
		}
		return private(fmt.Sprintf("Taken back from the timeline of %s: %s", i.Name(), incidents.Cut(e.Text, shownText))), nil
	case "time":
		return bot.Reply{Form: &chat.Form{ID: "incident.entry", Title: "Correct the time", Submit: "Correct", Meta: about(i) + " " + e.ID,
			Intro: []chat.Part{entryText(e)}, Inputs: []chat.Input{whenInput(e.At)}}}, nil
	}
	return bot.Reply{}, fmt.Errorf("commands: change an entry: %q", r.Picked)
}

func entryText(e incidents.Entry) chat.Part {
	if item, ok := entryPart(e).(chat.Item); ok {
		return chat.Text(item.Text)
	}
	return entryPart(e)
}

func (p Parts) entryRetimed(ctx context.Context, r bot.Request) (bot.Reply, error) {
	i, e, err := p.entryOf(ctx, r)
	if err != nil {
		return bot.Reply{}, err
	}
	at, err := whenAnswered(r, e.At)
	if err != nil {
		return bot.Reply{}, err
	}
	if e, err = p.Desk.Retime(ctx, i.Number, act(r), e.ID, at); err != nil {
		return bot.Reply{}, err
	}
	return entryReply(e, fmt.Sprintf("Corrected on the timeline of %s:", i.Name())), nil
}
