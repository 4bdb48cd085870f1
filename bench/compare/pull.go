package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

const maxPull = 0.6 // of the wall time of the others

// pull pulls and unpacks one artifact with all contestants: that of ours with one copy of
// the tree, which all of them read.
func pull(ctx context.Context, b *bench, shape, dir string) (err error) {
	const name = "pull"
	kept, err := os.MkdirTemp(b.dir, "blobs-")
	if err != nil {
		return err
	}
	at, err := b.start(discard.Options{KeepBlobs: kept})
	if err != nil {
		return errors.Join(err, os.RemoveAll(kept))
	}
	defer func() { err = errors.Join(err, at.Close(), os.RemoveAll(kept)) }()
	j := peer.Job{Repository: b.repository(), Dir: dir}
	if _, err := b.do(ctx, at, b.root(), j); err != nil {
		return err
	}
	j.Pull = true
	var entrants []entrant
	for _, c := range b.contestants {
		entrants = append(entrants, entrant{c.Name, func(ctx context.Context, _ int) (report.Sample, error) {
			parent, err := os.MkdirTemp(b.dir, "pulled-")
			if err != nil {
				return report.Sample{}, err
			}
			j := j
			j.Dir = filepath.Join(parent, base)
			err = os.Mkdir(j.Dir, 0o700) // flux requires it
			var sample report.Sample
			if err == nil {
				sample, err = b.do(ctx, at, c, j)
			}
			return sample, errors.Join(err, os.RemoveAll(parent))
		}})
	}
	if err := b.rounds(ctx, name, shape, entrants, nil); err != nil {
		return err
	}
	if shape == treegen.Small().Name {
		b.faster(name, shape,
			target{contest.Ours, contest.FluxLib, maxPull, 0}, target{contest.Ours, contest.ORASLib, maxPull, 0},
			target{contest.Own, contest.Flux, maxPull, 0}, target{contest.Own, contest.ORAS, maxPull, 0},
		)
	}
	b.exactly(name, shape, contest.Ours, "peak RSS", report.Bytes, maxRSS, rss)
	return nil
}
