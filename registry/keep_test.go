package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A manifest is compared once, however many tags point to it.
func TestSameContentOfSeveralTags(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "app")
	client, tags := srv.client(t, registry.Options{}), []string{"v1", "v2", "v3"}
	before := a
	before.Layer = a.claim(t, "io.deis.oras.content.digest", recompress(t, a))
	before = before.annotated(t, map[string]string{"revision": "1"})
	_, err := before.push(t, client, registry.PushOptions{}, tags...)
	require.NoError(t, err)
	srv.requests(a)
	got, err := a.push(t, client, registry.PushOptions{KeepSameContent: true}, tags...)
	require.NoError(t, err)
	assert.True(t, got.SameContent)
	assert.True(t, got.Unchanged)
	assert.Len(t, srv.requests(a), len(tags)+3, "a blob was asked for more than once")
}
