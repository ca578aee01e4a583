package incidents

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/github"
	"github.com/kampyn/opsbot/objects"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

const (
	backend    = "kampyn/backend"
	createCall = "POST /repos/{owner}/{repo}/issues"
	editCall   = "PATCH /repos/{owner}/{repo}/issues/{issue}"
	labelCall  = "POST /repos/{owner}/{repo}/labels"
	listCall   = "GET /repos/{owner}/{repo}/issues"
)

// office is a workspace whose incidents are filed on a GitHub of its own, and whose clock can be moved.
type office struct {
	*workspace
	github *sandbox.Server
	ahead  atomic.Int64
}

func newOffice(t *testing.T, change func(*Options)) *office {
	t.Helper()
	o := &office{workspace: newWorkspace(t, nil)}
	server, err := sandbox.Start(sandbox.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	o.github = server
	server.AddOrganization("kampyn", "KAMPYN")
	server.AddUser("anna", "Anna")
	server.AddUser("opsbot", "opsbot")
	server.AddRepo(sandbox.Repo{Owner: "kampyn", Name: "backend", Private: true, Roles: map[string]sandbox.Role{"anna": sandbox.Admin, "opsbot": sandbox.Write}})
	repo, err := github.New(github.Options{Repo: backend, APIURL: server.APIURL(), Pace: -1, Settle: -1, Timeout: time.Second, Now: o.now,
		Token: server.AddToken(sandbox.Token{Name: "opsbot", User: "opsbot", Scopes: []string{"repo"}})})
	require.NoError(t, err)
	options := o.o
	options.GitHub, options.Labels, options.Now, options.Rules.Repository = repo, []string{"kampyn"}, o.now, backend
	if options.Objects, err = objects.NewFolder(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	options.Rules.ArchiveAfter, options.Rules.ActionsDaily = 7*24*time.Hour, 2
	if change != nil {
		change(&options)
	}
	o.Desk = New(options)
	o.workspace.Desk = o.Desk
	return o
}

func (o *office) now() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }

func (o *office) change(number int, request string, decide func(*Incident, Act) error) Incident {
	o.t.Helper()
	act := Act{Request: request, By: o.anna, At: o.now()}
	i, err := o.Change(o.t.Context(), number, act, func(i *Incident) error { return decide(i, act) })
	require.NoError(o.t, err)
	return i
}

// resolve ends it with all that a post-mortem wants.
func (o *office) resolve(number int) {
	o.t.Helper()
	o.change(number, "resolve", func(i *Incident, act Act) error {
		if err := i.Find(act, Findings{Cause: "A full disk", Impact: "Nobody could pay", Done: "Freed the disk; see #1, ask @anna"}); err != nil {
			return err
		}
		return i.Advance(o.Rules(), act, Resolved, "")
	})
}

// until waits for the incident to be so.
func (o *office) until(number int, is func(Incident) bool) (i Incident) {
	o.t.Helper()
	require.Eventually(o.t, func() bool {
		var err error
		i, err = o.Get(o.t.Context(), number)
		require.NoError(o.t, err)
		return is(i)
	}, 20*time.Second, 10*time.Millisecond)
	return i
}

func (o *office) issue(n int) sandbox.Issue {
	o.t.Helper()
	all := o.github.Issues(backend)
	require.GreaterOrEqual(o.t, len(all), n)
	return all[n-1]
}

// heard are the bot's messages in a channel that contain the text.
func (o *office) heard(channel, text string) (n int) {
	for _, said := range o.said(channel) {
		if strings.Contains(said, text) {
			n++
		}
	}
	return n
}

func filed(i Incident) bool { return i.PostMortem.Number > 0 && i.PostMortem.Written != "" }

func TestFiledLinkedAndFollowed(t *testing.T) {
	o := newOffice(t, nil)
	o.run(o.Run)
	number := o.declare(Declaration{Title: "Payments fail", Severity: "sev1", Services: []string{"payments"}, Seen: "HTTP 502"}).Number
	o.change(number, "action", func(i *Incident, act Act) error {
		_, err := i.AddAction(act, "Alert on the disk", o.anna, o.Rules().EndOfDay(o.now().AddDate(0, 0, 3)))
		return err
	})
	o.until(number, func(i Incident) bool { return i.Actions[0].Filed.Number == 1 && i.Place.CardLink != "" })
	o.resolve(number)
	i := o.until(number, filed)
	o.until(number, func(i Incident) bool { return strings.Contains(o.issue(1).Body, "Post-mortem: #2") })
	require.Len(t, o.github.Issues(backend), 2)
	o.until(number, func(i Incident) bool { return i.Lanes["github"].Due.After(o.now()) })

	pm := o.issue(2)
	require.Contains(t, pm.Title, "Post-mortem: Payments fail (incident 1, ")
	require.ElementsMatch(t, []string{"post-mortem", "kampyn"}, pm.Labels)
	for _, part := range []string{"A full disk", "- [ ] #1 Alert on the disk — ", "HTTP 502", i.Place.CardLink, "## Milestones", "declared it | anna", "declared by anna", "— anna, by "} {
		require.Contains(t, pm.Body, part)
	}
	require.NotContains(t, pm.Body, "ask @anna", "nobody is called")
	require.Eventually(t, func() bool { return o.heard(i.Place.Channel, "post-mortem is filed") == 1 }, 10*time.Second, 10*time.Millisecond)

	// What people write on GitHub stays, and is named once; all else follows.
	person := o.github.Person("anna")
	require.NoError(t, person.EditBody(backend, 2, strings.Replace(pm.Body, "A full disk", "The disk of the *second* node", 1)))
	o.change(number, "badly", func(i *Incident, act Act) error {
		return i.Find(act, Findings{Cause: "Another cause", Badly: "No alert"})
	})
	o.until(number, func(i Incident) bool {
		return len(i.PostMortem.Edited) == 1 && strings.Contains(o.issue(2).Body, "No alert")
	})
	require.Contains(t, o.issue(2).Body, "The disk of the *second* node")
	require.NotContains(t, o.issue(2).Body, "Another cause")
	require.Eventually(t, func() bool { return o.heard(i.Place.Channel, "somebody has edited") == 1 }, 10*time.Second, 10*time.Millisecond)

	// Closed on GitHub, it is done here, and the other way round.
	require.NoError(t, person.Close(backend, 1, "completed"))
	o.change(number, "look", func(i *Incident, _ Act) error { i.ReadBack++; return nil })
	o.until(number, func(i Incident) bool { return !i.Actions[0].Open() })
	require.Eventually(t, func() bool { return strings.Contains(o.issue(2).Body, "- [x] #1 Alert") }, 10*time.Second, 10*time.Millisecond)
	o.change(number, "undo", func(i *Incident, act Act) error { return i.UndoAction(act, 1) })
	require.Eventually(t, func() bool { return o.issue(1).State == "open" }, 10*time.Second, 10*time.Millisecond)
	o.change(number, "do", func(i *Incident, act Act) error { return i.DoAction(act, 1) })
	require.Eventually(t, func() bool { return o.issue(1).State == "closed" }, 10*time.Second, 10*time.Millisecond)
	o.until(number, func(i Incident) bool { return i.Actions[0].Filed.State == "closed" })
	require.NoError(t, person.Reopen(backend, 1))
	o.ahead.Store(int64(time.Hour + time.Minute)) // read back by itself
	o.until(number, func(i Incident) bool { return i.Actions[0].Open() })
	require.Len(t, o.github.Issues(backend), 2)
}

// Whatever GitHub does, one issue is there in the end, and what people are told of a delay is told once.
func TestGitHubInTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		trouble sandbox.Trouble
		call    string
		times   int
		// later is how far the clock has to go on; refused asks for a press by hand instead; told says that it is worth telling.
		later         time.Duration
		refused, told bool
	}{
		"down":               {trouble: sandbox.Trouble{Status: http.StatusBadGateway}, call: createCall, times: 2},
		"secondary limit":    {trouble: sandbox.Trouble{SecondaryLimit: 40 * time.Second}, call: createCall, times: 1, later: time.Minute, told: true},
		"too many":           {trouble: sandbox.Trouble{SecondaryLimit: 40 * time.Second, TooMany: true}, call: createCall, times: 1, later: time.Minute, told: true},
		"primary limit":      {trouble: sandbox.Trouble{PrimaryLimit: 40 * time.Minute}, call: listCall, times: 1, later: time.Hour, told: true},
		"cut before":         {trouble: sandbox.Trouble{Cut: true}, call: createCall, times: 2},
		"cut afterwards":     {trouble: sandbox.Trouble{Cut: true, Perform: true}, call: createCall, times: 1},
		"502, but performed": {trouble: sandbox.Trouble{Status: http.StatusBadGateway, Perform: true}, call: createCall, times: 1},
		"slow":               {trouble: sandbox.Trouble{Hang: true, Perform: true}, call: createCall, times: 1},
		"no JSON":            {trouble: sandbox.Trouble{WrongJSON: true, Perform: true}, call: createCall, times: 1},
		"labels fail":        {trouble: sandbox.Trouble{Status: http.StatusBadGateway}, call: labelCall, times: 2},
		"update is cut":      {trouble: sandbox.Trouble{Cut: true}, call: editCall, times: 2},
		"refused":            {trouble: sandbox.Trouble{Status: http.StatusUnprocessableEntity, Message: "Validation Failed"}, call: createCall, times: -1, refused: true, told: true},
		"no issues there":    {trouble: sandbox.Trouble{Status: http.StatusGone, Message: "Issues are disabled for this repo"}, call: createCall, times: -1, refused: true, told: true},
		"wrong token":        {trouble: sandbox.Trouble{Status: http.StatusUnauthorized, Message: "Bad credentials"}, call: listCall, times: -1, refused: true, told: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, nil)
			o.run(o.Run)
			number := o.declare(Declaration{Title: "Payments fail", Severity: "sev1"}).Number
			o.until(number, func(i Incident) bool { return i.Place.CardLink != "" })
			o.github.Faults().On(c.call, c.times, c.trouble)
			o.resolve(number)
			if c.told {
				i := o.until(number, func(i Incident) bool { return !i.PostMortem.Late.IsZero() && i.Effects["post-mortem late"] != "" })
				require.NotEmpty(t, i.PostMortem.Fault)
				require.ErrorContains(t, o.Rules().CheckPostMortem(i), i.PostMortem.Fault)
				require.Equal(t, 1, o.heard(i.Place.Channel, "cannot be filed yet"))
				require.Equal(t, 0, o.heard(i.Place.Channel, "post-mortem is filed"))
			}
			o.ahead.Add(int64(c.later))
			if c.refused {
				o.github.Faults().Reset()
				o.change(number, "again", func(i *Incident, act Act) error {
					if i.PostMortem.Exists() { // by the attempt that comes by itself
						return nil
					}
					return i.FilePostMortem(o.Rules(), act, Undecided)
				})
			}
			i := o.until(number, func(i Incident) bool {
				return filed(i) && i.PostMortem.Fault == "" && i.Effects["post-mortem filed"] != ""
			})
			require.Len(t, o.github.Issues(backend), 1)
			require.Contains(t, o.issue(1).Body, "A full disk")
			require.Equal(t, 1, o.heard(i.Place.Channel, "post-mortem is filed"))
			want := 0
			if c.told {
				want = 1
			}
			require.Equal(t, want, o.heard(i.Place.Channel, "cannot be filed yet"))
		})
	}
}

