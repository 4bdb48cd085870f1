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

// probeTimeout bounds how long something is asked whether it is there.
const probeTimeout = 2 * time.Second

// askProgram returns what a program prints to standard output, or to standard
// error where that is nothing. It is killed when it takes too long.
func askProgram(ctx context.Context, path string, arguments ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return runProgram(ctx, nil, path, arguments...)
}

// runProgram runs a program to its end. Where it fails, the error is what it
// printed to standard error.
func runProgram(ctx context.Context, stdin io.Reader, path string, arguments ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, path, arguments...)
	cmd.WaitDelay = time.Second // for what it may have started
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	said := bytes.TrimSpace(stderr.Bytes())
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), ctx.Err())
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil // it has ended, and what it started has not
	case err != nil && len(said) > 0:
		return nil, fmt.Errorf("%s: %s", filepath.Base(path), said[:min(len(said), maxOutput)])
	case err != nil:
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if out := bytes.TrimSpace(stdout.Bytes()); len(out) > 0 {
		return out, err
	}
	return said, err
}

// moduleVersion is the version of the module that a program was built of, and
// "unknown" for one that is not Go's.
func moduleVersion(path string) string {
	info, err := buildinfo.ReadFile(path)
	if err != nil || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
