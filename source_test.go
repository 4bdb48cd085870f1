package oci_test

import (
	"strings"
	"testing"
	"testing/fstest"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
)

func TestBuildSources(t *testing.T) {
	fsys := fstest.MapFS{"cm.yaml": {Data: []byte(configMap)}}
	reader, err := oci.SourceFromReader(t.Context(), strings.NewReader("---\n"+configMap))
	require.NoError(t, err)
	for _, tt := range []struct {
		name  string
		opts  oci.BuildOptions
		files []string
		paths oci.EnginePaths
	}{
		{"a file system at the root", oci.BuildOptions{Source: fsys, Layout: oci.LayoutRoot}, []string{"cm.yaml"}, oci.EnginePaths{Flux: "./", ArgoCD: "."}},
		{"a file system below a prefix", oci.BuildOptions{Source: fsys, Layout: oci.LayoutPrefix}, []string{"manifests/cm.yaml"}, oci.EnginePaths{Flux: "./manifests", ArgoCD: "manifests"}},
		{"a name is the default prefix", oci.BuildOptions{Source: fsys, Layout: oci.LayoutPrefix, Name: "org/store"}, []string{"org-store/cm.yaml"}, oci.EnginePaths{Flux: "./org-store", ArgoCD: "org-store"}},
		{"roots alone", oci.BuildOptions{Roots: []oci.Root{{Path: "base", FS: fsys}}, Layout: oci.LayoutRoot, Preflight: oci.PreflightOptions{Path: "base"}}, []string{"base/cm.yaml"}, oci.EnginePaths{Flux: "./base", ArgoCD: "base"}},
		{"a reader", oci.BuildOptions{Source: reader, Layout: oci.LayoutRoot}, []string{"manifests.yaml"}, oci.EnginePaths{Flux: "./", ArgoCD: "."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.RegistryEndpoint, tt.opts.Repository, tt.opts.Version = startRegistry(t, memregistry.Options{}).Host, "acme/shop", "v1"
			tt.opts.Preflight.TargetNamespace = "shop"
			result := build(t, tt.opts)
			assert.Equal(t, tt.files, result.Files)
			assert.Equal(t, tt.paths, result.Artifact.Paths)
			assert.Empty(t, result.Artifact.SourcePath)
			assert.Empty(t, result.Findings)
		})
	}
}

func TestSourceFromReaderFails(t *testing.T) {
	_, err := oci.SourceFromReader(t.Context(), nil)
	require.ErrorIs(t, err, oci.ErrSourcePathRequired)
	_, err = oci.SourceFromReader(t.Context(), strings.NewReader(""))
	require.ErrorIs(t, err, manifests.ErrEmptyFile)
}

// Repository, tag and registry are not part of the artifact.
func TestOneBuildHasOneDigest(t *testing.T) {
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), Layout: oci.LayoutRoot,
		RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Repository: "acme/shop", Version: "1.0.0",
	}
	first := build(t, opts)
	opts.RegistryEndpoint, opts.Repository, opts.Version = startRegistry(t, memregistry.Options{}).Host, "other/store", "2.0.0"
	opts.SourcePath = tree(t, map[string]string{"cm.yaml": configMap})
	second := build(t, opts)
	assert.Equal(t, first.Artifact.Digest, second.Artifact.Digest)

	opts.Name = "store"
	named := build(t, opts)
	assert.NotEqual(t, first.Artifact.Digest, named.Artifact.Digest, "a title is recorded")
	opts.Name = ""
	opts.Pack.Annotations = map[string]string{ocispec.AnnotationVersion: "2.0.0"}
	versioned := build(t, opts)
	assert.NotEqual(t, first.Artifact.Digest, versioned.Artifact.Digest, "a version is recorded")
	assert.Equal(t, first.Artifact.ContentDigest, versioned.Artifact.ContentDigest)
}
