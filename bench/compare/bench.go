package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/process"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// bench is a running comparison.
type bench struct {
	config
	dir         string // for all files, removed at the end
	env         []string
	runner      process.Runner
	programs    contest.Programs
	server      *discard.Server
	contestants []contest.Contestant
	report      *report.Report
	progress    io.Writer
	fresh       int // number of named repositories
}

func (b *bench) logf(format string, args ...any) {
	_, _ = fmt.Fprintf(b.progress, format+"\n", args...) // progress is optional
}

// environment returns that of a contestant, without settings of the user.
func (b *bench) environment(home string) ([]string, error) {
	home, temp := filepath.Join(b.dir, home), filepath.Join(b.dir, "tmp")
	for _, dir := range []string{home, temp} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "DOCKER_CONFIG=" + filepath.Join(home, ".docker"), "TMPDIR=" + temp,
	}, nil
}

// repository returns the name of a new repository.
func (b *bench) repository() string {
	b.fresh++
	return fmt.Sprintf("bench/r%d", b.fresh)
}

// entrant is a participant in a case.
type entrant struct {
	name string
	// push runs in each round, from 1 on.
	push func(ctx context.Context, round int) (report.Sample, error)
}

// rounds lets the entrants take turns, in another order each round, and reports their
// samples. It calls before, unless that is nil, before each round.
func (b *bench) rounds(ctx context.Context, name, shape string, entrants []entrant, before func() error) error {
	samples := make([][]report.Sample, len(entrants))
	for round := 1; round <= b.config.rounds; round++ {
		if before != nil {
			if err := before(); err != nil {
				return err
			}
		}
		for i := range entrants {
			at := (round - 1 + i) % len(entrants)
			sample, err := entrants[at].push(ctx, round)
			if err != nil {
				return fmt.Errorf("%s, %s, %s: %w", name, shape, entrants[at].name, err)
			}
			samples[at] = append(samples[at], sample)
			b.logf("%s, %s, round %d of %d: %s %s", name, shape, round, b.config.rounds, entrants[at].name, report.Seconds(sample.Wall))
		}
	}
	for i, e := range entrants {
		b.report.Cells = append(b.report.Cells, report.NewCell(name, shape, e.name, samples[i]))
	}
	return nil
}

// push runs a contestant and returns its resource usage and traffic.
func (b *bench) push(ctx context.Context, server *discard.Server, c contest.Contestant, t contest.Target, env []string) (report.Sample, error) {
	t.Host = server.Host
	server.Traffic() // discard that of the previous push
	used, _, err := b.runner.Run(ctx, c.Command(t, env))
	if err != nil {
		return report.Sample{}, err
	}
	seen := server.Traffic()
	sample := report.Sample{
		Wall: used.Wall, CPU: used.CPU, MaxRSS: used.MaxRSS, Requests: len(seen.Requests), Sent: seen.Bytes,
	}
	if delay := server.Delay(); delay > 0 {
		sample.Trips = float64(seen.Last.Sub(seen.First)) / float64(delay)
	}
	layers, err := layersOf(server, t)
	for _, layer := range layers {
		sample.Layer += seen.Blobs[layer]
	}
	return sample, err
}

// layersOf lists the layers of the pushed artifact.
func layersOf(server *discard.Server, t contest.Target) ([]digest.Digest, error) {
	data, found := server.Manifest(t.Repository, t.Tag)
	if !found {
		return nil, fmt.Errorf("%s:%s was not pushed", t.Repository, t.Tag)
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, err
	}
	var layers []digest.Digest
	for _, layer := range manifest.Layers {
		layers = append(layers, layer.Digest)
	}
	return layers, nil
}

// pushers returns an entrant for each contestant that pushes dir to its own repository,
// to which it has already pushed primed.
func (b *bench) pushers(ctx context.Context, primed, dir string) ([]entrant, error) {
	var entrants []entrant
	for _, c := range b.contestants {
		t := contest.Target{Repository: b.repository(), Tag: "v1", Dir: primed}
		if _, err := b.push(ctx, b.server, c, t, b.env); err != nil {
			return nil, err
		}
		t.Dir = dir
		entrants = append(entrants, entrant{c.Name, func(ctx context.Context, _ int) (report.Sample, error) {
			return b.push(ctx, b.server, c, t, b.env)
		}})
	}
	return entrants, nil
}

// ours returns our own contestant.
func (b *bench) ours() contest.Contestant { return b.contestants[0] }

// warmUp lets each contestant push a small tree.
func (b *bench) warmUp(ctx context.Context) error {
	dir, err := b.tree(ctx, treegen.Few())
	if err != nil {
		return err
	}
	for _, c := range b.contestants {
		t := contest.Target{Repository: b.repository(), Tag: "v1", Dir: dir}
		sample, err := b.push(ctx, b.server, c, t, b.env)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		b.logf("%s works: %s, %d requests", c.Name, sample.Wall.Round(time.Millisecond), sample.Requests)
	}
	return nil
}
