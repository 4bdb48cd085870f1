package flux_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// Flux adds labels of its own to those that GetLabels returns, and replaces the labels of an
// object with them (ssa.ResourceManager.SetOwnerLabels). If one is not text, there are none.
func TestFluxDropsLabels(t *testing.T) {
	for name, tt := range map[string]struct {
		value string
		kept  bool
	}{
		"a text":   {"c", true},
		"a number": {"1", false},
		"yes":      {"yes", true},
		"null":     {"null", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fixture.Write(t, map[string]string{"app.yaml": fixture.Object("ConfigMap", "app") + "  labels:\n    a: b\n    b: " + tt.value + "\n"})
			objects, err := render(dir, "./")
			require.NoError(t, err)
			require.Len(t, objects, 1)
			_, kept := objects[0].GetLabels()["a"]
			assert.Equal(t, tt.kept, kept)
		})
	}
}
