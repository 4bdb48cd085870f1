// Package process runs programs to their end and returns their resource usage.
package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/kubeoci/oci/bench/internal/process/usage"
)

// Command is a program with its arguments.
type Command struct {
	Path string
	Args []string
	Dir  string   // working directory, "" for that of this process
	Env  []string // complete
}

// maxOutput bounds the output in the error of a failed program.
const maxOutput = 2000

// Runner runs commands through the command measure.
type Runner struct {
	// Measure is the path of that command.
	Measure string
}

// Run runs a command to its end and returns its usage and standard output. When ctx ends
// it kills the command and all processes that it started.
func (r Runner) Run(ctx context.Context, c Command) (usage.Usage, []byte, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return usage.Usage{}, nil, err
	}
	defer func() { _ = read.Close() }() // opened for reading

	cmd := exec.CommandContext(ctx, r.Measure, append([]string{c.Path}, c.Args...)...)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = c.Dir, c.Env, []*os.File{write}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	killAll(cmd)
	err = cmd.Run()
	_ = write.Close() // the process, which holds the other end, has ended
	if ctx.Err() != nil {
		return usage.Usage{}, nil, ctx.Err()
	}
	if err != nil {
		out := bytes.TrimSpace(append(stdout.Bytes(), stderr.Bytes()...))
		return usage.Usage{}, nil, fmt.Errorf("%s: %w: %s", filepath.Base(c.Path), err, out[max(0, len(out)-maxOutput):])
	}
	var used usage.Usage
	if err := json.NewDecoder(read).Decode(&used); err != nil {
		return usage.Usage{}, nil, errors.Join(errors.New("measure reported nothing"), err)
	}
	return used, stdout.Bytes(), nil
}
