package github_test

import (
	"testing"
	"time"

	client "github.com/google/go-github/v57/github"
	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/sandbox/github"
)

func (s *stage) found(q string) []int {
	s.t.Helper()
	result, _, err := s.client.Search.Issues(s.ctx, q, &client.SearchOptions{Order: "asc"})
	require.NoError(s.t, err, q)
	numbers := []int{}
	for _, i := range result.Issues {
		numbers = append(numbers, i.GetNumber())
	}
	require.Equal(s.t, len(numbers), result.GetTotal())
	return numbers
}

func TestSearch(t *testing.T) {
	s := open(t, github.Options{SearchDelay: -1})
	s.issue("Payments fail", "post-mortem")
	s.issue("Kitchen printer", "good first issue")
	anna := s.Person("anna")
	require.NoError(t, anna.EditBody(backend, 1, "text\n<!-- opsbot: incident 2024-17 -->"))
	_, err := anna.Comment(backend, 2, "Payments were fine.")
	require.NoError(t, err)
	require.NoError(t, anna.Close(backend, 2, "not_planned"))
	for q, want := range map[string][]int{
		"is:issue repo:kampyn/backend": {1, 2},
		"is:issue is:open":             {1},
		`is:issue "opsbot: incident 2024-17" in:body repo:KAMPYN/backend`:      {1},
		`is:issue "incident 2024-1"`:                                           {},
		"is:issue payments":                                                    {1, 2},
		"is:issue payments in:title":                                           {1},
		`type:issue label:"good first issue"`:                                  {2},
		"is:issue -label:post-mortem":                                          {2},
		"is:issue label:post-mortem label:bug":                                 {},
		"is:issue author:opsbot state:closed":                                  {2},
		`is:issue reason:"not planned"`:                                        {2},
		"is:issue created:>=2020-01-01 no:assignee":                            {1, 2},
		"is:issue updated:<2020-01-01":                                         {},
		"is:issue repo:kampyn/website":                                         {},
		"is:issue created:" + time.Now().UTC().Format(time.DateOnly) + " fail": {1},
	} {
		require.Equal(t, want, s.found(q), q)
	}
	for q, says := range map[string]string{
		"repo:kampyn/backend":           "Query must include 'is:issue' or 'is:pull-request'",
		"is:issue repo:kampyn/nowhere":  "The listed users and repositories cannot be searched",
		"is:issue " + string(make260()): "The search is longer than 256 characters.",
	} {
		_, _, err := s.client.Search.Issues(s.ctx, q, nil)
		require.Contains(t, refused(t, err).Errors[0].Message, says)
	}
	outsider := s.as(s.AddToken(github.Token{User: "chitra", Scopes: nil}))
	result, _, err := outsider.Search.Issues(s.ctx, "is:issue", nil)
	require.NoError(t, err)
	require.Zero(t, result.GetTotal(), "what one cannot see one does not find")
}

func make260() []byte {
	b := make([]byte, 260)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

func TestSearchKnowsLate(t *testing.T) {
	now := time.Now()
	s := open(t, github.Options{Now: func() time.Time { return now }, SearchDelay: 10 * time.Second})
	s.issue("Payments fail")
	require.Empty(t, s.found("is:issue payments"))
	now = now.Add(10 * time.Second)
	require.Equal(t, []int{1}, s.found("is:issue payments"))
	require.NoError(t, s.Person("anna").EditTitle(backend, 1, "Orders fail"))
	require.Equal(t, []int{1}, s.found("is:issue payments"), "the index is behind")
	now = now.Add(10 * time.Second)
	require.Empty(t, s.found("is:issue payments"))
	require.Equal(t, []int{1}, s.found("is:issue orders"))
}
