//go:build unix

package process

import (
	"os/exec"
	"syscall"
	"time"
)

// killAll makes the end of the context kill the whole process group of a command. An
// interrupt from the terminal does not reach that group.
func killAll(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
}
