// Command measure runs another command and writes its resource usage as JSON to file
// descriptor 3.
//
// It is a program of its own to be small: a process inherits the peak memory of its
// parent, so the parent of the contestants must have almost none.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/kubeoci/oci/bench/internal/process/usage"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("missing argument: a command")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	start := time.Now()
	err := cmd.Run()
	used := usage.Of(cmd.ProcessState, time.Since(start))
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return err
	}
	if err := json.NewEncoder(os.NewFile(3, "result")).Encode(used); err != nil {
		return err
	}
	if err != nil {
		os.Exit(1) // the command has printed the reason
	}
	return nil
}
