package oci_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/internal/memregistry"
)

// A tree with a Namespace object, or one that was not looked at, gets no targetNamespace.
func TestHandOver(t *testing.T) {
	const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n"
	for _, tt := range []struct {
		name   string
		files  map[string]string
		policy oci.PreflightPolicy
		want   bool
	}{
		{"no Namespace", map[string]string{"cm.yaml": configMap}, oci.PreflightReport, false},
		{"Namespace", map[string]string{"cm.yaml": configMap, "sub/ns.yaml": namespace}, oci.PreflightReport, true},
		{"Namespace in a List", map[string]string{"all.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + indented(namespace)}, oci.PreflightReport, true},
		{"Namespace in a file that is too large", map[string]string{"cm.yaml": configMap, "ns.yaml": strings.Repeat("#\n", 3<<20) + namespace}, oci.PreflightReport, true},
		{"Namespace in a file that is too deep", map[string]string{"cm.yaml": configMap + "data: {a: " + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}\n---\n" + namespace}, oci.PreflightReport, true},
		{"Namespace in a file with another extension", map[string]string{"cm.yaml": configMap, "ns.txt": namespace, "kustomization.yaml": "resources: [cm.yaml, ns.txt]\n"}, oci.PreflightReport, true},
		{"preflight off", map[string]string{"cm.yaml": configMap}, oci.PreflightOff, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := startRegistry(t, memregistry.Options{})
			got := build(t, oci.BuildOptions{
				SourcePath: tree(t, tt.files), RegistryEndpoint: r.Host, Repository: "acme/app", Version: "v1", Layout: oci.LayoutRoot,
				Preflight: oci.PreflightOptions{Policy: tt.policy},
			})
			artifact := got.HandOver()
			assert.Equal(t, gitops.Artifact{
				Registry: r.Host, Repository: "acme/app", Tag: "v1", Digest: got.Artifact.Digest,
				Paths: got.Artifact.Paths, PlainHTTP: true, HasNamespaces: tt.want,
			}, artifact)
			_, err := gitops.Flux(artifact, gitops.FluxOptions{TargetNamespace: "app"})
			if tt.want {
				require.ErrorIs(t, err, gitops.ErrInvalidSetting)
				return
			}
			require.NoError(t, err)
		})
	}
}

// indented returns a manifest as an item of a list.
func indented(manifest string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(manifest, "\n"), "\n")
	return strings.Join(lines, "  ") + "\n"
}
