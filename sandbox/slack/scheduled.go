package slack

import (
	"slices"
	"strconv"
	"time"
)

// scheduled is a message that an app will have posted.
type scheduled struct {
	id      string
	call    *call
	channel *channel
	content content
	thread  string
	at      time.Time
	created time.Time
}

// Limits of scheduled messages. https://docs.slack.dev/reference/methods/chat.scheduleMessage
const (
	farthestSchedule = 120 * 24 * time.Hour
	// maxScheduled is how many may be due in a channel within scheduleWindow.
	maxScheduled   = 30
	scheduleWindow = 5 * time.Minute
	// lastDeletion is how long before its time a message can still be taken back.
	lastDeletion = time.Minute
)

func chatScheduleMessage(s *Server, c *call) (object, error) {
	ch, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if !ch.has(c.app.UserID) && !s.uses(c.app, c.name, "chat:write.public") {
		return nil, fault("not_in_channel")
	}
	seconds, err := strconv.ParseInt(c.str("post_at"), 10, 64)
	m := &scheduled{call: c, channel: ch, at: time.Unix(seconds, 0), created: s.now()}
	near := func(o *scheduled) bool { return o.channel == ch && o.at.Sub(m.at).Abs() < scheduleWindow/2 }
	switch {
	case err != nil:
		return nil, fault("invalid_time")
	case !m.at.After(s.now()):
		return nil, fault("time_in_past")
	case m.at.Sub(s.now()) > farthestSchedule:
		return nil, fault("time_too_far")
	case len(slices.DeleteFunc(slices.Clone(s.scheduled), func(o *scheduled) bool { return !near(o) })) >= maxScheduled:
		return nil, fault("restricted_too_many")
	}
	if m.content, err = c.readContent(); err != nil {
		return nil, err
	}
	if m.content.empty() {
		return nil, fault("no_text")
	}
	if m.content.metadata != nil {
		return nil, fault("invalid_arguments", "metadata is not supported for scheduled messages [json-pointer:/metadata]")
	}
	if m.thread, err = c.thread(ch); err != nil {
		return nil, err
	}
	m.id = s.newID("Q")
	s.scheduled = append(s.scheduled, m)
	wait := m.at.Sub(s.now())
	s.running.Go(func() { s.postLater(m, wait) })
	shown := object{"type": "delayed_message", "text": m.content.text, "user": c.app.UserID, "bot_id": c.app.BotID,
		"app_id": c.app.AppID, "team": s.teamID, "bot_profile": s.botObject(c.app)}
	if len(m.content.blocks) > 0 {
		shown["blocks"] = m.content.blocks
	}
	return object{"scheduled_message_id": m.id, "channel": ch.id, "post_at": seconds, "message": shown}, nil
}

// postLater posts a message when its time has come, unless it was taken back. The lock is not held.
func (s *Server) postLater(m *scheduled, wait time.Duration) {
	if s.sleep(wait) != nil {
		return // the workspace was closed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.unschedule(m) || m.channel.archived {
		return
	}
	s.post(m.channel, m.call, m.content, m.thread)
}

// unschedule forgets a message; it is false for one that was forgotten before.
func (s *Server) unschedule(m *scheduled) bool {
	at := slices.Index(s.scheduled, m)
	if at < 0 {
		return false
	}
	s.scheduled = slices.Delete(s.scheduled, at, at+1)
	return true
}

func chatDeleteScheduledMessage(s *Server, c *call) (object, error) {
	ch, err := s.visible(c.app, c.str("channel"))
	if err != nil {
		return nil, err
	}
	for _, m := range s.scheduled {
		if m.id == c.str("scheduled_message_id") && m.channel == ch && m.call.app == c.app && m.at.Sub(s.now()) > lastDeletion {
			s.unschedule(m)
			return nil, nil
		}
	}
	return nil, fault("invalid_scheduled_message_id")
}

func chatScheduledMessagesList(s *Server, c *call) (object, error) {
	if id := c.str("channel"); id != "" {
		if _, err := s.visible(c.app, id); err != nil {
			return nil, fault("invalid_channel")
		}
	}
	var found []*scheduled
	for _, m := range s.scheduled {
		oldest, latest := c.str("oldest"), c.str("latest")
		due := strconv.FormatInt(m.at.Unix(), 10)
		if m.call.app != c.app || c.str("channel") != "" && m.channel.id != c.str("channel") ||
			oldest != "" && !after(due, oldest, true) || latest != "" && !after(latest, due, true) {
			continue
		}
		found = append(found, m)
	}
	part, next, err := page(found, c)
	if err != nil {
		return nil, err
	}
	objects := make([]any, len(part))
	for i, m := range part {
		objects[i] = object{"id": m.id, "channel_id": m.channel.id, "post_at": m.at.Unix(), "date_created": m.created.Unix(),
			"text": m.content.text}
	}
	return object{"scheduled_messages": objects, "response_metadata": object{"next_cursor": next}}, nil
}
