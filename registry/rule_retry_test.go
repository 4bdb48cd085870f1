package registry_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A rule sees the manifest that the tag points to before each attempt to set it.
func TestRuleSeesATagThatWasSetBetweenAttempts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"too many requests", status(http.StatusTooManyRequests, "TOOMANYREQUESTS")},
		{"unavailable", status(http.StatusServiceUnavailable, "UNAVAILABLE")},
		{"cut", abort},
		{"lost blobs", status(http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN")},
	} {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", before), func(t *testing.T) {
				first, second, zeroth := numbered(t, "1"), numbered(t, "2"), numbered(t, "0")
				srv := start(t, memregistry.Options{})
				client := srv.client(t, registry.Options{})
				tags := []string{"other"}
				if before {
					tags = append(tags, "v1")
				}
				_, err := zeroth.push(t, client, registry.PushOptions{}, tags...)
				require.NoError(t, err)
				past := newClient(t, "localhost", registry.Options{Transport: inProcess{srv.registry}})
				srv.fail(fault{"PUT manifests/v1", srv.once(func(w http.ResponseWriter, r *http.Request) {
					_, err := second.push(t, past, registry.PushOptions{}, "v1")
					assert.NoError(t, err)
					tt.answer(w, r)
				})})
				_, err = first.push(t, client, registry.PushOptions{TagRules: []registry.TagRule{registry.NotLower("build")}}, "v1")
				require.ErrorIs(t, err, registry.ErrTagRefused)
				srv.requireStored(t, second, "v1")
			})
		}
	}
}
