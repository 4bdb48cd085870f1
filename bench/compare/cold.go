package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// Targets of a cold push.
const (
	maxRSS       = 64<<20 - 1
	maxLayer     = 1.05 // relative to compress/gzip at level 6
	maxCPUOfFlux = 0.33
	maxCPUOfORAS = 0.40
)

func coldLimits(shape string) against {
	switch shape {
	case treegen.Small().Name:
		return against{flux: 0.19, oras: 0.23}
	case treegen.Many().Name:
		return against{flux: 0.17, oras: 0.18}
	default:
		return against{flux: 0.16, oras: 0.18}
	}
}

// cold pushes a tree to new repositories.
func cold(ctx context.Context, b *bench, shape, dir string) error {
	const name = "cold"
	if err := b.rounds(ctx, name, shape, b.coldPushers(b.contestants, b.server, dir, b.env), nil); err != nil {
		return err
	}
	b.wallBelow(name, shape, coldLimits(shape))
	b.below(name, shape, "CPU", against{maxCPUOfFlux, maxCPUOfORAS}, func(s report.Sample) float64 { return s.CPU.Seconds() })
	b.exactly(name, shape, contest.Ours, "peak RSS", report.Bytes, maxRSS, func(s report.Sample) float64 { return float64(s.MaxRSS) })
	ratio, err := b.layerRatio(ctx, dir)
	if err != nil {
		return fmt.Errorf("layer of %s: %w", shape, err)
	}
	b.report.Check(report.Check{
		Case: name, Shape: shape, What: "layer size / gzip -6", Unit: report.Ratio, Value: ratio, Limit: maxLayer, Exact: true,
	})
	return nil
}

// coldPushers returns entrants that push to a new repository each time.
func (b *bench) coldPushers(who []contest.Contestant, server *discard.Server, dir string, env []string) []entrant {
	var entrants []entrant
	for _, c := range who {
		entrants = append(entrants, entrant{c.Name, func(ctx context.Context, _ int) (report.Sample, error) {
			t := contest.Target{Repository: b.repository(), Tag: "v1", Dir: dir}
			defer server.Forget(t.Repository)
			return b.push(ctx, server, c, t, env)
		}})
	}
	return entrants
}

// layerRatio returns the size of our layer relative to that of the same archive
// compressed by compress/gzip at level 6.
func (b *bench) layerRatio(ctx context.Context, dir string) (_ float64, err error) {
	b.logf("comparing the layer with gzip")
	kept, err := os.MkdirTemp(b.dir, "blobs-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(kept)) }()
	server, err := discard.Start(discard.Options{KeepBlobs: kept})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	t := contest.Target{Repository: b.repository(), Tag: "v1", Dir: dir}
	if _, err := b.push(ctx, server, b.ours(), t, b.env); err != nil {
		return 0, err
	}
	layers, err := layersOf(server, t)
	if err != nil {
		return 0, err
	}
	if len(layers) != 1 {
		return 0, fmt.Errorf("%d layers, want 1", len(layers))
	}
	return recompressed(ctx, filepath.Join(kept, layers[0].Encoded()))
}

// recompressed returns the size of a gzip file relative to its size at level 6.
func recompressed(ctx context.Context, name string) (float64, error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // opened for reading
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	content, err := gzip.NewReader(file)
	if err != nil {
		return 0, err
	}
	var size counter
	compressor, err := gzip.NewWriterLevel(&size, 6)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(compressor, contextReader{ctx, content}); err != nil {
		return 0, err
	}
	if err := compressor.Close(); err != nil {
		return 0, err
	}
	return float64(info.Size()) / float64(size), nil
}

// counter counts the bytes written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
