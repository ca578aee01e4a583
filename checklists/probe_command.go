package checklists

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kampyn/opsbot/chat"
)

// Command passes when a program on this machine ends with the exit code 0.
type Command struct {
	// Args are the program and its arguments, as they are: no shell reads them.
	Args []string
	// Env is all of its environment, "NAME=value": nothing of opsbot's own, which holds tokens.
	Env []string
	// Dir is where it runs, "" for where opsbot does.
	Dir string
	// Timeout is how long it may take.
	Timeout time.Duration
	// Hide is what must not be read anywhere, such as passwords among the arguments.
	Hide []string
}

// mostOutput is how much of the end of a program's output is kept, in bytes.
const mostOutput = 8 << 10

// Look implements Probe. The last line of what the program writes is the evidence.
func (p Command) Look(ctx context.Context) Evidence {
	ctx, stop := context.WithTimeout(ctx, p.Timeout)
	defer stop()
	name := chat.Literal(filepath.Base(p.Args[0]))
	var out tail
	c := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	c.Env, c.Dir, c.Stdout, c.Stderr = append([]string{}, p.Env...), p.Dir, &out, &out
	c.WaitDelay = time.Second // for children that hold on to its output
	alone(c)
	err := c.Run()
	last := p.said(out.last())
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return Evidence{Outcome: Passed, Say: name + ": " + orElse(last, "ended well")}
	case ctx.Err() != nil:
		return Evidence{Outcome: Unknown, Say: fmt.Sprintf("%s had not ended after %s", name, chat.Span(p.Timeout))}
	case ended && exit.Exited():
		return Evidence{Outcome: Failed, Say: fmt.Sprintf("%s ended with the exit code %d%s", name, exit.ExitCode(), after(": ", last))}
	case errors.Is(err, exec.ErrWaitDelay): // it ended well; what it left behind still holds its output
		return Evidence{Outcome: Passed, Say: name + ": " + orElse(last, "ended well")}
	case ended:
		return Evidence{Outcome: Unknown, Say: name + " was ended by a signal: " + chat.Escape(exit.String())}
	}
	return Evidence{Outcome: Unknown, Say: name + " could not be run: " + p.said(cause(err))}
}

// said is a line for people, without what must not be read.
func (p Command) said(line string) string {
	line = chat.Redact(line)
	for _, secret := range p.Hide {
		if secret != "" {
			line = strings.ReplaceAll(line, secret, "•••")
		}
	}
	return chat.Clip(strings.ToValidUTF8(line, "�"), 160)
}

// cause is why a program could not be run, without its path.
func cause(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func after(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// tail keeps the end of what is written.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-mostOutput):]...)
	t.kept = t.kept[max(0, len(t.kept)-mostOutput):]
	return len(p), nil
}

// last is the last line that says something.
func (t *tail) last() string {
	lines := bytes.Split(bytes.TrimSpace(t.kept), []byte("\n"))
	return strings.Map(printable, strings.TrimSpace(string(lines[len(lines)-1])))
}

// printable drops what a terminal would obey.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}
