package github

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// silentColor is the colour of a label that comes to be because an issue wants it.
const silentColor = "ededed"

var hexColor = regexp.MustCompile(`^[0-9A-Fa-f]{6}$`)

func listLabels(s *Server, c *call) (answer, error) {
	all := slices.Clone(c.repo.labels)
	slices.SortFunc(all, func(a, b *label) int { return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	return pageOf(s, c, all, func(l *label) object { return s.labelShape(c.repo, l) })
}

func (s *Server) labelNamed(c *call) (*label, error) {
	if l := c.repo.label(c.named["label"]); l != nil {
		return l, nil
	}
	return nil, notFound()
}

func getLabel(s *Server, c *call) (answer, error) {
	l, err := s.labelNamed(c)
	if err != nil {
		return answer{}, err
	}
	return answer{body: s.labelShape(c.repo, l)}, nil
}

// createLabel makes a label. Names differ in more than upper and lower case.
// https://docs.github.com/en/rest/issues/labels#create-a-label
func createLabel(s *Server, c *call) (answer, error) {
	name, given, err := c.text("name")
	if err != nil {
		return answer{}, err
	}
	if !given {
		return answer{}, invalidRequest("%q wasn't supplied.", "name")
	}
	l := &label{color: silentColor}
	if err := c.fillLabel(l, name, true); err != nil {
		return answer{}, err
	}
	l = s.addLabel(c.repo, l.name, l.color, l.description)
	shape := s.labelShape(c.repo, l)
	return answer{status: http.StatusCreated, body: shape, headers: map[string]string{"Location": fmt.Sprint(shape["url"])}}, nil
}

// fillLabel gives a label the name, colour and description of a request, or says all that is wrong with them.
func (c *call) fillLabel(l *label, name string, named bool) error {
	color, hasColor, err := c.text("color")
	if err != nil {
		return err
	}
	text, hasText, err := c.text("description")
	if err != nil {
		return err
	}
	var wrong []object
	if named {
		taken := c.repo.label(name)
		switch {
		case strings.TrimSpace(name) == "":
			wrong = append(wrong, missingField("Label", "name"))
		case utf8.RuneCountInString(name) > maxLabel:
			wrong = append(wrong, custom("Label", "name", fmt.Sprintf("name is too long (maximum is %d characters)", maxLabel)))
		case taken != nil && taken != l:
			wrong = append(wrong, object{"resource": "Label", "code": "already_exists", "field": "name"})
		}
	}
	if hasColor && !hexColor.MatchString(color) {
		wrong = append(wrong, object{"resource": "Label", "code": "invalid", "field": "color"})
	}
	if utf8.RuneCountInString(text) > maxLabelText {
		wrong = append(wrong, custom("Label", "description", fmt.Sprintf("description is too long (maximum is %d characters)", maxLabelText)))
	}
	if len(wrong) > 0 {
		return failedValidation(wrong...)
	}
	if named {
		l.name = name
	}
	if hasColor {
		l.color = strings.ToLower(color)
	}
	if hasText {
		l.description = text
	}
	return nil
}

func updateLabel(s *Server, c *call) (answer, error) {
	l, err := s.labelNamed(c)
	if err != nil {
		return answer{}, err
	}
	name, given, err := c.text("new_name")
	if err != nil {
		return answer{}, err
	}
	if err := c.fillLabel(l, name, given); err != nil {
		return answer{}, err
	}
	s.touch()
	return answer{body: s.labelShape(c.repo, l)}, nil
}

func deleteLabel(s *Server, c *call) (answer, error) {
	l, err := s.labelNamed(c)
	if err != nil {
		return answer{}, err
	}
	is := func(other *label) bool { return other == l }
	c.repo.labels = slices.DeleteFunc(c.repo.labels, is)
	for _, i := range c.repo.issues {
		if slices.ContainsFunc(i.labels, is) {
			i.labels = slices.DeleteFunc(i.labels, is)
			s.index(i)
		}
	}
	s.touch()
	return answer{}, nil
}

// setLabels gives an issue exactly the labels named, and makes those that are not there.
func (s *Server) setLabels(i *issue, by *user, names []string) bool {
	var wanted []*label
	for _, name := range names {
		l := i.repo.label(name)
		if l == nil {
			l = s.addLabel(i.repo, name, silentColor, "")
		}
		if !slices.Contains(wanted, l) {
			wanted = append(wanted, l)
		}
	}
	changed := false
	for _, l := range i.labels {
		if !slices.Contains(wanted, l) {
			s.record(i, event{kind: "unlabeled", actor: by, label: l})
			changed = true
		}
	}
	for _, l := range wanted {
		if !slices.Contains(i.labels, l) {
			s.record(i, event{kind: "labeled", actor: by, label: l})
			changed = true
		}
	}
	i.labels = wanted
	return changed
}

func (i *issue) labelNames() []string {
	names := []string{}
	for _, l := range i.labels {
		names = append(names, l.name)
	}
	return names
}

func listIssueLabels(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	return pageOf(s, c, i.labels, func(l *label) object { return s.labelShape(c.repo, l) })
}

// labelsSent reads labels from {"labels": […]} or from a plain list.
func (c *call) labelsSent() ([]string, error) {
	if list, plain := c.sent.([]any); plain {
		return namesIn(list, "labels", "name")
	}
	names, _, err := c.names("labels", "name")
	return names, err
}

func (s *Server) changeLabels(c *call, change func(now, named []string) []string) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	named, err := c.labelsSent()
	if err != nil {
		return answer{}, err
	}
	wanted := change(i.labelNames(), named)
	if wrong := checkLabels(wanted); len(wrong) > 0 {
		return answer{}, failedValidation(wrong...)
	}
	if s.setLabels(i, c.user, wanted) {
		s.changedIssue(i)
	}
	return answer{body: shapes(i.labels, func(l *label) object { return s.labelShape(c.repo, l) })}, nil
}

func addIssueLabels(s *Server, c *call) (answer, error) {
	return s.changeLabels(c, func(now, named []string) []string {
		for _, name := range named {
			if !slices.ContainsFunc(now, func(have string) bool { return strings.EqualFold(have, name) }) {
				now = append(now, name)
			}
		}
		return now
	})
}

func setIssueLabels(s *Server, c *call) (answer, error) {
	return s.changeLabels(c, func(_, named []string) []string { return named })
}

func clearIssueLabels(s *Server, c *call) (answer, error) {
	if _, err := s.changeLabels(c, func(_, _ []string) []string { return nil }); err != nil {
		return answer{}, err
	}
	return answer{}, nil
}

// removeIssueLabel takes one label from an issue; a label that the issue does not have is not found.
func removeIssueLabel(s *Server, c *call) (answer, error) {
	i, err := s.issue(c)
	if err != nil {
		return answer{}, err
	}
	name := c.named["label"]
	if !i.has(name) {
		return answer{}, refuse(http.StatusNotFound, "Label does not exist")
	}
	return s.changeLabels(c, func(now, _ []string) []string {
		return slices.DeleteFunc(now, func(have string) bool { return strings.EqualFold(have, name) })
	})
}
