package main

import (
	"context"
	"fmt"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/report"
)

// maxAtOnce is the target for the time of several builds at once relative to that of
// the same builds one after another.
const maxAtOnce = 1.0

// atOnce runs several builds through one Builder.
func atOnce(ctx context.Context, b *bench, shape, dir string) error {
	const name = "builds"
	who := func(n int, atOnce bool) contest.Contestant {
		text := fmt.Sprintf("ours, %d one after another", n)
		if atOnce {
			text = fmt.Sprintf("ours, %d at once", n)
		}
		return b.ours().With(text, func(o *peer.Options) { o.Builds, o.AtOnce = n, atOnce })
	}
	counts := []int{2, 4}
	builds := []contest.Contestant{b.ours()}
	for _, n := range counts {
		builds = append(builds, who(n, false), who(n, true))
	}
	if err := b.rounds(ctx, name, shape, b.cold(builds, b.local, dir), nil); err != nil {
		return err
	}
	for _, n := range counts {
		together := who(n, true).Name
		b.faster(name, shape, target{together, who(n, false).Name, maxAtOnce, 0})
		b.exactly(name, shape, together, "peak RSS of a build", report.Bytes, maxRSS, func(s report.Sample) float64 { return rss(s) / float64(n) })
	}
	return nil
}
