package registrytest

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the program end when this process ends, even if it is killed.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
