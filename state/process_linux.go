package state

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// machine answers the ID of this boot and of the namespace that process numbers are valid in.
// https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
func machine() (boot, namespace string) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "-", "-"
	}
	namespace, err = os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "-", "-"
	}
	return strings.TrimSpace(string(id)), namespace
}

// startTime answers when the process began, in ticks since the boot, which tells it from a later one of the same
// number. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
func startTime(pid int) (string, life) {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return "-", ended
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "-", unknown
	}
	// The second field is the program's name in parentheses and may hold anything.
	after := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(after) < 20 {
		return "-", unknown
	}
	if state := after[0]; state == "Z" || state == "X" {
		return after[19], ended
	}
	return after[19], alive
}