// A process that is killed within an attempt leaves it to the next to find out what came of it.
func TestKilledWhileFiling(t *testing.T) {
	for name, perform := range map[string]bool{"before it arrived": false, "after it arrived": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, nil)
			ctx, kill := context.WithCancel(context.WithoutCancel(t.Context()))
			ended := make(chan error, 1)
			go func() { ended <- o.Run(ctx) }()
			number := o.declare(Declaration{Title: "Payments fail", Severity: "sev1"}).Number
			o.until(number, func(i Incident) bool { return i.Place.CardLink != "" })
			o.github.Faults().On(createCall, 1, sandbox.Trouble{Hang: true, Perform: perform})
			o.resolve(number)
			o.until(number, func(i Incident) bool { return !i.PostMortem.Attempt.IsZero() })
			require.Eventually(t, func() bool { return len(o.github.Issues(backend)) == 1 || !perform }, 10*time.Second, 10*time.Millisecond)
			kill()
			require.NoError(t, <-ended)
			i, err := o.Get(t.Context(), number)
			require.NoError(t, err)
			require.False(t, i.PostMortem.Attempt.IsZero(), "it is on record that an attempt was under way")

			o.Desk = New(o.o)
			o.run(o.Run)
			time.Sleep(100 * time.Millisecond)
			require.Len(t, o.github.Issues(backend), map[bool]int{false: 0, true: 1}[perform], "GitHub is left alone at first")
			o.ahead.Add(int64(2 * github.Settle))
			o.until(number, filed)
			require.Len(t, o.github.Issues(backend), 1)
		})
	}
}

