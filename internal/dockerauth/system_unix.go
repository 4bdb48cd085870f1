//go:build unix

package dockerauth

import (
	"os/exec"
	"syscall"
)

// openNonblock keeps open from waiting for the other side of a pipe.
const openNonblock = syscall.O_NONBLOCK

// group makes a process group of a command and its children. An interrupt from the
// terminal does not reach that group: the program ends the context.
func group(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return killGroup(command) }
}

// killGroup ends the processes of the group that still run, also after the command has
// ended: the system does not use its number again while the group has a process.
func killGroup(command *exec.Cmd) error {
	return syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
}
