package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

const (
	workloadsCase  = "workloads"
	oneByOne       = "ours, one after another"
	inOneCall      = "ours, BuildAll"
	inOneCallAgain = "ours, BuildAll again"
	assumed        = "ours, BuildAll again, blobs assumed"

	// maxInOneCall is the target for the time of BuildAll relative to that of the same
	// builds one after another.
	maxInOneCall = 0.25
	// maxWorkloadRounds bounds the time of the case: a round takes almost a minute.
	maxWorkloadRounds = 3
	// filesPerWorkload is that of a directory of an application in the trees of treegen.
	filesPerWorkload = 10
)

// workloads pushes the directories of a tree to repositories of their own.
func workloads(ctx context.Context, b *bench) error {
	apps := 500
	if b.quick {
		apps = 40
	}
	return b.manyWorkloads(ctx, apps)
}

func (b *bench) manyWorkloads(ctx context.Context, apps int) (err error) {
	shape := treegen.Shape{Name: fmt.Sprintf("%d workloads", apps), Files: apps * filesPerWorkload, Bytes: int64(apps) * 100e3}
	dir, err := b.tree(ctx, shape)
	if err != nil {
		return err
	}
	at, err := b.start(discard.Options{Delay: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.Close()) }()
	defer func(rounds int) { b.config.rounds = rounds }(b.config.rounds)
	b.config.rounds = min(b.config.rounds, maxWorkloadRounds)

	who := func(name string, change func(*peer.Options)) contest.Contestant {
		return b.ours().With(name, func(o *peer.Options) { o.Workloads = "*/*"; change(o) })
	}
	entrants := b.cold([]contest.Contestant{
		who(oneByOne, func(*peer.Options) {}),
		who(inOneCall, func(o *peer.Options) { o.AtOnce = true }),
	}, at, dir)
	again, err := b.again(ctx, []contest.Contestant{
		who(inOneCallAgain, func(o *peer.Options) { o.AtOnce = true }),
		who(assumed, func(o *peer.Options) { o.AtOnce, o.AssumeBlobs = true, true }),
	}, at, dir, dir)
	if err != nil {
		return err
	}
	if err := b.rounds(ctx, workloadsCase, shape.Name, append(entrants, again...), nil); err != nil {
		return err
	}
	b.faster(workloadsCase, shape.Name, target{inOneCall, oneByOne, maxInOneCall, 0})
	b.exactly(workloadsCase, shape.Name, inOneCallAgain, "requests", report.Count, float64(unchangedRequests*apps), requests)
	b.exactly(workloadsCase, shape.Name, assumed, "requests", report.Count, float64(apps), requests)
	b.exactly(workloadsCase, shape.Name, inOneCall, "peak RSS", report.Bytes, maxRSS, rss)
	for _, who := range []string{inOneCallAgain, assumed} {
		b.exactly(workloadsCase, shape.Name, who, "bytes sent", report.Bytes, 0, sent)
	}
	return nil
}
