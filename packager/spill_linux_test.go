//go:build !race

// Compressing more than fits into memory is slow under the race detector.

package packager_test

import (
	"context"
	"io"
	"os"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
)

// TestPackLeavesNoFiles packs more than fits into memory into a store of another
// kind.
func TestPackLeavesNoFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	set := collectTexts(t, map[string]string{"a.yaml": string(noise(t, 8<<20))})
	store := &spyingStore{countingStore{fail: layerType, err: os.ErrPermission}, func() {
		assert.Equal(t, 1, openBelow(t, os.Getenv("TMPDIR")))
	}}
	_, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
	require.ErrorIs(t, err, os.ErrPermission)
	assert.Zero(t, openBelow(t, os.Getenv("TMPDIR")))
	assert.Empty(t, allFiles(t, os.Getenv("TMPDIR")))
}

// spyingStore calls look before each push.
type spyingStore struct {
	countingStore
	look func()
}

func (s *spyingStore) Push(ctx context.Context, desc ocispec.Descriptor, r io.Reader) error {
	s.look()
	return s.countingStore.Push(ctx, desc, r)
}
