package slack

import (
	"fmt"
	"regexp"
	"strings"
)

// Guide is what the page greets people with: who they can be, and what to try in which order.
type Guide struct {
	// Title and Text welcome; Text is mrkdwn.
	Title, Text string
	People      []GuidePerson
	Steps       []GuideStep
}

// GuidePerson says who a user is.
type GuidePerson struct {
	UserID, About string
}

// GuideStep is one thing to try.
type GuideStep struct {
	// Title is short; About is mrkdwn.
	Title, About string
	// As is the user who does it and Channel the channel it is done in; "" stands for any.
	As, Channel string
	// Line is what a click puts into the composer. Home leads a click to the app's home instead.
	Line string
	Home bool
	// Done is a regular expression over one message as a person reads it: one that matches it checks the step off.
	// When it is empty, sending Line does, or opening the home.
	Done string
}

// SetGuide makes the page greet. It errs for a pattern that does not compile and for ids that nobody has.
func (s *Server) SetGuide(g Guide) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := &guide{Guide: g}
	for _, p := range g.People {
		if s.users[p.UserID] == nil {
			return fmt.Errorf("guide: there is no user %q", p.UserID)
		}
	}
	for _, step := range g.Steps {
		progress := guideProgress{}
		if step.Done != "" {
			pattern, err := regexp.Compile(step.Done)
			if err != nil {
				return fmt.Errorf("guide: %q: %w", step.Title, err)
			}
			progress.pattern = pattern
		}
		if step.As != "" && s.users[step.As] == nil || step.Channel != "" && s.channels[step.Channel] == nil {
			return fmt.Errorf("guide: %q names a user or channel that nobody has", step.Title)
		}
		next.progress = append(next.progress, progress)
	}
	s.page.guide = next
	s.touch()
	return nil
}

// guide is a Guide with how far people have come.
type guide struct {
	Guide
	progress []guideProgress
}

type guideProgress struct {
	pattern *regexp.Regexp
	seen    uint64 // version up to which messages were looked at
	done    bool
}

// said checks off what is done by saying a line.
func (g *guide) said(userID, line string) {
	g.finish(userID, func(step GuideStep) bool {
		return step.Line != "" && strings.TrimSpace(step.Line) == strings.TrimSpace(line)
	})
}

// wentHome checks off what is done by opening the app's home.
func (g *guide) wentHome(userID string) {
	g.finish(userID, func(step GuideStep) bool { return step.Home })
}

func (g *guide) finish(userID string, matches func(GuideStep) bool) {
	if g == nil {
		return
	}
	for i, step := range g.Steps {
		if g.progress[i].pattern == nil && matches(step) && (step.As == "" || step.As == userID) {
			g.progress[i].done = true
		}
	}
}

// lookForSteps checks off what messages show to be done; each message is looked at once in each state.
func (s *Server) lookForSteps(g *guide) {
	for i, step := range g.Steps {
		p := &g.progress[i]
		if p.done || p.pattern == nil {
			continue
		}
		for _, id := range s.channelOrder {
			if step.Channel != "" && step.Channel != id {
				continue
			}
			for _, m := range s.channels[id].messages {
				if m.version > p.seen && !m.deleted && p.pattern.MatchString(m.exported().Plain()) {
					p.done = true
				}
			}
		}
		p.seen = s.version
	}
}

// pageGuide is a guide as the page gets it.
type pageGuide struct {
	Title  string            `json:"title"`
	Text   string            `json:"text"`
	People []pageGuidePerson `json:"people"`
	Steps  []pageGuideStep   `json:"steps"`
}

type pageGuidePerson struct {
	ID    string `json:"id"`
	About string `json:"about"`
}

type pageGuideStep struct {
	Title   string `json:"title"`
	About   string `json:"about"`
	As      string `json:"as,omitempty"`
	Channel string `json:"channel,omitempty"`
	Line    string `json:"line,omitempty"`
	Home    bool   `json:"home,omitempty"`
	Done    bool   `json:"done"`
}

func (s *Server) pageGuide() *pageGuide {
	g := s.page.guide
	if g == nil {
		return nil
	}
	s.lookForSteps(g)
	shown := &pageGuide{Title: g.Title, Text: g.Text}
	for _, p := range g.People {
		shown.People = append(shown.People, pageGuidePerson{p.UserID, p.About})
	}
	for i, step := range g.Steps {
		shown.Steps = append(shown.Steps, pageGuideStep{step.Title, step.About, step.As, step.Channel, step.Line, step.Home, g.progress[i].done})
	}
	return shown
}
