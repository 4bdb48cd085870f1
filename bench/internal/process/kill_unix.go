//go:build unix

package process

import (
	"os/exec"
	"syscall"
	"time"
)

// killAll makes the end of the context kill the whole group of a command, which
// an interrupt from the terminal then does not reach by itself.
func killAll(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
}
