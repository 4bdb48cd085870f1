package limits_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/limits"
	"github.com/kubeoci/oci/bench/internal/process/usage"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/manifests"
)

func TestMeasure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, treegen.Write(dir, treegen.Few(), 1))
	program, err := os.Executable() // which prints its usage
	require.NoError(t, err)
	l, err := limits.Measure(t.Context(), dir, program, 2)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("Linux only")
	}
	require.NoError(t, err)
	assert.Equal(t, treegen.Few().Files, l.Files)
	assert.Positive(t, l.Start)
	assert.Len(t, l.Steps, 9)
	shared := 0
	for _, s := range l.Steps {
		assert.Positive(t, s.Alone.Wall, s.Name)
		if s.Shared.Wall > 0 {
			shared++
		}
	}
	assert.Equal(t, 6, shared)
	assert.Equal(t, l.Size, l.Steps[2].Bytes)
	assert.Equal(t, 2*l.Size, l.Steps[6].Bytes)
	assert.Less(t, l.Steps[7].Bytes, l.Size/3, "the layer is compressed")

	_, err = limits.Measure(t.Context(), dir, filepath.Join(dir, "missing"), 1)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = limits.Measure(t.Context(), filepath.Join(dir, "missing"), program, 1)
	require.ErrorIs(t, err, manifests.ErrPathNotFound)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = limits.Measure(ctx, dir, program, 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBound(t *testing.T) {
	step := func(part limits.Part, alone, shared time.Duration) limits.Step {
		return limits.Step{Part: part, Alone: usage.Usage{Wall: alone}, Shared: usage.Usage{Wall: shared}}
	}
	l := limits.Limits{Cores: 2, Steps: []limits.Step{
		step(limits.Reading, 9, 5), step(limits.Reading, 9, 3), step(limits.Hashing, 8, 0), step(limits.Checking, 90, 50),
		step(limits.Compressing, 900, 500), step(limits.Doubling, 9000, 5000), step(limits.Sending, 90000, 0),
	}}
	for name, tt := range map[string]struct {
		work limits.Work
		want time.Duration
	}{
		"read and hash":        {limits.Work{}, 12},
		"both copies, cached":  {limits.Work{Both: true}, 12},
		"one copy":             {limits.Work{Compress: true}, 512},
		"one copy, checked":    {limits.Work{Compress: true, Check: true}, 562},
		"both copies":          {limits.Work{Compress: true, Both: true}, 5016},
		"both copies, checked": {limits.Work{Compress: true, Both: true, Check: true}, 5066},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, l.Bound(tt.work)) })
	}
}
