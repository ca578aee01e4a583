package checklists

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kampyn/opsbot/health"
)

func TestDiskProbe(t *testing.T) {
	found := Disk{Path: t.TempDir(), Below: 100}.Look(t.Context())
	require.Equal(t, Passed, found.Outcome, found.Say)
	require.Regexp(t, "^the disk of `.+` is [0-9]+% full, .+ free$", found.Say)
	found = Disk{Path: t.TempDir(), Below: 0.0001}.Look(t.Context())
	require.Equal(t, Failed, found.Outcome)
	require.Contains(t, found.Say, "(must be below 0.0001%)")
	found = Disk{Path: filepath.Join(t.TempDir(), "logs"), Below: 80}.Look(t.Context())
	require.Equal(t, Unknown, found.Outcome)
	require.Contains(t, found.Say, "no such file")
	require.Equal(t, Unknown, Disk{Path: "/proc/self/fd", Below: 80}.Look(t.Context()).Outcome, "it has no size")
}

func TestHTTPProbe(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(map[string]int{"/good": 200, "/bad": 503}[r.URL.Path])
		_, _ = fmt.Fprint(w, `{"status": "OK"}`)
	}))
	defer server.Close()
	ask := func(url string) Evidence {
		return HTTP{Ask: health.HTTP{URL: url, Now: time.Now}.Look, Target: "`staging`"}.Look(t.Context())
	}
	require.Equal(t, Passed, ask(server.URL+"/good").Outcome)
	bad := ask(server.URL + "/bad?token=sesame")
	require.Equal(t, Failed, bad.Outcome)
	require.True(t, strings.HasPrefix(bad.Say, "`staging`: "), bad.Say)
	require.Contains(t, bad.Say, "503")
	require.NotContains(t, bad.Say, "sesame")
}

// script writes a program of the shell, which alone is what the probe runs.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "look.sh")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o700))
	return path
}

func TestCommandProbe(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "of opsbot itself")
	for name, test := range map[string]struct {
		lines   string
		args    []string
		outcome Outcome
		say     string
	}{
		"well":            {lines: "echo first; echo 'all <good>'; echo", outcome: Passed, say: "`look.sh`: all &lt;good&gt;"},
		"silent":          {lines: "true", outcome: Passed, say: "`look.sh`: ended well"},
		"failed":          {lines: "echo 'disk 4 is bad' >&2; exit 3", outcome: Failed, say: "`look.sh` ended with the exit code 3: disk 4 is bad"},
		"failed silently": {lines: "exit 1", outcome: Failed, say: "`look.sh` ended with the exit code 1"},
		"no shell":        {lines: `echo "$1"`, args: []string{"$(id); `id` | x"}, outcome: Passed, say: "`look.sh`: $(id); `id` | x"},
		"no environment":  {lines: `echo "[$SLACK_BOT_TOKEN][$WHERE]"`, outcome: Passed, say: "`look.sh`: [][here]"},
		"a secret":        {lines: `echo "with $1 and password=abc"`, args: []string{"hunter2"}, outcome: Passed, say: "`look.sh`: with ••• and password=•••"},
		"escapes":         {lines: `printf 'red \033[31mtext\r\n'`, outcome: Passed, say: "`look.sh`: red [31mtext"},
		"by a signal":     {lines: "kill -9 $$", outcome: Unknown, say: "`look.sh` was ended by a signal: signal: killed"},
		"much output":     {lines: "head -c 300000 /dev/zero | tr '\\0' x; echo; echo the end", outcome: Passed, say: "`look.sh`: the end"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Command{Args: append([]string{script(t, test.lines)}, test.args...), Env: []string{"PATH=/usr/bin:/bin", "WHERE=here"}, Timeout: time.Minute, Hide: []string{"hunter2", ""}}
			require.Equal(t, Evidence{Outcome: test.outcome, Say: test.say}, c.Look(t.Context()))
		})
	}
}

func TestCommandProbeCutsWhatHangs(t *testing.T) {
	left := filepath.Join(t.TempDir(), "left")
	c := Command{Args: []string{script(t, "sleep 600 & echo $! > "+left+"; wait")}, Env: []string{"PATH=/usr/bin:/bin"}, Timeout: 500 * time.Millisecond}
	require.Equal(t, Evidence{Outcome: Unknown, Say: "`look.sh` had not ended after 500 ms"}, c.Look(t.Context()))
	child, err := os.ReadFile(left)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(child)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, time.Minute, 10*time.Millisecond, "what it had started ends with it")
}

func TestCommandProbeOfNothing(t *testing.T) {
	found := Command{Args: []string{"/nowhere/look.sh"}, Timeout: time.Minute}.Look(t.Context())
	require.Equal(t, Evidence{Outcome: Unknown, Say: "`look.sh` could not be run: no such file or directory"}, found)
	text := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte("hello"), 0o600))
	found = Command{Args: []string{text}, Timeout: time.Minute}.Look(t.Context())
	require.Equal(t, Evidence{Outcome: Unknown, Say: "`notes.txt` could not be run: permission denied"}, found)
}
