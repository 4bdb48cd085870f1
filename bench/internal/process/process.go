// Package process runs programs to their end and says what they used.
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
	Dir  string   // to run in, and "" for the one of this process
	Env  []string // all of it
}

// maxOutput is what is shown of a program that failed.
const maxOutput = 2000

// Runner runs commands by way of the command measure.
type Runner struct {
	// Measure is the path of that command.
	Measure string
}

// Run runs a command to its end and returns what it printed to standard output.
// When ctx ends the command is killed, with all that it started.
func (r Runner) Run(ctx context.Context, c Command) (usage.Usage, []byte, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return usage.Usage{}, nil, err
	}
	defer func() { _ = read.Close() }() // only read from

	cmd := exec.CommandContext(ctx, r.Measure, append([]string{c.Path}, c.Args...)...)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = c.Dir, c.Env, []*os.File{write}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	killAll(cmd)
	err = cmd.Run()
	_ = write.Close() // the other end is held by the process, which has ended
	if ctx.Err() != nil {
		return usage.Usage{}, nil, ctx.Err()
	}
	if err != nil {
		said := bytes.TrimSpace(append(stdout.Bytes(), stderr.Bytes()...))
		return usage.Usage{}, nil, fmt.Errorf("%s: %w: %s", filepath.Base(c.Path), err, said[max(0, len(said)-maxOutput):])
	}
	var used usage.Usage
	if err := json.NewDecoder(read).Decode(&used); err != nil {
		return usage.Usage{}, nil, errors.Join(errors.New("measure reported nothing"), err)
	}
	return used, stdout.Bytes(), nil
}
