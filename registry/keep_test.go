package registry_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
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

// The largest archive that package packager makes is compared, and no larger one, also not by
// its beginning.
func TestSameContentIsLimited(t *testing.T) {
	if testing.Short() {
		t.Skip("decompresses 3 GB")
	}
	const (
		key     = "io.deis.oras.content.digest"
		largest = "sha256:bc17f06f9d9b5f6f79ca189a1772b1a3a38d6e40c45bec50f9c4f28144efddca" // of as many zeros
		larger  = "sha256:aec1fd75118d2f8ab6ab9b77593a679f2ad8207ddcbcc063e346ec2fed08ab15"
	)
	zeros := bytes.Repeat(gzipped(t, strings.Repeat("\x00", packager.MaxArchiveSize/1000)), 1000) // gzip has members
	for _, tt := range []struct {
		name, more, claim string
		same              bool
	}{
		{"largest", "", largest, true},
		{"one byte more", "\x00", larger, false},
		{"largest that goes on", "and more", largest, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "app")
			client, before := srv.client(t, registry.Options{}), a
			a.Layer.Annotations = map[string]string{key: tt.claim}
			before.Layer = a.claim(t, key, append(slices.Clip(zeros), gzipped(t, tt.more)...))
			_, err := before.annotated(t, map[string]string{"n": "1"}).push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			got, err := a.annotated(t, map[string]string{"n": "2"}).push(t, client, registry.PushOptions{KeepSameContent: true}, "v1")
			require.NoError(t, err)
			assert.Equal(t, tt.same, got.SameContent)
		})
	}
}
