package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/process"
	"github.com/kubeoci/oci/bench/internal/process/usage"
	"github.com/kubeoci/oci/bench/internal/report"
)

// bench is a running comparison.
type bench struct {
	config
	dir         string // for all files, removed at the end
	runner      process.Runner
	programs    contest.Programs
	local       *site
	contestants []contest.Contestant
	report      *report.Report
	progress    io.Writer
	order       *rand.Rand
	recurse     bool // while the tree is one of the user
	fresh       int  // number of named repositories
}

func (b *bench) logf(format string, args ...any) {
	_, _ = fmt.Fprintf(b.progress, format+"\n", args...) // progress is optional
}

// site is a registry with the environment of its clients.
type site struct {
	*discard.Server
	opts discard.Options
	env  []string
}

// start starts a registry. Its clients have no settings of the user, and the credential
// for it if it requires one.
func (b *bench) start(opts discard.Options) (*site, error) {
	server, err := discard.Start(opts)
	if err != nil {
		return nil, err
	}
	s := &site{Server: server, opts: opts}
	if s.env, err = b.environment(s); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return s, nil
}

func (b *bench) environment(s *site) ([]string, error) {
	home, err := os.MkdirTemp(b.dir, "home-")
	if err != nil {
		return nil, err
	}
	config, temp := filepath.Join(home, ".docker"), filepath.Join(home, "tmp")
	if err := errors.Join(os.Mkdir(config, 0o700), os.Mkdir(temp, 0o700)); err != nil {
		return nil, err
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "DOCKER_CONFIG=" + config, "TMPDIR=" + temp}
	if s.opts.TLS {
		file := filepath.Join(home, "ca.pem")
		env = append(env, "SSL_CERT_FILE="+file)
		if err := os.WriteFile(file, s.Certificate(), 0o600); err != nil {
			return nil, err
		}
	}
	if s.opts.Username == "" {
		return env, nil
	}
	auth := base64.StdEncoding.EncodeToString([]byte(s.opts.Username + ":" + s.opts.Password))
	login, err := json.Marshal(map[string]any{"auths": map[string]any{s.Host: map[string]string{"auth": auth}}})
	if err != nil {
		return nil, err
	}
	return env, os.WriteFile(filepath.Join(config, "config.json"), login, 0o600)
}

// repository returns the name of a new repository.
func (b *bench) repository() string {
	b.fresh++
	return fmt.Sprintf("bench/r%d", b.fresh)
}

// entrant is a participant in a case.
type entrant struct {
	name string
	// run runs in each round, from 1 on.
	run func(ctx context.Context, round int) (report.Sample, error)
}

// rounds lets the entrants take turns, in a random order each round, and reports their
// samples. It calls before, unless that is nil, before each round.
func (b *bench) rounds(ctx context.Context, name, shape string, entrants []entrant, before func() error) error {
	samples := make([][]report.Sample, len(entrants))
	for round := 1; round <= b.config.rounds; round++ {
		if before != nil {
			if err := before(); err != nil {
				return err
			}
		}
		for _, at := range b.order.Perm(len(entrants)) {
			sample, err := entrants[at].run(ctx, round)
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

// do lets a contestant do a job and returns its usage and traffic.
func (b *bench) do(ctx context.Context, at *site, c contest.Contestant, j peer.Job) (report.Sample, error) {
	j.Host, j.TLS, j.Tag = at.Host, at.opts.TLS, cmp.Or(j.Tag, "v1")
	j.Options.Recurse = b.recurse
	at.Reset()
	used, out, err := b.runner.Run(ctx, c.Command(j, at.env))
	if err != nil {
		return report.Sample{}, err
	}
	if c.Library {
		var call usage.Usage
		if err := json.Unmarshal(out, &call); err != nil {
			return report.Sample{}, err
		}
		used.Wall, used.CPU = call.Wall, call.CPU
	}
	seen := at.Traffic(j.Repository)
	sample := report.Sample{
		Wall: used.Wall, CPU: used.CPU, MaxRSS: used.MaxRSS,
		Requests: len(seen.Requests), Sent: seen.Bytes, Received: seen.Sent,
	}
	if at.opts.Delay > 0 {
		sample.Trips = seen.Trips
	}
	for _, layer := range layersOf(at.Server, j) {
		sample.Layer += seen.Blobs[layer.Digest]
	}
	return sample, nil
}

// layersOf lists the layers of the pushed artifact.
func layersOf(server *discard.Server, j peer.Job) []ocispec.Descriptor {
	data, _ := server.Manifest(j.Repository, j.Tag)
	var manifest ocispec.Manifest
	_ = json.Unmarshal(data, &manifest) // no manifest has no layers
	return manifest.Layers
}

// cold returns entrants that push to a new repository each time.
func (b *bench) cold(who []contest.Contestant, at *site, dir string) []entrant {
	var entrants []entrant
	for _, c := range who {
		entrants = append(entrants, entrant{c.Name, func(ctx context.Context, _ int) (report.Sample, error) {
			name := b.repository()
			defer at.Forget(name)
			return b.do(ctx, at, c, peer.Job{Repository: name, Dir: dir})
		}})
	}
	return entrants
}

// again returns an entrant for each contestant that pushes dir to its own repository,
// to which it has already pushed primed.
func (b *bench) again(ctx context.Context, who []contest.Contestant, at *site, primed, dir string) ([]entrant, error) {
	var entrants []entrant
	for _, c := range who {
		j := peer.Job{Repository: b.repository(), Dir: primed}
		if _, err := b.do(ctx, at, c, j); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		j.Dir = dir
		entrants = append(entrants, entrant{c.Name, func(ctx context.Context, _ int) (report.Sample, error) {
			return b.do(ctx, at, c, j)
		}})
	}
	return entrants, nil
}

// libraries lists the contestants that are libraries.
func (b *bench) libraries() []contest.Contestant {
	return slices.DeleteFunc(slices.Clone(b.contestants), func(c contest.Contestant) bool { return !c.Library })
}

// ours returns our library with default options.
func (b *bench) ours() contest.Contestant { return b.contestants[0] }

// warmUp lets each contestant push a small tree.
func (b *bench) warmUp(ctx context.Context, dir string) error {
	for _, e := range b.cold(b.contestants, b.local, dir) {
		sample, err := e.run(ctx, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		b.logf("%s works: %s, %d requests", e.name, report.Seconds(sample.Wall), sample.Requests)
	}
	return nil
}
