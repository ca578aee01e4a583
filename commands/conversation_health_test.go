package commands_test

import (
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kampyn/opsbot/sandbox/backend"
)

// backendVerbs has the API that is looked after misbehave: everywhere, or on one path.
func backendVerbs(ts *testscript.TestScript, _ bool, args []string) {
	server := conversation(ts).Backend
	path := ""
	if len(args) == 3 {
		path = args[2]
	}
	switch {
	case len(args) == 1 && args[0] == "is-well":
		server.Set(backend.Fault{})
	case len(args) == 1 && args[0] == "hangs":
		server.Set(backend.Fault{Hang: true})
	case len(args) > 1 && args[0] == "answers":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		server.Set(backend.Fault{Path: path, Status: status})
	default:
		ts.Fatalf("usage: backend answers status [path] | hangs | is-well")
	}
}
