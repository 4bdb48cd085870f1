package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// network describes a registry that is not near.
type network struct {
	name string
	opts discard.Options
	// cold, second and unchanged are the most round trips of a push to a new repository,
	// of one whose client has pushed before, and of one that sends nothing. They do not
	// include those of connecting.
	cold, second, unchanged float64
	requests                float64
}

const (
	latency    = 100 * time.Millisecond
	maxFarCold = 0.45 // of the wall time of flux
)

// networks lists the registries with latency. A token costs two more round trips: the
// challenge of the registry, and the request to the token service.
func networks() []network {
	return []network{
		{"100 ms", discard.Options{Delay: latency}, 4, 3, 2, 7},
		{"100 ms, TLS", discard.Options{Delay: latency, TLS: true}, 4, 3, 2, 7},
		{"100 ms, no single POST", discard.Options{Delay: latency, NoSinglePOST: true}, 4, 4, 2, 7},
		{"100 ms, token", discard.Options{Delay: latency, Username: "bench", Password: "bench"}, 6, 5, 4, 8},
	}
}

// roundTrips pushes to registries with latency.
func roundTrips(ctx context.Context, b *bench) error {
	dir, err := b.tree(ctx, treegen.Few())
	if err != nil {
		return err
	}
	for _, n := range networks() {
		if err := b.far(ctx, n, dir); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) far(ctx context.Context, n network, dir string) (err error) {
	at, err := b.start(n.opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.Close()) }()
	who := b.contestants
	if n.opts.TLS { // the programs have no flags for its authority
		who = b.libraries()
	}
	if n.opts.NoSinglePOST { // for which the others do not differ
		who = who[:1]
	}
	shape := treegen.Few().Name
	who = append(slices.Clone(who), b.secondPush(dir))
	if err := b.rounds(ctx, n.name, shape, b.cold(who, at, dir), nil); err != nil {
		return err
	}
	again, err := b.again(ctx, []contest.Contestant{b.ours().With(oursUnchanged, func(*peer.Options) {})}, at, dir, dir)
	if err != nil {
		return err
	}
	if err := b.rounds(ctx, n.name, shape, again, nil); err != nil {
		return err
	}
	for _, check := range []struct {
		who   string
		limit float64
	}{{contest.Ours, n.cold}, {secondPush, n.second}, {oursUnchanged, n.unchanged}} {
		// A second push asks for its blobs beside the tag if it is packed by then.
		b.worst(n.name, shape, check.who, "round trips", report.Count, check.limit, check.who != secondPush, trips)
	}
	b.exactly(n.name, shape, contest.Ours, "requests", report.Count, n.requests, requests)
	return nil
}

// slow pushes to a registry behind a network that is slower than the compressor.
func slow(ctx context.Context, b *bench, shape, dir string) (err error) {
	const name, bandwidth = "20 ms, 100 Mbit/s", 100e6 / 8
	at, err := b.start(discard.Options{Delay: 20 * time.Millisecond, Bandwidth: bandwidth})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.Close()) }()
	who := append(b.libraries(), b.root())
	if err := b.rounds(ctx, name, shape, b.cold(who, at, dir), nil); err != nil {
		return err
	}
	b.faster(name, shape, target{contest.Ours, contest.FluxLib, maxFarCold, 0})
	return nil
}
