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
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/demo/stage"
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
	flag.BoolVar(&f.verbose, "verbose", false, "print the bot's log, too")
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
	if err := os.MkdirAll(f.data, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(f.data, "opsbot.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var to io.Writer = file
	if f.verbose {
		to = io.MultiWriter(file, os.Stderr)
	}
	log := slog.New(slog.NewTextHandler(to, nil))
	fmt.Fprintln(out, "Setting up the workspace, the databases and the object store …")
	p, err := open(ctx, stage.Options{
		Addr: f.addr, Dir: f.data, Mongo: f.mongo, Scale: f.scale, Latency: 300 * time.Millisecond, Approvals: 1,
		LookEvery: 5 * time.Second, All: true, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	return perform(ctx, f, p.stage, p.app, out)
}

// play is the stage with the bot on it.
type play struct {
	stage *stage.Stage
	app   *app.App
}

// open sets the stage, opens the bot from the stage's configuration, and makes the page greet.
func open(ctx context.Context, o stage.Options) (p *play, err error) {
	p = &play{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.stage, err = stage.Start(ctx, o); err != nil {
		return nil, err
	}
	c, err := config.Load(p.stage.ConfigFile())
	if err != nil {
		return nil, err
	}
	if p.app, err = app.Open(ctx, c, o.Log); err != nil {
		return nil, err
	}
	return p, p.stage.Slack.SetGuide(greeting(p.stage))
}

func (p *play) close() (err error) {
	if p.app != nil {
		err = p.app.Close()
	}
	if p.stage != nil {
		err = errors.Join(err, p.stage.Close())
	}
	return err
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
		greet(s, f.data, out)
		<-running.Done()
		return nil
	})
	return group.Wait()
}

func greet(s *stage.Stage, data string, out io.Writer) {
	fmt.Fprintf(out, `
  Open the workspace:  %s
                       It greets you, says who you can be and what to try.
  The issues it files: %s
  The backend's API:   %s (make it fail there)
  Without Slack:       go run . backup list --config %s
  The bot's log:       %s

  Stop with Ctrl-C.

`, s.Slack.URL(), s.GitHub.URL()+"/"+stage.Repository, s.Backend.URL(), s.ConfigFile(), filepath.Join(data, "opsbot.log"))
}
