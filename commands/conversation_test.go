package commands_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/bson"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/databases"
	"github.com/kampyn/opsbot/demo/stage"
)

// TestConversations plays each testdata/*.txtar through the real bot. A line is somebody doing something:
//
//	anna says '/backup now orders'     types it into #ops
//	anna says-often /audit the 600     the line with a word behind it so many times
//	anna says-in-lounge '/backup'      the same in a channel that the bot is not in
//	anna is-told 'pattern'…            a direct message to anna matches all patterns
//	anna hears 'pattern'…              a new message that only anna sees matches all patterns
//	anna hears-again 'pattern'…        any message that only anna sees matches all patterns, a changed one too
//	ops shows 'pattern'…               a new message in #ops matches; it is followed from now on
//	ops becomes 'pattern'…             the followed message has changed into one that matches
//	ops pictures 1 'pattern'           that many pictures of the channel are described by words that match
//	anna presses Approve               the newest message that anna sees and that has the button
//	anna fills to=orders_look          puts a value into anna's open form; anna submits
//	ops shows-again 'pattern'          the newest message in #ops that matches is followed from now on
//	server deletes payments            the documents of a collection of orders are gone; server drops, makes likewise
//	server breaks renameCollection 2   the second such command from now on finds its connection cut
//	server has payments                the collection is there and not empty; server lacks says the opposite
//	later 31m                          the bot's clock goes that much forward; scripts with "late" in their name begin at noon
//	server fills c 500                 500 collections c000, c001, … with a document in each
//	github has 'title' 'pattern'…      an issue, see githubVerbs
//	no-files                           the app has no right to send files
//	in inc-1-                          from now on all happens in the channel whose name begins so, once it is there; in ops goes back
//	slow, fast                         the databases answer late, or at once
//	backend answers 503                the API answers so from now on, or hangs; is-well ends that. Scripts with "health" in
//	                                   their name have health checks, which look every five seconds
//	orders-away                        the database orders is not reached any more
//	anna gets-form 'pattern'           anna's open form matches
//	anna uses incident.declare         an entry of the shortcut menu; with a 'pattern' of that of the newest message that matches
//	anna reacts 'pattern' pushpin      on the newest message that matches; unreacts, edits 'pattern' 'text', answers, deletes
//	anna picks 'pattern' action value  from a menu of the newest message that anna sees and that matches
//	anna shares 'text' graph.png       posts a file
//	anna ticks 'Logs are reviewed'     an empty checkbox of the newest message that has it; anna unticks
//	anna lacks 'pattern'               the newest message that only anna sees does not match
//	ops marked 'pattern' pushpin       the bot's reaction comes onto the newest message that matches; unmarked: goes
//	anna opens-home                    anna opens App Home
//	anna home-shows 'pattern'…         App Home matches all; after "not " it must not
//	anna presses-home Approve          a button on App Home
func TestConversations(t *testing.T) {
	used := &usage{}
	t.Run("scripts", func(t *testing.T) { play(t, used) })
	scripts, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	if !t.Failed() && used.scripts == len(scripts) { // not when only some were chosen
		used.compare(t)
	}
}

// play runs the scripts, each in a workspace of its own.
func play(t *testing.T, used *usage) {
	scripts, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	if testing.Short() { // a third is enough to look for races, and not those of hundreds of backups
		some := []string{}
		for n := 0; n < len(scripts); n += 3 {
			if !strings.HasPrefix(filepath.Base(scripts[n]), "many") {
				some = append(some, scripts[n])
			}
		}
		scripts = some
	}
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(env *testscript.Env) error { return setUp(env, used) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"anna": person("anna"), "ben": person("ben"), "chitra": person("chitra"), "drew": person("drew"), "ops": ops,
			"slow": slow, "orders-away": ordersAway, "fast": fast, "server": server, "later": later, "in": in,
			"no-files": noFiles, "github": githubVerbs, "backend": backendVerbs,
		},
	})
}

// patience bounds each wait, also those in which Slack and the bot wait less: how fast a machine is, is not tested here.
const patience = time.Minute

type (
	conversationKey struct{}
	clockKey        struct{}
)

// clock is the real time and something.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func in(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: in channel")
	}
	ts.Check(conversation(ts).GoesTo(args[0]))
}

func later(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(strings.Join(args, " "))
	ts.Check(err)
	ts.Value(clockKey{}).(*clock).ahead.Add(int64(by))
}

