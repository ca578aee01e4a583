package github_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

func TestFilesOnce(t *testing.T) {
	s := open(t, sandbox.Options{})
	filed, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	require.False(t, filed.Found)
	require.Empty(t, filed.Without)
	require.Equal(t, 1, filed.Number)
	require.Equal(t, "open", filed.State)
	require.Equal(t, []string{"post-mortem"}, filed.Labels)
	require.Contains(t, s.issue(1).Body, "Nobody could pay.")

	again, err := s.client(github.Options{}).File(s.ctx, draft()) // another process
	require.NoError(t, err)
	require.True(t, again.Found)
	require.Equal(t, filed.Number, again.Number)
	require.Len(t, s.Issues(backend), 1)

	other := draft()
	other.Mark = "opsbot:incident:T012:1" // which begins like the first
	third, err := s.repo.File(s.ctx, other)
	require.NoError(t, err)
	require.False(t, third.Found)
}

func TestFilesOnceWhateverGoesWrong(t *testing.T) {
	for name, trouble := range map[string]sandbox.Trouble{
		"cut before":       {Cut: true},
		"cut after":        {Cut: true, Perform: true},
		"502 before":       {Status: 502},
		"502 after":        {Status: 502, Perform: true},
		"no JSON":          {WrongJSON: true, Perform: true},
		"late":             {Delay: time.Second, Perform: true},
		"secondary limit":  {SecondaryLimit: time.Second},
		"limit with a 429": {SecondaryLimit: time.Second, TooMany: true},
	} {
		for _, call := range []string{createCall, labelCall, listCall, "GET /user"} {
			t.Run(name+" "+call, func(t *testing.T) {
				t.Parallel()
				s := open(t, sandbox.Options{})
				s.repo = s.client(github.Options{Timeout: 500 * time.Millisecond, Settle: -1})
				s.Faults().On(call, 1, trouble)
				_, err := s.repo.File(s.ctx, draft())
				if strings.HasPrefix(call, "POST") {
					require.Error(t, err) // net/http may ask anew by itself for what it reads
				}
				if err != nil {
					wait, passing := github.Passing(err)
					require.True(t, passing, "%v", err)
					time.Sleep(wait)
				}
				filed, err := s.repo.File(s.ctx, draft())
				require.NoError(t, err)
				require.Equal(t, 1, filed.Number)
				require.Len(t, s.Issues(backend), 1)
				require.Equal(t, []string{"post-mortem"}, filed.Labels)
			})
		}
	}
}

func TestWaitsUntilGitHubHasSettled(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.Faults().LoseAnswers(createCall, 1)
	_, err := s.repo.File(s.ctx, draft())
	wait, passing := github.Passing(err)
	require.True(t, passing)
	require.Equal(t, github.Settle, wait)
}

func TestTakesNoIssueOfOthersForItsOwn(t *testing.T) {
	s := open(t, sandbox.Options{})
	_, err := s.Person("chitra").Open(backend, "Mine", "<!-- "+draft().Mark+" -->")
	require.NoError(t, err)
	filed, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	require.False(t, filed.Found)
	require.Equal(t, 2, filed.Number)
}

func TestFindsItsIssueBehindManyOthers(t *testing.T) {
	s := open(t, sandbox.Options{})
	first, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	for i := range 150 {
		_, err := s.Person("opsbot").Open(backend, fmt.Sprint("Another ", i), "")
		require.NoError(t, err)
	}
	require.NoError(t, s.Person("anna").Close(backend, 1, "completed"))
	found, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	require.True(t, found.Found)
	require.Equal(t, first.Number, found.Number)
	require.Equal(t, "closed", found.State)
}

func TestFilesWithoutLabelsThatAreRefused(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.repo = s.client(github.Options{Token: s.AddToken(sandbox.Token{Name: "reader", User: "chitra", Scopes: []string{"repo"}})})
	filed, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	require.Equal(t, []string{"post-mortem"}, filed.Without)
	require.Empty(t, s.issue(1).Labels)

	s.AddLabel(backend, "post-mortem", "d73a4a", "")
	other := draft()
	other.Mark += "0"
	filed, err = s.client(github.Options{Token: s.AddToken(sandbox.Token{Name: "reader", User: "chitra", Scopes: []string{"repo"}})}).File(s.ctx, other)
	require.NoError(t, err)
	require.Equal(t, []string{"post-mortem"}, filed.Without, "GitHub drops it silently")
}

func TestCutsALongTitle(t *testing.T) {
	s := open(t, sandbox.Options{})
	d := draft()
	d.Title = strings.Repeat("ä", 300)
	filed, err := s.repo.File(s.ctx, d)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("ä", 255)+"…", filed.Title)
	d.Mark = "a--b"
	_, err = s.repo.File(s.ctx, d)
	require.ErrorContains(t, err, "a--b")
}

func TestReadsAndEdits(t *testing.T) {
	s := open(t, sandbox.Options{})
	_, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	title, closed, reason := "Payments failed", "closed", "not_planned"
	issue, without, err := s.repo.Edit(s.ctx, 1, github.Change{Title: &title, State: &closed, Reason: &reason, AddLabels: []github.Label{{Name: "sev2", Color: "fbca04"}}})
	require.NoError(t, err)
	require.Empty(t, without)
	require.Equal(t, []string{"post-mortem", "sev2"}, issue.Labels)
	require.Equal(t, "closed", issue.State)
	require.Equal(t, "not_planned", s.issue(1).Reason)
	require.False(t, issue.Closed.IsZero())

	read, err := s.repo.Read(s.ctx, 1)
	require.NoError(t, err)
	require.Equal(t, title, read.Title)
	_, err = s.repo.Read(s.ctx, 7)
	require.Equal(t, http.StatusNotFound, github.Status(err))
	require.NoError(t, s.Person("anna").Reopen(backend, 1))
	read, err = s.repo.Read(s.ctx, 1)
	require.NoError(t, err)
	require.Equal(t, "open", read.State, "what is kept is asked for anew")
}

func TestUnchangedIssuesCostNothing(t *testing.T) {
	s := open(t, sandbox.Options{})
	_, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	first, err := s.repo.Read(s.ctx, 1)
	require.NoError(t, err)
	before, err := s.repo.Look(s.ctx)
	require.NoError(t, err)
	for range 5 {
		again, err := s.repo.Read(s.ctx, 1)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
	after, err := s.repo.Look(s.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, before.Left-after.Left, "the second look")
	last := s.Requests()[len(s.Requests())-2]
	require.Equal(t, http.StatusNotModified, last.Status)
}

func TestFollowsARenamedRepository(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.RenameRepo(backend, "core")
	filed, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	require.Equal(t, 1, filed.Number)
	_, err = s.repo.Update(s.ctx, 1, draft().Mark, github.Body{{Name: "summary", Text: "Mended."}})
	require.NoError(t, err)
	require.Contains(t, s.Issues("kampyn/core")[0].Body, "Mended.")
	again, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	require.True(t, again.Found)
}
