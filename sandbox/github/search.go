package github

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// indexed is what the search index knows of an issue since a time.
type indexed struct {
	at                    time.Time
	title, body, comments []string // words
	closed, gone          bool
	reason                string
	labels, assignees     []string // in lower case
}

// index lets the search index know what an issue is now. It will know after Options.SearchDelay.
func (s *Server) index(i *issue) {
	e := indexed{at: s.opts.Now(), title: words(i.title), body: words(i.body), closed: i.closed, reason: i.reason,
		gone: i.deleted || i.movedTo != nil}
	for _, m := range i.comments {
		e.comments = append(e.comments, words(m.body)...)
	}
	for _, l := range i.labels {
		e.labels = append(e.labels, strings.ToLower(l.name))
	}
	for _, u := range i.assignees {
		e.assignees = append(e.assignees, strings.ToLower(u.login))
	}
	i.indexed = append(i.indexed, e)
	// Of what the index knows by now, only the newest is ever asked for.
	for len(i.indexed) > 1 && s.known(i.indexed[1]) {
		i.indexed = i.indexed[1:]
	}
}

func (s *Server) known(e indexed) bool { return s.opts.Now().Sub(e.at) >= s.opts.SearchDelay }

// words are the letters and digits of a text, in lower case: the rest is not searched.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// holds says whether the words of a phrase follow each other somewhere.
func holds(text, phrase []string) bool {
	for i := 0; i+len(phrase) <= len(text); i++ {
		if slices.Equal(text[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

// term is a part of a query: a word, a phrase or a qualifier.
type term struct {
	key, value string
	not        bool
}

// terms reads a query: words, "phrases" and qualifiers such as label:"good first issue" or -label:bug.
// https://docs.github.com/en/search-github/searching-on-github/searching-issues-and-pull-requests
func terms(q string) []term {
	var all []term
	for q = strings.TrimSpace(q); q != ""; q = strings.TrimSpace(q) {
		var t term
		t.not = strings.HasPrefix(q, "-")
		q = strings.TrimPrefix(q, "-")
		end := strings.IndexAny(q, ` "`)
		if end < 0 {
			end = len(q)
		}
		word := q[:end]
		q = q[end:]
		if key, value, ok := strings.Cut(word, ":"); ok {
			t.key, word = strings.ToLower(key), value
		}
		t.value = word
		if strings.HasPrefix(q, `"`) && (word == "") {
			t.value, q, _ = strings.Cut(q[1:], `"`)
		}
		all = append(all, t)
	}
	return all
}

// qualifiers are those that are understood here; another word before a colon is searched as it stands.
var qualifiers = []string{"repo", "is", "type", "state", "in", "label", "author", "assignee", "no", "reason", "created", "updated", "user", "org"}

// searchIssues finds issues by their words, as far as the index knows them by now.
// https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests
func searchIssues(s *Server, c *call) (answer, error) {
	q := c.query.Get("q")
	all := terms(q)
	if err := s.checkQuery(c, q, all); err != nil {
		return answer{}, err
	}
	var found []*issue
	for _, r := range s.repos {
		if !c.sees(r) || c.token.fineGrained() && r.private && !c.token.permits(readsIssues) {
			continue
		}
		for _, i := range r.issues {
			if e := s.knownOf(i); e != nil && !e.gone && matches(i, e, all) {
				found = append(found, i)
			}
		}
	}
	sortIssues(found, c.query.Get("sort"), c.query.Get("order") != "asc")
	total := len(found)
	some, headers := page(s, c, found[:min(total, maxFound)])
	return answer{headers: headers, body: object{"total_count": total, "incomplete_results": false, "search_type": "lexical",
		"items": shapes(some, func(i *issue) object {
			o := s.issueShape(c, i)
			for _, absent := range []string{"closed_by", "parent_issue_url"} {
				delete(o, absent)
			}
			o["score"] = 1.0
			return o
		})}}, nil
}

// checkQuery says what is wrong with a query.
func (s *Server) checkQuery(c *call, q string, all []term) error {
	wrong := func(said string) error {
		e := invalidValue("Search", "q", q)
		delete(e, "value")
		e["message"] = said
		return failedValidation(e)
	}
	if strings.TrimSpace(q) == "" {
		return failedValidation(object{"resource": "Search", "field": "q", "code": "missing"})
	}
	free, kind := 0, false
	for _, t := range all {
		if !slices.Contains(qualifiers, t.key) {
			free += utf8.RuneCountInString(t.value) + 1
		}
		kind = kind || !t.not && (t.key == "is" || t.key == "type") && slices.Contains([]string{"issue", "pr", "pull-request"}, t.value)
		if t.key != "repo" {
			continue
		}
		if r, _ := s.findRepo(t.value); r == nil || !c.sees(r) {
			return wrong("The listed users and repositories cannot be searched either because the resources do not exist or you do not have permission to view them.")
		}
	}
	switch {
	case free > maxQuery:
		return wrong("The search is longer than 256 characters.")
	case !kind:
		return wrong("Query must include 'is:issue' or 'is:pull-request'")
	}
	at := c.query.Get("page")
	if n := len(at); n > 3 || n == 3 && c.perPage() > 10 {
		return refuse(http.StatusUnprocessableEntity, "Only the first 1000 search results are available")
	}
	return nil
}

// knownOf is what the index knows of an issue by now, or nil.
func (s *Server) knownOf(i *issue) *indexed {
	for n := len(i.indexed) - 1; n >= 0; n-- {
		if s.known(i.indexed[n]) {
			return &i.indexed[n]
		}
	}
	return nil
}

func matches(i *issue, e *indexed, all []term) bool {
	text := [][]string{}
	where := ""
	for _, t := range all {
		if t.key == "in" {
			where += "," + t.value
		}
	}
	for name, part := range map[string][]string{"title": e.title, "body": e.body, "comments": e.comments} {
		if where == "" || strings.Contains(where, name) {
			text = append(text, part)
		}
	}
	for _, t := range all {
		if t.matches(i, e, text) == t.not && t.key != "in" {
			return false
		}
	}
	return true
}

func (t term) matches(i *issue, e *indexed, text [][]string) bool {
	value := strings.ToLower(t.value)
	switch t.key {
	case "in":
		return true
	case "repo":
		return strings.EqualFold(i.repo.fullName(), value)
	case "user", "org":
		return strings.EqualFold(i.repo.owner.login, value)
	case "is", "type", "state":
		return value == "issue" || value == "open" && !e.closed || value == "closed" && e.closed
	case "reason":
		return e.closed && e.reason == strings.ReplaceAll(value, " ", "_")
	case "label":
		return slices.ContainsFunc(strings.Split(value, ","), func(name string) bool { return slices.Contains(e.labels, strings.Trim(name, `"`)) })
	case "author":
		return strings.EqualFold(i.author.login, value)
	case "assignee":
		return slices.Contains(e.assignees, value)
	case "no":
		return value == "label" && len(e.labels) == 0 || value == "assignee" && len(e.assignees) == 0
	case "created":
		return inRange(i.created, t.value)
	case "updated":
		return inRange(i.updated, t.value)
	}
	if t.key != "" {
		value = t.key + ":" + value
	}
	phrase := words(value)
	return slices.ContainsFunc(text, func(part []string) bool { return holds(part, phrase) })
}

// inRange says whether a time is in ">=2024-01-31", "<2024-01-31T10:00:00Z", or on a day.
func inRange(at time.Time, value string) bool {
	day := strings.TrimLeft(value, "<>=")
	op := value[:len(value)-len(day)]
	from, err := time.Parse(time.RFC3339, day)
	to := from
	if err != nil {
		if from, err = time.Parse(time.DateOnly, day); err != nil {
			return false
		}
		to = from.AddDate(0, 0, 1).Add(-time.Second)
	}
	switch op {
	case ">":
		return at.After(to)
	case ">=":
		return !at.Before(from)
	case "<":
		return at.Before(from)
	case "<=":
		return !at.After(to)
	}
	return !at.Before(from) && !at.After(to)
}
