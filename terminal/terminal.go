// Package terminal is opsbot's command line: the bot itself, and the same jobs without Slack.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kampyn/opsbot/app"
	"github.com/kampyn/opsbot/chat"
	"github.com/kampyn/opsbot/config"
	"github.com/kampyn/opsbot/jobs"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it was tried and did not succeed, or cannot be tried now
	exitUsage  = 2 // the words or the configuration do not fit; nothing was tried
)

// Streams are where the program reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Main runs the program with the arguments after its name and answers its exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	t := &terminal{Streams: s}
	root := t.root()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errChecked) {
		return exitFailed
	}
	t.explain(err)
	if t.misworded(err) {
		return exitUsage
	}
	return exitFailed
}

// misworded says that the words were at fault: other words, or another configuration, would have done.
func (t *terminal) misworded(err error) bool {
	var usage usageError
	var busy *jobs.Busy
	var problem *chat.Problem
	switch {
	case errors.As(err, &usage):
		return true
	case t.submitted || errors.As(err, &busy):
		return false
	}
	return errors.As(err, &problem) && problem.Err == nil
}

// terminal is what the commands share: the streams, the flags of all of them, and whether a run was asked for.
type terminal struct {
	Streams
	config    string
	submitted bool
	asked     []string // the words of the command line, without flags
}

// usageError is a mistake in the words of the command line or in the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func (t *terminal) root() *cobra.Command {
	root := group("opsbot", "Backups, restores and the routine jobs of a backend, from Slack and from here")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentFlags().StringVarP(&t.config, "config", "c", "opsbot.yaml", "the configuration file")
	root.PersistentPreRun = func(cmd *cobra.Command, args []string) {
		t.asked = append(strings.Fields(cmd.CommandPath()), args...)
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(t.run(), t.check(), t.manifest(), t.backup(), t.restore(), t.jobs(), t.audit(), t.health(), t.approvalCode(), t.version())
	explainArgs(root)
	return root
}

// group is a command that only holds others: alone it shows its help, and it knows no other words.
func group(use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
}

func unknownCommand(cmd *cobra.Command, word string) error {
	known := []string{}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return usageError{chat.Unknown("command", cmd.CommandPath()+" "+word, prefixed(cmd.CommandPath()+" ", known))}
}

func prefixed(prefix string, words []string) []string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = prefix + word
	}
	return all
}

// explainArgs makes a wrong number of arguments a usageError that shows the usage, in all commands.
func explainArgs(cmd *cobra.Command) {
	if fits := cmd.Args; fits != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := fits(cmd, args); err != nil {
				return usageError{fmt.Errorf("%s: %s\nUsage: %s", cmd.CommandPath(), wordCount(err), cmd.UseLine())}
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		explainArgs(c)
	}
}

// wordCount says in our words what cobra says about the number of arguments.
func wordCount(err error) string {
	var wanted, got int
	text := err.Error()
	if _, bad := fmt.Sscanf(text, "accepts %d arg(s), received %d", &wanted, &got); bad == nil && got > wanted {
		return "there is a word too many."
	}
	switch {
	case strings.HasPrefix(text, "accepts at most"), strings.HasPrefix(text, "unknown command"):
		return "there is a word too many."
	case strings.HasPrefix(text, "requires at least"), wanted > got:
		return "a word is missing."
	}
	return text
}

func (t *terminal) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which opsbot this is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			say(t.Out, "opsbot %s\n", app.Version)
			return nil
		},
	}
}

// explain tells a person what went wrong and what to try.
func (t *terminal) explain(err error) {
	var busy *jobs.Busy
	if errors.As(err, &busy) && busy.Run.Status == jobs.Queued {
		defer say(t.Err, "Without a running bot nobody starts it; \"opsbot jobs cancel %s\" takes it away.\n", busy.Run.ID)
	}
	var problem *chat.Problem
	if errors.As(err, &problem) {
		say(t.Err, "%s\n", plainText(problem.Say))
		if problem.Try != "" {
			say(t.Err, "%s\n", plainText(problem.Try))
		}
		if problem.Err != nil {
			say(t.Err, "Cause: %v\n", problem.Err)
		}
		return
	}
	say(t.Err, "%v\n", err)
}

// say writes for the person at the terminal. When that has gone there is nobody left to tell, so errors are dropped.
func say(to io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(to, format, args...)
}

// open loads the configuration and opens what jobs need. Nothing below the level quiet is logged, unless the
// configuration asks for debug.
func (t *terminal) open(ctx context.Context, quiet slog.Level) (*app.App, error) {
	c, err := config.Load(t.config)
	if err != nil {
		return nil, usageError{err}
	}
	if c.Log.Level > slog.LevelDebug {
		c.Log.Level = max(c.Log.Level, quiet)
	}
	return app.Open(ctx, c, t.logger(c.Log))
}

func (t *terminal) logger(l config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(t.Err, options))
	}
	return slog.New(slog.NewTextHandler(t.Err, options))
}

// person is who sits at the terminal, as far as the system knows.
func person() chat.User {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return chat.User{ID: "terminal:" + name + "@" + host, Name: name + " (terminal)"}
}
