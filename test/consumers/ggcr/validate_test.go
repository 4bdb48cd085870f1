// Package ggcr_test reads our artifacts with go-containerregistry, the library of crane,
// ko, kaniko, Flux and cosign.
package ggcr_test

import (
	"archive/tar"
	"errors"
	"io"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// These are the checks of crane validate: digests and sizes of manifest, config and
// layer, the diff IDs of the config, and that the layer is complete gzip and tar.
func TestImagesAreValid(t *testing.T) {
	fixture.EachRegistry(t, func(t *testing.T, instance *registrytest.Instance) {
		for tree, dir := range fixture.Trees(t) {
			for _, engine := range fixture.Engines() {
				t.Run(tree+", "+string(engine), func(t *testing.T) {
					pushed := fixture.Push(t, instance, dir, engine)
					ref, err := name.NewTag(pushed.Image()+":"+pushed.Artifact.Tag, name.StrictValidation)
					require.NoError(t, err)
					head, err := remote.Head(ref, remote.WithContext(t.Context()))
					require.NoError(t, err)
					assert.Equal(t, pushed.Artifact.Digest.String(), head.Digest.String())
					assert.Equal(t, types.OCIManifestSchema1, head.MediaType)
					assert.Equal(t, pushed.Artifact.ManifestSize, head.Size)

					image, err := remote.Image(ref, remote.WithContext(t.Context()))
					require.NoError(t, err)
					require.NoError(t, validate.Image(image))

					layers, err := image.Layers()
					require.NoError(t, err)
					require.Len(t, layers, 1)
					stream, err := layers[0].Uncompressed()
					require.NoError(t, err)
					fixture.Equal(t, pushed.Want(t), untar(t, stream))
					require.NoError(t, stream.Close())
				})
			}
		}
	})
}

func untar(t *testing.T, stream io.Reader) map[string]string {
	t.Helper()
	files := map[string]string{}
	for reader := tar.NewReader(stream); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeDir {
			continue
		}
		require.Equal(t, byte(tar.TypeReg), header.Typeflag, header.Name)
		text, err := io.ReadAll(reader)
		require.NoError(t, err)
		files[header.Name] = string(text)
	}
}
