// Package flux_test reads our artifacts with Flux's own code: the steps of
// source-controller's OCIRepository and kustomize-controller's Kustomization that need no
// cluster, with default settings.
package flux_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/artifact/config"
	"github.com/fluxcd/pkg/artifact/storage"
	fluxoci "github.com/fluxcd/pkg/oci"
	"github.com/fluxcd/pkg/sourceignore"
	fluxtar "github.com/fluxcd/pkg/tar"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

func TestFluxClientReadsEveryLayout(t *testing.T) {
	fixture.EachRegistry(t, func(t *testing.T, instance *registrytest.Instance) {
		for tree, dir := range fixture.Trees(t) {
			for _, engine := range fixture.Engines() {
				t.Run(tree+", "+string(engine), func(t *testing.T) {
					pushed := fixture.Push(t, instance, dir, engine)
					unpacked := t.TempDir()
					client := fluxoci.NewClient(fluxoci.DefaultOptions())
					metadata, err := client.Pull(t.Context(), pushed.Image()+":"+pushed.Artifact.Tag, unpacked)
					require.NoError(t, err)
					fixture.Equal(t, pushed.Want(t), fixture.Read(t, unpacked))
					assert.Equal(t, pushed.Image()+"@"+pushed.Artifact.Digest.String(), metadata.Digest)
					assert.Equal(t, "1970-01-01T00:00:00Z", metadata.Created)
				})
			}
		}
	})
}

func TestSourceControllerReadsEveryLayout(t *testing.T) {
	fixture.EachRegistry(t, func(t *testing.T, instance *registrytest.Instance) {
		for tree, dir := range fixture.Trees(t) {
			for _, engine := range fixture.Engines() {
				t.Run(tree+", "+string(engine), func(t *testing.T) {
					pushed := fixture.Push(t, instance, dir, engine)
					unpacked := fetch(t, pushed)
					fixture.Equal(t, pushed.Want(t), fixture.Read(t, unpacked))
					fixture.Equal(t, pushed.Want(t), fixture.Read(t, store(t, unpacked)))
				})
			}
		}
	})
}

// fetch unpacks an artifact as an OCIRepository does: it resolves the tag and extracts
// the first layer of that digest.
func fetch(t *testing.T, pushed fixture.Pushed) string {
	t.Helper()
	tag, err := name.ParseReference(pushed.Image()+":"+pushed.Artifact.Tag, name.Insecure)
	require.NoError(t, err)
	head, err := remote.Head(tag, remote.WithContext(t.Context()))
	require.NoError(t, err)
	image, err := remote.Image(tag.Context().Digest(head.Digest.String()), remote.WithContext(t.Context()))
	require.NoError(t, err)
	layers, err := image.Layers()
	require.NoError(t, err)
	require.NotEmpty(t, layers)
	blob, err := layers[0].Compressed()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, fluxtar.Untar(blob, dir, fluxtar.WithMaxUntarSize(fluxtar.UnlimitedUntarSize), fluxtar.WithSkipSymlinks()))
	require.NoError(t, blob.Close())
	return dir
}

// store passes a directory on as source-controller does to kustomize-controller, without
// ignored files.
func store(t *testing.T, dir string) string {
	t.Helper()
	base := t.TempDir()
	store, err := storage.New(&config.Options{StoragePath: base, StorageAddress: "127.0.0.1:9090"})
	require.NoError(t, err)
	artifact := meta.Artifact{Path: "artifact.tar.gz"}
	domain := strings.Split(dir, string(filepath.Separator))
	patterns, err := sourceignore.LoadIgnorePatterns(dir, domain)
	require.NoError(t, err)
	require.NoError(t, store.Archive(&artifact, dir, storage.SourceIgnoreFilter(patterns, domain)))
	archive, err := os.Open(store.LocalPath(artifact))
	require.NoError(t, err)
	stored := t.TempDir()
	require.NoError(t, fluxtar.Untar(archive, stored, fluxtar.WithMaxUntarSize(fluxtar.UnlimitedUntarSize)))
	require.NoError(t, archive.Close())
	return stored
}
