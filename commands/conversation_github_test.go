package commands_test

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kampyn/opsbot/demo/stage"
	sandbox "github.com/kampyn/opsbot/sandbox/github"
)

// github does something on GitHub, or waits for what is to be there:
//
//	github fails 502 2                    the next two issues are not made; reset ends that
//	github has 'Post-mortem' 'pattern'…   the one issue whose title matches the first has all the others in its body
//	github closes 'Alert on'              anna closes it; github closed waits until it is
//	github counts 'Alert on' 1            so many issues have such a title
func githubVerbs(ts *testscript.TestScript, _ bool, args []string) {
	server := conversation(ts).GitHub
	if len(args) == 1 && args[0] == "reset" {
		server.Faults().Reset()
		return
	}
	if len(args) < 2 {
		ts.Fatalf("usage: github fails|reset|has|closes|closed|counts …")
	}
	switch verb, rest := args[0], args[2:]; verb {
	case "fails":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		times, err := strconv.Atoi(rest[0])
		ts.Check(err)
		server.Faults().On("POST /repos/{owner}/{repo}/issues", times, sandbox.Trouble{Status: status, Message: "Validation Failed"})
	case "has":
		one(ts, server, args[1], func(i sandbox.Issue) bool {
			for _, pattern := range rest {
				if !regexp.MustCompile(pattern).MatchString(i.Body) {
					return false
				}
			}
			return true
		})
	case "closes":
		i := one(ts, server, args[1], func(sandbox.Issue) bool { return true })
		ts.Check(server.Person("anna").Close(stage.Repository, int(i.Number), "completed"))
	case "closed":
		one(ts, server, args[1], func(i sandbox.Issue) bool { return i.State == "closed" })
	case "counts":
		n := 0
		for _, i := range server.Issues(stage.Repository) {
			if regexp.MustCompile(args[1]).MatchString(i.Title) {
				n++
			}
		}
		if strconv.Itoa(n) != rest[0] {
			ts.Fatalf("%d issues are called %q", n, args[1])
		}
	default:
		ts.Fatalf("nobody can %q on GitHub", verb)
	}
}

// one waits for the issue with such a title to be so.
func one(ts *testscript.TestScript, server *sandbox.Server, title string, is func(sandbox.Issue) bool) sandbox.Issue {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	named := regexp.MustCompile(title)
	i, err := server.WaitIssue(ctx, stage.Repository, func(i sandbox.Issue) bool { return named.MatchString(i.Title) && is(i) })
	if err != nil {
		for _, i := range server.Issues(stage.Repository) {
			ts.Logf("#%d %s (%s)\n%s", i.Number, i.Title, i.State, i.Body)
		}
	}
	ts.Check(err)
	return i
}