func TestWithoutGitHubItIsAFile(t *testing.T) {
	o := newOffice(t, func(o *Options) { o.GitHub, o.Rules.Repository = nil, "" })
	o.run(o.Run)
	number := o.declare(Declaration{Title: "Payments fail", Severity: "sev1", Drill: true}).Number
	o.resolve(number)
	i := o.until(number, func(i Incident) bool { return i.PostMortem.Exists() && i.Effects["post-mortem filed"] != "" })
	require.NoError(t, o.Rules().CheckPostMortem(i))
	content := func() string {
		file, err := o.o.Objects.Open(t.Context(), i.PostMortem.File, 0)
		require.NoError(t, err)
		defer file.Close()
		text, err := io.ReadAll(file)
		require.NoError(t, err)
		return string(text)
	}
	require.Contains(t, content(), "# Post-mortem of a drill: Payments fail (drill 1,")
	require.Equal(t, 1, o.heard(i.Place.Channel, "as it is kept in the object store"))
	o.change(number, "badly", func(i *Incident, act Act) error { return i.Find(act, Findings{Badly: "No alert"}) })
	require.Eventually(t, func() bool { return strings.Contains(content(), "No alert") }, 10*time.Second, 10*time.Millisecond)
}

func TestAPrivatePostMortemAsksForReaders(t *testing.T) {
	o := newOffice(t, nil)
	o.run(o.Run)
	number := o.declare(Declaration{Title: "Keys are out", Severity: "sev1", Private: true}).Number
	o.resolve(number)
	i := o.until(number, func(i Incident) bool { return i.Lanes["github"].Due.IsZero() })
	require.False(t, i.PostMortem.Wanted, "nothing private is shown to others by itself")
	require.True(t, o.Rules().AsksForReaders(i))
	var problem *chat.Problem
	require.ErrorAs(t, i.FilePostMortem(o.Rules(), o.act("x"), Undecided), &problem)
	o.change(number, "action", func(i *Incident, act Act) error {
		_, err := i.AddAction(act, "Turn the keys", chat.User{}, time.Time{})
		return err
	})
	o.change(number, "here", func(i *Incident, act Act) error { return i.FilePostMortem(o.Rules(), act, Channel) })
	i = o.until(number, func(i Incident) bool { return i.PostMortem.Exists() })
	require.NoError(t, o.Rules().CheckPostMortem(i))
	require.Empty(t, o.github.Issues(backend))
}

