package registry_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// manyOf returns a document of nearly 4 MiB with a list of empty objects, which takes forty
// times as much memory when it is decoded.
func manyOf(field string) []byte { return listOf(field, 1_398_001) }

func listOf(field string, objects int) []byte {
	return []byte(`{"schemaVersion":2,"` + field + `":[{}` + strings.Repeat(",{}", objects-1) + "]}")
}

// What others have pushed takes no more memory for a rule than what a pull reads.
func TestRulesSeeNoManifestThatIsTooComplex(t *testing.T) {
	for name, data := range map[string][]byte{
		"too many values": manyOf("layers"),
		"ambiguous":       []byte(`{"annotations":{"a":"1"},"annotations":{"a":"2"}}`),
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"GET manifests/v1", tagged(ocispec.MediaTypeImageManifest, data, digest.FromBytes(data))})
			asked := false
			rule := func(_ context.Context, move registry.TagMove) (string, error) {
				asked = true
				assert.Equal(t, digest.FromBytes(data), move.Have.Descriptor.Digest)
				assert.Zero(t, len(move.Have.Manifest.Layers))
				assert.Empty(t, move.Have.Manifest.Annotations)
				return "it is Friday", nil
			}
			_, err := newArtifact(t, "first").push(t, srv.client(t, registry.Options{}), registry.PushOptions{TagRules: []registry.TagRule{rule}}, "v1")
			require.ErrorIs(t, err, registry.ErrTagConflict)
			assert.True(t, asked)
		})
	}
}

// Neither does an index of referrers.
func TestReferrersThatAreTooComplex(t *testing.T) {
	index := tagged(ocispec.MediaTypeImageIndex, manyOf("manifests"), "")
	a := newArtifact(t, "first")
	for name, faults := range map[string][]fault{
		"referrers API": {{"GET referrers/", index}},
		"tag":           {{"GET referrers/", page(http.StatusNotFound)}, {"GET manifests/sha256-", index}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, faults...)
			_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
				found, err := p.Referrers(ctx, "")
				assert.Zero(t, len(found)) // not Empty, which would print all
				return err
			}), "v1")
			require.ErrorIs(t, err, registry.ErrTooLarge)
		})
	}
}

// All pages together have a bound.
func TestReferrersOnLargePages(t *testing.T) {
	pages := 0
	srv, a := start(t, memregistry.Options{}, fault{"GET referrers/", func(w http.ResponseWriter, r *http.Request) {
		pages++
		w.Header().Set("Link", `<?page=next>; rel="next"`)
		tagged(ocispec.MediaTypeImageIndex, listOf("manifests", 60_000), "")(w, r)
	}}), newArtifact(t, "first")
	_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
		_, err := p.Referrers(ctx, "")
		return err
	}), "v1")
	require.ErrorIs(t, err, registry.ErrTooLarge)
	assert.ErrorContains(t, err, "the list of referrers is too long")
	assert.Equal(t, 2, pages)
}