func setUp(env *testscript.Env, used *usage) error {
	ctx, stop := context.WithCancel(context.Background())
	approvals := 1
	if strings.Contains(env.WorkDir, "alone") {
		approvals = 0
	}
	prefix := ""
	if strings.Contains(env.WorkDir, "prefix") {
		prefix = "x-"
	}
	every := time.Duration(0)
	if strings.Contains(env.WorkDir, "health") {
		every = 5 * time.Second
	}
	s, err := stage.Start(ctx, stage.Options{
		LookEvery: every, Dir: env.WorkDir, Scale: 0.02, Folder: true, Prefix: prefix, Approvals: approvals, Patience: patience,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		stop()
		return err
	}
	env.Defer(func() { must(env, s.Close()) })
	if strings.Contains(env.WorkDir, "many") {
		if err := errors.Join(plantBackups(ctx, env.WorkDir, 60), plantRuns(ctx, env.WorkDir, 300)); err != nil {
			stop()
			return err
		}
	}
	c, err := config.Load(s.ConfigFile())
	if err != nil {
		stop()
		return err
	}
	taken := ""
	if strings.Contains(env.WorkDir, "without-files") {
		taken = "files."
	}
	env.Defer(func() { must(env, used.add(s.Slack, c, taken)) })
	a, err := app.Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		stop()
		return err
	}
	times := &clock{}
	if strings.Contains(env.WorkDir, "late") { // far from the hour of the scheduled backup
		times.ahead.Store(int64(time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour))))
	}
	env.Values[clockKey{}], a.Now, a.StoreWithin = times, times.now, patience
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	env.Defer(func() {
		stop()
		must(env, <-ended)
		must(env, a.Close())
	})
	env.Values[conversationKey{}] = &stage.Conversation{Stage: s, Patience: patience}
	select {
	case <-ready:
		return nil
	case err := <-ended:
		ended <- err
		return err
	}
}

func must(env *testscript.Env, err error) {
	if err != nil {
		env.T().Fatal(err)
	}
}

// writer passes what is said on to the script's log.
type writer struct{ log func(string, ...any) }

