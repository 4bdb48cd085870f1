//go:build unix

package preflight_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// BenchmarkPack reports the CPU time of Pack, and of Pack and Check with an Observer.
func BenchmarkPack(b *testing.B) {
	dir := benchtree.Write(b, treegen.Small())
	set, err := manifests.Collect(b.Context(), dir, manifests.Options{})
	require.NoError(b, err)
	for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutBoth} {
		for _, observed := range []bool{false, true} {
			name := string(layout) + "/off"
			if observed {
				name = string(layout) + "/on"
			}
			b.Run(name, func(b *testing.B) {
				benchtree.Measure(b, set.Size())
				start, n := cpuTime(b), 0
				for ; b.Loop(); n++ {
					pack(b, set, layout, observed)
				}
				b.ReportMetric(float64((cpuTime(b)-start).Milliseconds())/float64(n), "cpu-ms/op")
			})
		}
	}
}

func pack(b *testing.B, set *manifests.Set, layout packager.Layout, observed bool) {
	b.Helper()
	plan, err := packager.NewPlan(set, layout, packager.Options{Prefix: "shop"})
	require.NoError(b, err)
	var store packager.Store
	defer func() { require.NoError(b, store.Close()) }()
	if !observed {
		_, err = plan.Pack(b.Context(), &store, nil, nil)
		require.NoError(b, err)
		return
	}
	observer := preflight.NewObserver(b.Context(), nil, preflight.Options{})
	_, err = plan.Pack(b.Context(), &store, nil, observer.Observe)
	require.NoError(b, err)
	_, err = preflight.Check(b.Context(), preflight.Artifact{Plan: plan, Observer: observer}, preflight.Options{})
	require.NoError(b, err)
}

// cpuTime returns the CPU time of the process.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
