package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kubeoci/oci/bench/internal/report"
)

const rootModule = "github.com/kubeoci/oci"

// build builds the command measure, and examples/push in its own module so that it has
// the versions required there. Both are built without cgo, like the releases of the
// other programs.
func build(ctx context.Context, dir string) (push, measure string, err error) {
	root, err := output(ctx, "go", "list", "-m", "-f", "{{.Dir}}", rootModule)
	if err != nil {
		return "", "", fmt.Errorf("run this in the directory bench: %w", err)
	}
	push, measure = filepath.Join(dir, "push"), filepath.Join(dir, "measure")
	if runtime.GOOS == "windows" {
		push, measure = push+".exe", measure+".exe"
	}
	if err := compile(ctx, "-C", root, "-o", push, "./examples/push"); err != nil {
		return "", "", err
	}
	return push, measure, compile(ctx, "-o", measure, rootModule+"/bench/measure")
}

func compile(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	_, err := outputOf(cmd)
	return err
}

// output returns the standard output of a command.
func output(ctx context.Context, name string, args ...string) (string, error) {
	return outputOf(exec.CommandContext(ctx, name, args...))
}

func outputOf(cmd *exec.Cmd) (string, error) {
	out, err := cmd.Output()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		err = fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[:2], " "), err, bytes.TrimSpace(exit.Stderr))
	}
	return string(bytes.TrimSpace(out)), err
}

// machine describes this machine, as far as it is known.
func machine(ctx context.Context) report.Machine {
	m := report.Machine{Go: runtime.Version(), Kernel: runtime.GOOS, CPU: runtime.GOARCH, Cores: runtime.NumCPU()}
	if kernel, err := output(ctx, "uname", "-sr"); err == nil {
		m.Kernel = kernel
	}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil { // not on this system
		return m
	}
	for line := range strings.Lines(string(info)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}