func (w writer) Write(p []byte) (int, error) {
	w.log("%s", strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

func conversation(ts *testscript.TestScript) *stage.Conversation {
	c := ts.Value(conversationKey{}).(*stage.Conversation)
	c.Out = writer{ts.Logf}
	return c
}

func person(name string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		c := conversation(ts)
		user := map[string]string{"anna": c.Anna, "ben": c.Ben, "chitra": c.Chitra, "drew": c.Drew}[name]
		if len(args) == 0 {
			ts.Fatalf("%s does what?", name)
		}
		switch verb, rest := args[0], args[1:]; verb {
		case "says":
			ts.Check(c.Says(user, strings.ReplaceAll(strings.Join(rest, " "), "<@BOT>", "<@"+c.Slack.BotUserID()+">")))
		case "says-often": // line, word, how often
			n, err := strconv.Atoi(rest[2])
			ts.Check(err)
			ts.Check(c.Says(user, rest[0]+strings.Repeat(" "+rest[1], n)))
		case "says-in-lounge":
			ts.Check(c.SaysInLounge(user, strings.Join(rest, " ")))
		case "is-told":
			ts.Check(c.IsTold(user, rest...))
		case "hears":
			ts.Check(c.Hears(user, rest...))
		case "hears-again":
			ts.Check(c.HearsAgain(user, rest...))
		case "presses":
			ts.Check(c.Presses(user, strings.Join(rest, " ")))
		case "fills":
			values := map[string]any{}
			for _, pair := range rest {
				input, value, _ := strings.Cut(pair, "=")
				values[input] = value
				if strings.Contains(value, ",") {
					values[input] = strings.Split(value, ",")
				}
			}
			ts.Check(c.Fills(user, values))
		case "submits":
			ts.Check(c.Submits(user))
		case "uses":
			if len(rest) == 1 {
				rest = append(rest, "")
			}
			ts.Check(c.Uses(user, rest[0], rest[1]))
		case "reacts", "unreacts", "edits", "answers", "deletes", "picks":
			if len(rest) == 0 {
				ts.Fatalf("%s what?", verb)
			}
			rest[len(rest)-1] = strings.ReplaceAll(rest[len(rest)-1], "<@BOT>", "<@"+c.Slack.BotUserID()+">")
			ts.Check(c.Marks(user, verb, rest[0], rest[1:]...))
		case "ticks", "unticks":
			ts.Check(c.Ticks(user, strings.Join(rest, " "), verb == "ticks"))
		case "shares":
			ts.Check(c.Shares(user, rest[0], rest[1], []byte("a file")))
		case "lacks":
			ts.Check(c.Lacks(user, rest[0]))
		case "opens-home":
			ts.Check(c.OpensHome(user))
		case "presses-home":
			ts.Check(c.PressesHome(user, strings.Join(rest, " ")))
		case "home-shows":
			ts.Check(c.HomeShows(user, rest...))
		case "gets-form":
			ts.Check(c.FormShows(user, strings.Join(rest, " ")))
		default:
			ts.Fatalf("nobody knows how to %q", verb)
		}
	}
}

func ops(ts *testscript.TestScript, _ bool, args []string) {
	c := conversation(ts)
	switch {
	case len(args) > 1 && args[0] == "shows":
		ts.Check(c.Sees(args[1:]...))
	case len(args) == 2 && args[0] == "shows-again":
		ts.Check(c.Follow(args[1]))
	case len(args) == 3 && (args[0] == "marked" || args[0] == "unmarked"):
		ts.Check(c.Marked(args[1], args[2], args[0] == "marked"))
	case len(args) > 1 && args[0] == "becomes":
		ts.Check(c.Becomes(args[1:]...))
	case len(args) == 3 && args[0] == "pictures":
		if n := c.Pictures(regexp.MustCompile(args[2])); strconv.Itoa(n) != args[1] {
			ts.Fatalf("there are %d pictures", n)
		}
	default:
		ts.Fatalf("usage: ops shows|becomes 'pattern'…")
	}
}

func slow(ts *testscript.TestScript, _ bool, _ []string) {
	for _, d := range conversation(ts).Databases {
		d.Server.Faults().Delay("find", 2*time.Second)
	}
}

func fast(ts *testscript.TestScript, _ bool, _ []string) {
	for _, d := range conversation(ts).Databases {
		ts.Check(d.Server.Faults().Reset())
	}
}

// server does something to the database of orders, as a person or a program would.
func server(ts *testscript.TestScript, _ bool, args []string) {
	c := conversation(ts)
	var orders stage.Database
	for _, d := range c.Databases {
		if d.Name == "orders" {
			orders = d
		}
	}
	db, err := databases.Open(context.Background(), "orders", orders.URI, databases.Options{})
	ts.Check(err)
	defer func() { ts.Check(db.Close(context.Background())) }()
	run := func(command bson.D) bson.Raw {
		reply, err := db.Run(context.Background(), db.Scope(), command)
		ts.Check(err)
		return reply
	}
	if len(args) < 2 {
		ts.Fatalf("usage: server deletes|drops|makes|has|lacks|breaks something")
	}
	switch name := args[1]; args[0] {
	case "deletes":
		run(bson.D{{Key: "delete", Value: name}, {Key: "deletes", Value: bson.A{bson.D{{Key: "q", Value: bson.D{}}, {Key: "limit", Value: 0}}}}})
	case "drops":
		run(bson.D{{Key: "drop", Value: name}})
	case "makes":
		run(bson.D{{Key: "create", Value: name}})
	case "has", "lacks":
		if n, _ := run(bson.D{{Key: "count", Value: name}}).Lookup("n").AsInt64OK(); (n == 0) != (args[0] == "lacks") {
			ts.Fatalf("%s holds %d documents", name, n)
		}
	case "fills":
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		for i := range n {
			run(bson.D{{Key: "insert", Value: fmt.Sprintf("%s%03d", name, i)}, {Key: "documents", Value: bson.A{bson.D{{Key: "_id", Value: i}}}}})
		}
	case "breaks":
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		orders.Server.Faults().CloseAt(name, n)
	default:
		ts.Fatalf("the server cannot %q", args[0])
	}
}

func ordersAway(ts *testscript.TestScript, _ bool, _ []string) {
	for _, d := range conversation(ts).Databases {
		if d.Name == "orders" {
			ts.Check(d.Server.Faults().Unreachable())
		}
	}
}

func noFiles(ts *testscript.TestScript, _ bool, _ []string) {
	conversation(ts).Slack.Faults().RemoveScopes("files:write")
}
