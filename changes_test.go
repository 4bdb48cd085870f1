package oci_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
)

// Whatever happens to a file between finding and packing it, nothing is sent.
func TestBuildOfAFileThatChanges(t *testing.T) {
	for name, change := range map[string]func(file string) error{
		"vanishes": os.Remove,
		"grows":    func(file string) error { return os.WriteFile(file, []byte(configMap+"# more\n"), 0o600) },
		"shrinks":  func(file string) error { return os.Truncate(file, int64(len(configMap)-1)) },
	} {
		for _, policy := range []oci.PreflightPolicy{oci.PreflightReport, oci.PreflightOff} {
			t.Run(name+" with preflight "+string(policy), func(t *testing.T) {
				server := startRegistry(t, memregistry.Options{})
				source := tree(t, map[string]string{"cm.yaml": configMap, "sub/b.yaml": configMap})
				result, err := oci.Build(t.Context(), oci.BuildOptions{
					SourcePath: source, RegistryEndpoint: server.Host, Version: "v1", Preflight: oci.PreflightOptions{Policy: policy},
					OnEvent: func(e oci.Event) {
						if e.Phase == oci.PhaseCollect {
							assert.NoError(t, change(filepath.Join(source, "sub", "b.yaml")))
						}
					},
				})
				require.ErrorIs(t, err, manifests.ErrFileChanged)
				assert.EqualError(t, err, `file changed while it was read: "sub/b.yaml"`)
				assert.Equal(t, "try again when no program writes to the directory", oci.Hint(err))
				assert.Zero(t, result)
				for _, request := range server.takeRequests() { // the tag may have been asked for
					assert.Equal(t, "GET /v2/app/manifests/v1", request)
				}
			})
		}
	}
}
