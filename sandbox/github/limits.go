package github

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Limits of what can be written; all are of characters or entries.
const (
	maxBody      = 65_536 // of an issue or comment
	maxTitle     = 256
	maxLabel     = 50  // https://github.com/github/docs/issues/32156
	maxLabelText = 100 // https://docs.github.com/en/rest/issues/labels#create-a-label
	maxLabels    = 100 // https://github.com/github/docs/issues/161
	maxAssignees = 10  // https://docs.github.com/en/rest/issues/assignees#add-assignees-to-an-issue
	maxChildren  = 100 // https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/adding-sub-issues
	maxQuery     = 256 // https://docs.github.com/en/rest/search/search#limitations-on-query-length
	maxFound     = 1000
)

// The secondary limits of a user.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
const (
	contentsAMinute = 80
	contentsAnHour  = 500
)

const (
	limitDocs     = "/rest/using-the-rest-api/rate-limits-for-the-rest-api"
	secondaryDocs = "/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
)

// budget counts the requests of a user against one limit.
type budget struct {
	limit, used int
	reset       time.Time
}

func (s *Server) budget(c *call, resource string) *budget {
	who, limit, window := "nobody", s.opts.CoreLimit, time.Hour
	if c.user != nil {
		who = c.user.login
	} else {
		limit = min(limit, 60)
	}
	if resource == "search" {
		limit, window = s.opts.SearchLimit, time.Minute
		if c.user == nil {
			limit = min(limit, 10)
		}
	}
	key := who + " " + resource
	b, now := s.budgets[key], s.now()
	if b == nil || !now.Before(b.reset) {
		b = &budget{limit: limit, reset: now.Add(window)}
		s.budgets[key] = b
	}
	return b
}

// spend takes a request from the budget of its user.
func (s *Server) spend(c *call) error {
	resource := c.endpoint.resource()
	if resource == "" {
		return nil
	}
	b := s.budget(c, resource)
	if b.used >= b.limit {
		return primaryLimit(c, http.StatusForbidden)
	}
	b.used++
	if !s.opts.SecondaryLimits || !c.endpoint.writes() || c.user == nil {
		return nil
	}
	now := s.opts.Now()
	made := slices.DeleteFunc(s.writes[c.user.login], func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	lately := 0
	for _, t := range made {
		if now.Sub(t) < time.Minute {
			lately++
		}
	}
	s.writes[c.user.login] = made
	if lately >= contentsAMinute || len(made) >= contentsAnHour {
		return secondaryLimit(http.StatusForbidden, time.Minute)
	}
	s.writes[c.user.login] = append(made, now)
	return nil
}

// refund gives a request back that has cost nothing.
func (s *Server) refund(c *call) {
	if resource := c.endpoint.resource(); resource != "" && c.token != nil {
		s.budget(c, resource).used--
	}
}

// rateHeaders say how many requests are left.
func (s *Server) rateHeaders(c *call, h http.Header) {
	resource := "core"
	if c.endpoint != nil && c.endpoint.resource() != "" {
		resource = c.endpoint.resource()
	}
	setRate(h, resource, s.budget(c, resource))
}

func setRate(h http.Header, resource string, b *budget) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, b.limit-b.used)))
	h.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(b.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", resource)
}

func primaryLimit(c *call, status int) error {
	who := "127.0.0.1. (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)"
	if c.user != nil {
		who = fmt.Sprintf("user ID %d. If you reach out to GitHub Support for help, please include the request ID %s.", c.user.id, c.id)
	}
	return &refusal{status: status, message: "API rate limit exceeded for " + who, docs: limitDocs}
}

func secondaryLimit(status int, after time.Duration) error {
	headers := map[string]string{}
	if after > 0 {
		headers["Retry-After"] = strconv.Itoa(max(1, int(after.Seconds())))
	}
	return &refusal{status: status, docs: secondaryDocs, headers: headers,
		message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
}

func (b *budget) shape() object {
	return object{"limit": b.limit, "used": b.used, "remaining": max(0, b.limit-b.used), "reset": b.reset.Unix()}
}

func getRateLimit(s *Server, c *call) (answer, error) {
	core := s.budget(c, "core").shape()
	return answer{body: object{"rate": core, "resources": object{"core": core, "search": s.budget(c, "search").shape()}}}, nil
}
