package registrytest

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"
)

// probeTimeout bounds the check whether a program or engine is available.
const probeTimeout = 2 * time.Second

// queryProgram returns the standard output of a program, or its standard error if
// that is empty. The program is killed after probeTimeout.
func queryProgram(ctx context.Context, path string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return runProgram(ctx, nil, path, arguments...)
}

// runProgram runs a program to its end. If the program fails, the error holds its
// standard error.
func runProgram(ctx context.Context, stdin io.Reader, path string, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, path, arguments...)
	cmd.WaitDelay = time.Second // for processes that it may have started
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	message := bytes.TrimSpace(stderr.Bytes())
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), ctx.Err())
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil // the program ended, but a process it started did not
	case err != nil && len(message) > 0:
		return nil, fmt.Errorf("%s: %s", filepath.Base(path), message[:min(len(message), maxOutput)])
	case err != nil:
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if out := bytes.TrimSpace(stdout.Bytes()); len(out) > 0 {
		return out, err
	}
	return message, err
}

// moduleVersion returns the version of the module that a program was built from, or
// "unknown" for a program not written in Go.
func moduleVersion(path string) string {
	info, err := buildinfo.ReadFile(path)
	if err != nil || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
