//go:build !unix

package process

import (
	"os/exec"
	"time"
)

// killAll kills the command alone: there are no groups.
func killAll(cmd *exec.Cmd) { cmd.WaitDelay = time.Second }
