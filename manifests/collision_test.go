package manifests_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// A copy under a prefix is in the text, and has advice of its own.
func TestCollisionErrorOfACopy(t *testing.T) {
	err := &manifests.CollisionError{Path: "app", First: "app/b.yaml", Second: "a.yaml", Copied: true}
	require.ErrorIs(t, err, manifests.ErrCollision)
	assert.EqualError(t, err, `two entries collide in the archive: "app/b.yaml" and the copy of "a.yaml" both need "app"`)
	assert.Equal(t, "set Pack.Prefix to a name that the tree does not use, or choose LayoutRoot, which needs no copy", err.Hint())
}
