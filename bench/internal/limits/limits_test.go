package limits_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/limits"
	"github.com/kubeoci/oci/internal/testing/treegen"
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
	assert.Len(t, l.Steps, 5)
	for _, s := range l.Steps {
		assert.Positive(t, s.Alone, s.Name)
		assert.Positive(t, s.Shared, s.Name)
	}
	assert.Greater(t, l.Cold, l.Unchanged)
	assert.Greater(t, l.Unchanged, l.Start)

	_, err = limits.Measure(t.Context(), dir, filepath.Join(dir, "missing"), 1)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = limits.Measure(t.Context(), filepath.Join(dir, "missing"), program, 1)
	require.ErrorIs(t, err, os.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = limits.Measure(ctx, dir, program, 1)
	require.ErrorIs(t, err, context.Canceled)
}
