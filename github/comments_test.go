package github_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/github"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

// long is a body of about so many thousand characters.
func long(thousands int) github.Body {
	var w strings.Builder
	for i := range thousands * 10 {
		fmt.Fprintf(&w, "- 14:05 entry %06d %s\n", i, strings.Repeat("ü", 78))
	}
	return body("summary", "Nobody could pay.", "timeline", w.String(), "actions", "- [ ] #4")
}

func TestUpdateGoesOnInComments(t *testing.T) {
	s := open(t, sandbox.Options{})
	d := draft()
	d.Body = long(150)
	_, err := s.repo.File(s.ctx, d)
	require.NoError(t, err)
	kept, err := s.repo.Update(s.ctx, 1, d.Mark, d.Body)
	require.NoError(t, err)
	require.Empty(t, kept)
	issue := s.issue(1)
	require.Len(t, issue.Comments, 2)
	all := issue.Body + issue.Comments[0].Body + issue.Comments[1].Body
	for i := range 1500 {
		require.Equal(t, 1, strings.Count(all, fmt.Sprintf("entry %06d ", i)))
	}

	writes := s.calls(editCall) + s.calls(sayCall)
	_, err = s.repo.Update(s.ctx, 1, d.Mark, d.Body)
	require.NoError(t, err)
	require.Equal(t, writes, s.calls(editCall)+s.calls(sayCall), "nothing to write")

	require.NoError(t, s.Person("anna").EditComment(backend, issue.Comments[1].ID, "Why: the index.\n\n"+issue.Comments[1].Body))
	_, err = s.Person("anna").Comment(backend, 1, "Thanks")
	require.NoError(t, err)
	_, err = s.repo.Update(s.ctx, 1, d.Mark, draft().Body)
	require.NoError(t, err)
	issue = s.issue(1)
	require.Contains(t, issue.Body, "it began")
	require.NotContains(t, issue.Body, "entry")
	require.Len(t, issue.Comments, 2, "one was taken away")
	require.Contains(t, issue.Comments[0].Body, "Why: the index.")
	require.Equal(t, "Thanks", issue.Comments[1].Body)
}

func TestCommentsAreWrittenOnce(t *testing.T) {
	s := open(t, sandbox.Options{})
	d := draft()
	d.Body = long(200)
	_, err := s.repo.File(s.ctx, d)
	require.NoError(t, err)
	s.Faults().LoseAnswers(sayCall, 1)
	s.Faults().On(sayCall, 1, sandbox.Trouble{Status: 502, Perform: true})
	for range 2 {
		_, err = s.repo.Update(s.ctx, 1, d.Mark, d.Body)
		_, passing := github.Passing(err)
		require.True(t, passing, "%v", err)
	}
	_, err = s.repo.Update(s.ctx, 1, d.Mark, d.Body)
	require.NoError(t, err)
	require.Len(t, s.issue(1).Comments, 3)
}

func TestUpdateLeavesEditsAlone(t *testing.T) {
	s := open(t, sandbox.Options{})
	d := draft()
	_, err := s.repo.File(s.ctx, d)
	require.NoError(t, err)
	edited := strings.Replace(s.issue(1).Body, "Nobody could pay.", "Nobody could pay by card.", 1) + "\nNotes by Anna."
	require.NoError(t, s.Person("anna").EditBody(backend, 1, strings.ReplaceAll(edited, "\n", "\r\n")))
	kept, err := s.repo.Update(s.ctx, 1, d.Mark, body("summary", "Payments failed.", "timeline", "- 14:05 it began\n- 14:30 it ended"))
	require.NoError(t, err)
	require.Equal(t, []string{"summary"}, kept)
	for _, text := range []string{"by card", "Notes by Anna.", "14:30", d.Mark} {
		require.Contains(t, s.issue(1).Body, text)
	}
}

func TestUpdateMakesRoomForWhatPeopleAdd(t *testing.T) {
	s := open(t, sandbox.Options{})
	d := draft()
	d.Body = long(60)
	_, err := s.repo.File(s.ctx, d)
	require.NoError(t, err)
	added := strings.Repeat("n", github.MaxBody-utf8.RuneCountInString(s.issue(1).Body)-10) + "\n\n"
	require.NoError(t, s.Person("anna").EditBody(backend, 1, added+s.issue(1).Body))
	_, err = s.repo.Update(s.ctx, 1, d.Mark, long(63))
	require.NoError(t, err)
	require.Contains(t, s.issue(1).Body, added)
	require.NotEmpty(t, s.issue(1).Comments)
}

func TestPacesItsWrites(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.repo = s.client(github.Options{Pace: 100 * time.Millisecond})
	_, err := s.repo.File(s.ctx, draft())
	require.NoError(t, err)
	failed := make(chan error)
	for i := range 3 {
		go func() {
			title := fmt.Sprint("Title ", i)
			_, _, err := s.repo.Edit(s.ctx, 1, github.Change{Title: &title})
			failed <- err
		}()
	}
	for range 3 {
		require.NoError(t, <-failed)
	}
	var last time.Time
	for _, r := range s.Requests() {
		if r.Method == "GET" {
			continue
		}
		require.GreaterOrEqual(t, r.Time.Sub(last), 100*time.Millisecond)
		last = r.Time.Add(r.Took)
	}
}
