package stats_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/bench/internal/stats"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []int
		want   int
	}{
		{nil, 0},
		{[]int{7}, 7},
		{[]int{9, 1}, 5},
		{[]int{9, 1, 2}, 2},
		{[]int{4, 1, 9, 2}, 3},
	} {
		assert.Equal(t, tt.want, stats.Median(tt.values), tt.values)
	}
	values := []float64{3, 1, 2}
	assert.Equal(t, 2.0, stats.Median(values))
	assert.Equal(t, []float64{3, 1, 2}, values, "the order is kept")
}

func TestOf(t *testing.T) {
	assert.Equal(t, []int{1, 3}, stats.Of([]string{"a", "abc"}, func(s string) int { return len(s) }))
}

func TestDeviation(t *testing.T) {
	n := []int{1, 2, 4, 8}
	times := func(f func(n float64) float64) []time.Duration {
		return stats.Of(n, func(n int) time.Duration { return time.Duration(f(float64(n)) * float64(time.Second)) })
	}
	assert.InDelta(t, 0, stats.Deviation(n, times(func(n float64) float64 { return 3 * n })), 1e-6)
	assert.InDelta(t, 0, stats.Deviation(n, times(func(n float64) float64 { return 2 + 3*n })), 1e-6)
	assert.InDelta(t, 0.11, stats.Deviation(n, times(func(n float64) float64 { return math.Pow(n, 1.1) })), 0.02)
	assert.Greater(t, stats.Deviation(n, times(func(n float64) float64 { return math.Pow(n, 1.3) })), 0.2)
	assert.Greater(t, stats.Deviation(n, times(func(n float64) float64 { return n * n })), 0.5)
}
