package registrysuite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/fstest"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// artifact is a packed tree and its store.
type artifact struct {
	packager.Result
	store *packager.Store
}

// newArtifact packs one manifest file. The content depends on name.
func newArtifact(t testing.TB, name string) artifact {
	t.Helper()
	files := fstest.MapFS{"app.yaml": {Data: []byte(configMap(name))}}
	set, err := manifests.CollectFS(t.Context(), files, manifests.Options{})
	require.NoError(t, err)
	store := new(packager.Store)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	result, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	return artifact{result, store}
}

func configMap(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n", name)
}

// manifest adds another manifest with the artifact's config and layer to its store,
// after change has modified it.
func (a artifact) manifest(t testing.TB, change func(*ocispec.Manifest)) ocispec.Descriptor {
	t.Helper()
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    a.Config,
		Layers:    []ocispec.Descriptor{a.Layer},
	}
	change(&m)
	data, err := json.Marshal(m)
	require.NoError(t, err)
	desc := content.NewDescriptorFromBytes(m.MediaType, data)
	if err := a.store.Push(t.Context(), desc, bytes.NewReader(data)); !errors.Is(err, errdef.ErrAlreadyExists) {
		require.NoError(t, err)
	}
	return desc
}

// readManifest returns a manifest in a store.
func readManifest(t testing.TB, store *packager.Store, desc ocispec.Descriptor) (m ocispec.Manifest) {
	t.Helper()
	data, err := content.FetchAll(t.Context(), store, desc)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &m))
	return m
}

// push pushes the artifact, and fails the test on an error.
func (a artifact) push(t testing.TB, c *registry.Client, repository string, tags ...string) {
	t.Helper()
	_, err := c.Push(t.Context(), a.store, a.Manifest, repository, tags, registry.PushOptions{})
	require.NoError(t, err)
}

// newClient returns a client that is closed at the end of the test.
func newClient(t testing.TB, instance *registrytest.Instance, opts registry.Options) *registry.Client {
	t.Helper()
	client, err := registry.NewClient(instance.Host, opts)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// requireTag requires that a tag points to a manifest.
func requireTag(t testing.TB, c *registry.Client, repository, tag string, want ocispec.Descriptor) {
	t.Helper()
	desc, err := c.Resolve(t.Context(), repository, tag)
	require.NoError(t, err)
	require.Equal(t, want.Digest, desc.Digest)
}

// requireNoTag requires that the tag does not exist, or that access to it is denied:
// some registries do not reveal what exists.
func requireNoTag(t testing.TB, c *registry.Client, repository, tag string) {
	t.Helper()
	_, err := c.Resolve(t.Context(), repository, tag)
	var failed *registry.Error
	require.ErrorAs(t, err, &failed)
	require.Contains(t, []error{registry.ErrNotFound, registry.ErrPermissionDenied, registry.ErrAuthRequired}, failed.Kind)
}

// interrupted is a store that calls meanwhile when half of a blob was read for the
// first time.
type interrupted struct {
	content.ReadOnlyStorage
	blob      ocispec.Descriptor
	meanwhile func()
}

func (s *interrupted) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	r, err := s.ReadOnlyStorage.Fetch(ctx, desc)
	if err != nil || desc.Digest != s.blob.Digest {
		return r, err
	}
	return &interruptedReader{ReadCloser: r, left: desc.Size / 2, store: s}, nil
}

type interruptedReader struct {
	io.ReadCloser
	left  int64
	store *interrupted
}

func (r *interruptedReader) Read(p []byte) (int, error) {
	if r.left <= 0 && r.store.meanwhile != nil {
		r.store.meanwhile()
		r.store.meanwhile = nil
	}
	n, err := r.ReadCloser.Read(p)
	r.left -= int64(n)
	return n, err
}
