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

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/report"
)

const rootModule = "github.com/kubeoci/oci"

// build builds the command measure, and the examples in their own module so that they
// have the versions required there. All are built without cgo, like the releases of the
// other programs.
func build(ctx context.Context, dir string) (own contest.Programs, measure string, err error) {
	root, err := output(ctx, "go", "list", "-m", "-f", "{{.Dir}}", rootModule)
	if err != nil {
		return own, "", fmt.Errorf("run this in the directory bench: %w", err)
	}
	extension := ""
	if runtime.GOOS == "windows" {
		extension = ".exe"
	}
	own.Push, own.Pull = filepath.Join(dir, "push"+extension), filepath.Join(dir, "pull"+extension)
	measure = filepath.Join(dir, "measure"+extension)
	if own.Self, err = os.Executable(); err != nil {
		return own, "", err
	}
	return own, measure, errors.Join(
		compile(ctx, "-C", root, "-o", own.Push, "./examples/push"),
		compile(ctx, "-C", root, "-o", own.Pull, "./examples/pull"),
		compile(ctx, "-o", measure, rootModule+"/bench/measure"),
	)
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

// load returns the load average of the last minute, or zero if it is unknown.
func load() float64 {
	var average float64
	if info, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(info), &average) // else it stays zero
	}
	return average
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
