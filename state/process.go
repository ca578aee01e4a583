package state

import (
	"crypto/rand"
	"os"
	"strconv"
	"strings"
)

// ThisProcess names this process so that others on the same machine can find out whether it still lives:
// host/boot/process namespace/pid/start time/random. Where the system does not tell, the parts are "-".
func ThisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "-"
	}
	boot, namespace := machine()
	pid := os.Getpid()
	start, _ := startTime(pid)
	return strings.Join([]string{strings.ReplaceAll(host, "/", "-"), boot, namespace, strconv.Itoa(pid), start, rand.Text()[:8]}, "/")
}

// Gone says that the process named owner has certainly ended. It is false whenever that cannot be known: on another
// machine or since another boot, in another container, on a system that does not tell.
func Gone(owner string) bool {
	parts := strings.Split(owner, "/")
	host, err := os.Hostname()
	if err != nil || len(parts) != 6 || parts[0] != strings.ReplaceAll(host, "/", "-") {
		return false
	}
	boot, namespace := machine()
	pid, err := strconv.Atoi(parts[3])
	if err != nil || boot == "-" || parts[1] != boot || parts[2] != namespace || parts[4] == "-" {
		return false
	}
	start, state := startTime(pid)
	switch state {
	case ended:
		return true
	case alive:
		return start != parts[4] // the number was given to a new process
	}
	return false
}

// life is what is known of a process.
type life int

const (
	unknown life = iota
	alive
	ended
)
