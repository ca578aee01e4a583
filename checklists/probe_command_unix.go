//go:build unix

package checklists

import (
	"os/exec"
	"syscall"
)

// alone has a program and all that it starts end together when its time is up.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
