// Command demo is opsbot in one process with everything around it: a Slack-like workspace in the browser, MongoDB
// deployments with the sample data of a food-ordering backend, an S3 server, and the real bot, connected through the
// same code as in production.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/commands"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
	slacksandbox "github.com/kampyn/opsbot/sandbox/slack"
)

type flags struct {
	addr, data, mongo string
	tour, verbose     bool
	scale             float64
}

func main() {
	f := flags{}
	flag.StringVar(&f.addr, "addr", "127.0.0.1:8065", "where the workspace's page is served")
	flag.StringVar(&f.data, "data", "", "folder for state and backups (default: a temporary one, removed at the end)")
	flag.StringVar(&f.mongo, "mongo", "", "URI of a MongoDB server of your own to back up, instead of the sample data")
	flag.BoolVar(&f.tour, "tour", false, "show the product without a browser, check what it shows, and exit")
	flag.Float64Var(&f.scale, "scale", 1, "how much sample data to make")
	flag.BoolVar(&f.verbose, "verbose", false, "print the bot's log")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags, out io.Writer) (err error) {
	if f.data == "" {
		if f.data, err = os.MkdirTemp("", "opsbot-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(f.data)) }()
	}
	if f.tour {
		f.addr = ""
	}
	log := slog.New(slog.DiscardHandler)
	if f.verbose {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	fmt.Fprintln(out, "Setting up the workspace, the databases and the object store …")
	s, err := stage.Start(ctx, stage.Options{Addr: f.addr, Dir: f.data, Mongo: f.mongo, Scale: f.scale, Latency: 300 * time.Millisecond, Approvals: 1, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	c, err := config.Load(s.ConfigFile())
	if err != nil {
		return err
	}
	a, err := app.Open(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	for _, c := range commands.All(commands.Parts{}) {
		s.Slack.AddCommands(slacksandbox.Command{Name: "/" + c.Name, Hint: c.Usage, Description: c.Summary})
	}
	return perform(ctx, f, s, a, out)
}

// perform runs the bot until the tour is over, or until the person stops it.
func perform(ctx context.Context, f flags, s *stage.Stage, a *app.App, out io.Writer) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	group, running := errgroup.WithContext(ctx)
	ready := make(chan struct{})
	group.Go(func() error { return a.Run(running, func() { close(ready) }) })
	group.Go(func() error {
		defer end()
		select {
		case <-ready:
		case <-running.Done():
			return nil
		}
		if f.tour {
			return tour(running, s, a, out)
		}
		greet(s, out)
		<-running.Done()
		return nil
	})
	return group.Wait()
}

func greet(s *stage.Stage, out io.Writer) {
	fmt.Fprintf(out, `
  The workspace:  %s
  GitHub:         %s

  In #ops, as anna:   /backup now      back up the sample databases, with proof
                      /backup list     what there is
                      /restore         a form; its plan wants a second person:
                                       switch to ben and press Approve
                      /ops help        the rest

  Without Slack:      go run . backup list --config %s

  Stop with Ctrl-C.

`, s.Slack.URL(), s.GitHub.URL()+"/"+stage.Repository, s.ConfigFile())
}
