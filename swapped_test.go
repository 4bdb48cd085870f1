package oci_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
)

// Preflight and RefuseSecrets judge the kustomization that was read first. Another one with
// the same size and modification time is never pushed in its place.
func TestBuildRefusesAKustomizationThatWasReplaced(t *testing.T) {
	const before = "resources: [a.yaml]\n"
	for _, after := range []string{"resources: [x.yaml]\n", "resources: []\n", "resources: [a.yaml]\nsecretGenerator: [{name: x, literals: [a=b]}]\n"} {
		for name, size := range map[string]int{"small": 100, "of several blocks": 700 << 10} {
			t.Run(name+" "+strings.TrimSpace(after), func(t *testing.T) {
				pad := func(s string) string { return s + strings.Repeat("#", size-len(s)) }
				dir := tree(t, map[string]string{"kustomization.yaml": pad(before), "a.yaml": namespaced("a")})
				path := filepath.Join(dir, "kustomization.yaml")
				info, err := os.Stat(path)
				require.NoError(t, err)
				server := startRegistry(t, memregistry.Options{})
				opts := oci.BuildOptions{SourcePath: dir, RegistryEndpoint: server.Host, Version: "v1", GitOpsEngine: oci.GitOpsEngineFlux, Cache: new(oci.Cache)}
				opts.OnEvent = func(e oci.Event) {
					if e.Phase == oci.PhaseCollect {
						assert.NoError(t, os.WriteFile(path, []byte(pad(after)), 0o600))
						assert.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
					}
				}
				_, err = oci.Build(t.Context(), opts)
				require.ErrorIs(t, err, manifests.ErrFileChanged)
				assert.True(t, oci.Retryable(err))
				assert.ErrorContains(t, err, `"kustomization.yaml"`)
				_, err = pull(t, server.Host, filepath.Base(dir), "v1")
				assert.ErrorIs(t, err, oci.ErrRegistryNotFound)
			})
		}
	}
}
