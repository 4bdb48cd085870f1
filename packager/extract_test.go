package packager_test

import (
	"archive/tar"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/content/memory"

	"github.com/kubeoci/oci/internal/testing/tartest"
	"github.com/kubeoci/oci/packager"
)

// TestExtractORAS does what oras pull does, with its default settings.
func TestExtractORAS(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, layout packager.Layout) {
		dir := filepath.Join(treesDir, tree)
		source := memory.New()
		result, err := packager.Pack(t.Context(), source, collect(t, dir), layout, packager.Options{})
		require.NoError(t, err)
		require.NoError(t, source.Tag(t.Context(), result.Manifest, "v1"))

		out := t.TempDir()
		target, err := file.New(out)
		require.NoError(t, err)
		pulled, err := oras.Copy(t.Context(), source, "v1", target, "v1", oras.DefaultCopyOptions)
		require.NoError(t, err)
		require.NoError(t, target.Close())
		assert.Equal(t, result.Manifest.Digest, pulled.Digest)
		assert.Equal(t, laidOut(sourceFiles(t, dir), layout, tree), allFiles(t, out))
	})
}

// TestExtractFlux follows the rules of Flux.
func TestExtractFlux(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, layout packager.Layout) {
		dir := filepath.Join(treesDir, tree)
		p := pack(t, collect(t, dir), layout, packager.Options{})
		layer := p.manifest(t).Layers[0] // whatever its type
		got := extractFlux(t, gunzip(t, fetch(t, p.store, layer)))
		assert.Equal(t, laidOut(sourceFiles(t, dir), layout, tree), got)
		assert.Equal(t, sourceFiles(t, dir), below(got, p.Plan.Paths().Flux), "at the path to give to Flux")
	})
}

func extractFlux(t *testing.T, stream []byte) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, r := range tartest.Read(t, stream) {
		name := r.Name
		require.False(t, name == "" || strings.Contains(name, `\`) || strings.HasPrefix(name, "/") || strings.Contains(name, "../"), "%q is refused", name)
		name = strings.TrimSuffix(name, "/")
		require.Equal(t, name, path.Clean(name), "%q is not clean", r.Name)
		require.NotContains(t, files, path.Dir(name), "%q is below a file", name)
		switch r.Typeflag {
		case tar.TypeDir:
			require.EqualValues(t, 0o755, r.Mode)
		case tar.TypeReg:
			require.EqualValues(t, 0o644, r.Mode)
			files[name] = r.Text
		default: // a link is dropped, others become empty files
			require.Failf(t, "not unpacked as it was meant", "%q is a %c", r.Name, r.Typeflag)
		}
	}
	return files
}

// Argo CD's default settings.
var argoLayerTypes = []string{
	"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
}

const argoMaxExtracted = 1_000_000_000

// TestExtractArgoCD follows the rules of Argo CD.
func TestExtractArgoCD(t *testing.T) {
	eachTree(t, func(t *testing.T, tree string, layout packager.Layout) {
		dir := filepath.Join(treesDir, tree)
		p := pack(t, collect(t, dir), layout, packager.Options{})
		manifest := p.manifest(t)
		require.Equal(t, ocispec.MediaTypeImageManifest, manifest.MediaType)
		require.Len(t, manifest.Layers, 1)
		layer := manifest.Layers[0]
		require.True(t, slices.Contains(argoLayerTypes, layer.MediaType), layer.MediaType)
		require.True(t, strings.HasSuffix(layer.MediaType, "+gzip"), "the suffix names the compression")

		got := extractArgoCD(t, gunzip(t, fetch(t, p.store, layer)))
		assert.Equal(t, laidOut(sourceFiles(t, dir), layout, tree), got)
		assert.Equal(t, sourceFiles(t, dir), below(got, p.Plan.Paths().ArgoCD), "at the path to give to Argo CD")
	})
}

func extractArgoCD(t *testing.T, stream []byte) map[string]string {
	t.Helper()
	require.LessOrEqual(t, len(stream), argoMaxExtracted)
	files := map[string]string{}
	for _, r := range tartest.Read(t, stream) {
		require.False(t, path.IsAbs(r.Name) || path.IsAbs(r.Linkname), "%q -> %q is absolute", r.Name, r.Linkname)
		require.Empty(t, r.Linkname, "%q is a link", r.Name)
		require.NotContains(t, files, path.Clean(r.Name), "the later of two wins")
		if r.Typeflag == tar.TypeReg {
			files[path.Clean(r.Name)] = r.Text
		}
	}
	return files
}

// below returns the files below a path.
func below(files map[string]string, at string) map[string]string {
	part := map[string]string{}
	for name, text := range files {
		if at := path.Clean(at); at == "." {
			part[name] = text
		} else if rest, ok := strings.CutPrefix(name, at+"/"); ok {
			part[rest] = text
		}
	}
	return part
}