// What is too long for an issue goes on in comments: nothing is lost, nothing stands twice, also when more comes.
func TestALongTimelineGoesOnInComments(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand entries, and one process")
	}
	o := newOffice(t, nil)
	o.run(o.Run)
	number := o.declare(Declaration{Title: "Payments fail", Severity: "sev1"}).Number
	enter := func(n int) {
		require.NoError(t, o.Enter(t.Context(), Entry{ID: fmt.Sprintf("note/%d", n), Incident: number, At: o.now(), Source: FromNote, By: o.anna,
			Text: fmt.Sprintf("entry-%d: %s", n, strings.Repeat("the queue is long ", 10))}))
	}
	const entries = 1000
	for n := range entries {
		enter(n)
	}
	o.resolve(number)
	o.until(number, filed)
	whole := func() string {
		i := o.issue(1)
		parts := []string{i.Body}
		for _, c := range i.Comments {
			parts = append(parts, c.Body)
		}
		return strings.Join(parts, "\n")
	}
	require.Len(t, o.github.Issues(backend), 1)
	require.Greater(t, len(o.issue(1).Comments), 2)
	all := whole()
	for n := range entries {
		require.Equal(t, 1, strings.Count(all, fmt.Sprintf("entry-%d:", n)), "entry %d", n)
	}
	require.Equal(t, 1, strings.Count(whole(), "## Milestones"))

	enter(entries)
	o.change(number, "well", func(i *Incident, act Act) error { return i.Find(act, Findings{Well: "The runbook was there"}) })
	require.Eventually(t, func() bool { return strings.Contains(whole(), "The runbook was there") }, 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return strings.Count(whole(), fmt.Sprintf("entry-%d:", entries)) == 1 }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, strings.Count(whole(), "entry-7:"))
}
