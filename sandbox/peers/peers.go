// Package peers finds the real programs that tests run against: stock MongoDB tools, other servers, a browser.
package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Find answers the path of a program, from the folder in OPSBOT_PEERS or from PATH. Without it the test is skipped;
// under CI=true it fails, so that nothing goes untested unseen. With -short it is always skipped: it is the other program
// that takes the time, and nothing of ours goes on at once that is not tested without it.
func Find(tb testing.TB, name string) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("the time is that of another program: " + name)
	}
	if path := filepath.Join(os.Getenv("OPSBOT_PEERS"), name); os.Getenv("OPSBOT_PEERS") != "" {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		tb.Fatalf("the program %s is missing; .ci/run installs it", name)
	}
	tb.Skipf("the program %s is not installed", name)
	return ""
}
