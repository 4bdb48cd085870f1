package registry_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// Nothing is sent while packing if a rule may refuse the artifact, or if the registry may
// have it under its digest.
func TestNothingIsSentEarlyBeforeADecision(t *testing.T) {
	refuse := func(context.Context, registry.TagMove) (string, error) { return "it is Friday", nil }
	for _, tt := range []struct {
		name string
		opts registry.PushOptions
		tags []string
		is   error
	}{
		{"rule", registry.PushOptions{TagRules: []registry.TagRule{refuse}}, []string{"v1"}, registry.ErrTagConflict},
		{"digest only", registry.PushOptions{DigestOnly: true}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newBigArtifact(t, "demo")
			client := srv.client(t, registry.Options{})
			_, err := a.push(t, client, registry.PushOptions{DigestOnly: true})
			require.NoError(t, err)
			srv.requests(a)
			packing := a.slowPacking()
			go packing.pack(t, a)
			result, err := a.pushWhilePacking(t, client, packing.Packing, tt.opts, tt.tags...)
			require.ErrorIs(t, err, tt.is)
			assert.Equal(t, tt.is == nil, result.Unchanged)
			for _, request := range srv.requests(a) {
				assert.NotContains(t, request, http.MethodPost)
			}
		})
	}
}
