package limits

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"

	"github.com/kubeoci/oci/bench/internal/process/usage"
)

// step is a step of a push of a part of the tree.
type step struct {
	name  string
	do    func(part) error
	bytes int64
	one   bool // cannot be shared among cores
	part  Part
}

// Measure measures the steps for the tree in dir. The start of a process is that of
// program with -h. The shortest of several rounds counts, because other load only adds
// to the time.
func Measure(ctx context.Context, dir, program string, rounds int) (Limits, error) {
	t, err := newTree(ctx, dir)
	if err != nil {
		return Limits{}, err
	}
	up, err := startUpload()
	if err != nil {
		return Limits{}, err
	}
	defer up.close()
	l := Limits{Files: t.files, Size: t.size, Cores: runtime.GOMAXPROCS(0)}
	start := func() error { return exec.CommandContext(ctx, program, "-h").Run() }
	began, err := fastest(ctx, rounds, start)
	if err != nil {
		return Limits{}, fmt.Errorf("%s -h: %w", program, err)
	}
	l.Start = began.Wall
	compressed := int64(len(t.layer))
	for _, s := range []step{
		{name: "list the directories", do: part.list, part: Reading},
		{name: "stat the files", do: part.stat, part: Reading},
		{name: "read the files", do: part.read, bytes: t.size, part: Reading},
		{name: "SHA-256 of the content", do: part.sum, bytes: t.size, one: true, part: Hashing},
		{name: "preflight's scan", do: part.scan, bytes: t.size, part: Checking},
		{name: fmt.Sprintf("DEFLATE, level %d, one copy", level), do: part.deflate, bytes: t.size, part: Compressing},
		{name: fmt.Sprintf("DEFLATE, level %d, both copies of a file in turn", level), do: part.deflateBoth, bytes: 2 * t.size, part: Doubling},
		{name: "SHA-256 of the layer", do: part.sumLayer, bytes: compressed, one: true, part: Sending},
		{name: "upload of the layer to loopback", do: up.send, bytes: compressed, one: true, part: Sending},
	} {
		measured := Step{Name: s.name, Bytes: s.bytes, Part: s.part}
		if measured.Alone, err = fastest(ctx, rounds, func() error { return t.parallel(1, s.do) }); err != nil {
			return Limits{}, fmt.Errorf("%s: %w", s.name, err)
		}
		if !s.one {
			if measured.Shared, err = fastest(ctx, rounds, func() error { return t.parallel(l.Cores, s.do) }); err != nil {
				return Limits{}, fmt.Errorf("%s: %w", s.name, err)
			}
		}
		l.Steps = append(l.Steps, measured)
	}
	return l, nil
}

// fastest returns the usage of the call that took the least time.
func fastest(ctx context.Context, rounds int, f func() error) (usage.Usage, error) {
	var best usage.Usage
	for range rounds {
		if err := ctx.Err(); err != nil {
			return best, err
		}
		used, err := usage.During(f)
		if err != nil {
			return best, err
		}
		if best.Wall == 0 || used.Wall < best.Wall {
			best = used
		}
	}
	return best, nil
}
