package argocd_test

import (
	"testing"

	utilio "github.com/argoproj/argo-cd/v3/util/io"
	argooci "github.com/argoproj/argo-cd/v3/util/oci"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// mediaTypes and maxSize are the defaults of the repository server, its flags
// --oci-layer-media-types and --oci-manifest-max-extracted-size.
var mediaTypes = []string{
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.cncf.helm.chart.content.v1.tar+gzip",
}

const maxSize = 1_000_000_000

func TestArgoCDClientReadsEveryLayout(t *testing.T) {
	fixture.EachRegistry(t, func(t *testing.T, instance *registrytest.Instance) {
		for tree, dir := range fixture.Trees(t) {
			for _, engine := range fixture.Engines() {
				t.Run(tree+", "+string(engine), func(t *testing.T) {
					pushed := fixture.Push(t, instance, dir, engine)
					fixture.Equal(t, pushed.Want(t), fixture.Read(t, extract(t, pushed)))
				})
			}
		}
	})
}

func TestArgoCDFindsRevisions(t *testing.T) {
	pushed := fixture.Push(t, fixture.Embedded(t), fixture.Trees(t)["flat"], oci.GitOpsEngineArgoCD)
	client := newClient(t, pushed)
	for _, revision := range []string{"1.4.0", "1.x", ">=1.0.0", pushed.Artifact.Digest.String()} {
		t.Run(revision, func(t *testing.T) {
			resolved, err := client.ResolveRevision(t.Context(), revision, true)
			require.NoError(t, err)
			assert.Equal(t, pushed.Artifact.Digest.String(), resolved)
		})
	}
	_, closer, err := client.Extract(t.Context(), pushed.Artifact.Digest.String()) // from its cache
	require.NoError(t, err)
	require.NoError(t, closer.Close())
	manifest, err := client.DigestMetadata(t.Context(), pushed.Artifact.Digest.String())
	require.NoError(t, err)
	assert.Equal(t, "1.4.0", manifest.Annotations["org.opencontainers.image.version"])
	reachable, err := client.TestRepo(t.Context())
	require.NoError(t, err)
	assert.True(t, reachable)
}

func newClient(t *testing.T, pushed fixture.Pushed) argooci.Client {
	t.Helper()
	client, err := argooci.NewClient("oci://"+pushed.Image(), argooci.Creds{InsecureHTTPOnly: true}, "", "", mediaTypes,
		argooci.WithImagePaths(utilio.NewRandomizedTempPaths(t.TempDir())),
		argooci.WithManifestMaxExtractedSize(maxSize),
	)
	require.NoError(t, err)
	return client
}

// extract unpacks an artifact as the repository server does: it resolves the tag and
// extracts that digest.
func extract(t *testing.T, pushed fixture.Pushed) string {
	t.Helper()
	client := newClient(t, pushed)
	digest, err := client.ResolveRevision(t.Context(), pushed.Artifact.Tag, true)
	require.NoError(t, err)
	dir, closer, err := client.Extract(t.Context(), digest)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, closer.Close()) })
	return dir
}
