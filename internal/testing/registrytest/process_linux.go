package registrytest

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the program end when this process does, however that ends.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
