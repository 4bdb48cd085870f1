//go:build !unix

package process

import (
	"os/exec"
	"time"
)

// killAll kills only the command, because there are no process groups.
func killAll(cmd *exec.Cmd) { cmd.WaitDelay = time.Second }
