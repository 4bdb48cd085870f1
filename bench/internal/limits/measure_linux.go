package limits

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"

	"github.com/klauspost/compress/flate"
)

// level is the compression level of a push with the default options.
const level = 6

// step is a step of a push of a part of the tree.
type step struct {
	name string
	do   func(part) error
	cold bool // only of a cold push
	one  bool // cannot be shared among cores
}

// Measure measures the steps for the tree in dir. The start of a process is that of
// program with -h. The shortest of several rounds counts, because other load only adds
// to the time.
func Measure(ctx context.Context, dir, program string, rounds int) (Limits, error) {
	t, err := newTree(dir)
	if err != nil {
		return Limits{}, err
	}
	l := Limits{Files: t.files, Size: t.size, Cores: runtime.GOMAXPROCS(0)}
	start := func() error { return exec.CommandContext(ctx, program, "-h").Run() }
	if l.Start, err = fastest(ctx, rounds, start); err != nil {
		return Limits{}, fmt.Errorf("%s -h: %w", program, err)
	}
	l.Unchanged, l.Cold = l.Start, l.Start
	for _, s := range []step{
		{name: "list the directories", do: part.list},
		{name: "stat the files", do: part.stat},
		{name: "read the files", do: part.read},
		{name: "SHA-256 of the content", do: part.sum, one: true},
		{name: fmt.Sprintf("DEFLATE, level %d", level), do: part.deflate, cold: true},
	} {
		alone, err := fastest(ctx, rounds, func() error { return t.parallel(1, s.do) })
		if err != nil {
			return Limits{}, err
		}
		shared, err := fastest(ctx, rounds, func() error { return t.parallel(l.Cores, s.do) })
		if err != nil {
			return Limits{}, err
		}
		l.Steps = append(l.Steps, Step{s.name, alone, shared})
		took := shared
		if s.one { // while other cores do other work
			took = alone / time.Duration(l.Cores)
		}
		l.Cold += took
		if !s.cold {
			l.Unchanged += took
		}
	}
	return l, nil
}

func fastest(ctx context.Context, rounds int, f func() error) (time.Duration, error) {
	var best time.Duration
	for range rounds {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

func (p part) sum() error {
	sha256.Sum256(p.content)
	return nil
}

func (p part) deflate() error {
	const block = 512 << 10
	w, err := flate.NewWriter(io.Discard, level)
	if err != nil {
		return err
	}
	for rest := p.content; len(rest) > 0; rest = rest[min(block, len(rest)):] {
		w.Reset(io.Discard)
		if _, err := w.Write(rest[:min(block, len(rest))]); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}
