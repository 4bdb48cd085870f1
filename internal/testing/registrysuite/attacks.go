package registrysuite

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

// localDigest returns the digest that depends on the files and the options alone.
func localDigest(t testing.TB, opts oci.BuildOptions) digest.Digest {
	t.Helper()
	set, err := manifests.Collect(t.Context(), opts.SourcePath, opts.Collect)
	require.NoError(t, err)
	store := new(packager.Store)
	defer func() { require.NoError(t, store.Close()) }()
	result, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, opts.Pack)
	require.NoError(t, err)
	return result.Manifest.Digest
}

// attack is what somebody with push access to the repository of a build does.
type attack struct {
	client *registry.Client
	opts   oci.BuildOptions
	evil   artifact
	first  oci.BuildResult
}

// newAttack builds once, under the version and the tag latest.
func newAttack(t *testing.T, c trial, repository string) attack {
	t.Helper()
	opts := options(t, c.open, repository)
	opts.Tags = []string{"latest"}
	return attack{newClient(t, c.open, c.open.Options()), opts, newArtifact(t, "evil"), build(t, opts)}
}

// plant sets tags to a manifest with the config and the annotations of the build, and with
// the layer of the attacker.
func (a attack) plant(t *testing.T, tags ...string) ocispec.Descriptor {
	t.Helper()
	planted := a.evil.manifest(t, func(m *ocispec.Manifest) {
		config, err := a.client.Pull(t.Context(), a.opts.Repository, a.first.Artifact.Digest.String(), a.evil.store, registry.PullOptions{})
		require.NoError(t, err)
		ours := readManifest(t, a.evil.store, config)
		layer := m.Layers[0]
		layer.Annotations = ours.Layers[0].Annotations // the content digest that they claim
		m.Config, m.Annotations, m.Layers = ours.Config, ours.Annotations, []ocispec.Descriptor{layer}
	})
	_, err := a.client.Push(t.Context(), a.evil.store, planted, a.opts.Repository, tags, registry.PushOptions{})
	require.NoError(t, err)
	return planted
}

// requireOwn requires that a build returns the digest of the local files, and that its
// tags lead to them.
func (a attack) requireOwn(t *testing.T, opts oci.BuildOptions) {
	t.Helper()
	result := build(t, opts)
	assert.Equal(t, localDigest(t, opts), result.Artifact.Digest)
	for _, ref := range append(result.Tags, result.Artifact.Digest.String()) {
		requireFiles(t, a.client, opts.Repository, ref, files())
	}
}

// plantedLayer is a manifest that claims the content of the build.
func plantedLayer(t *testing.T, c trial) {
	a := newAttack(t, c, "planted/layer")
	for i, tags := range [][]string{{"latest"}, {"1.0.0", "latest"}} {
		a.plant(t, tags...)
		a.requireOwn(t, a.opts)
		a.plant(t, tags...)
		next := a.opts
		next.Version = "1.0." + strconv.Itoa(i+1)
		a.requireOwn(t, next)
	}
}

// lyingContentDigest is the same manifest for a reader: the config names other content
// than the layer has.
func lyingContentDigest(t *testing.T, c trial) {
	a := newAttack(t, c, "planted/content")
	planted := a.plant(t, "latest")
	store := new(packager.Store)
	defer func() { require.NoError(t, store.Close()) }()
	manifest, err := a.client.Pull(t.Context(), a.opts.Repository, "latest", store, registry.PullOptions{})
	require.NoError(t, err)
	require.Equal(t, planted.Digest, manifest.Digest)
	_, err = unpacker.Unpack(t.Context(), store, manifest, filepath.Join(t.TempDir(), "out"), unpacker.Options{})
	require.ErrorIs(t, err, unpacker.ErrCorruptArtifact)
}

// plantedManifest is another artifact under the tags of the build.
func plantedManifest(t *testing.T, c trial) {
	a := newAttack(t, c, "planted/manifest")
	a.evil.push(t, a.client, a.opts.Repository, "1.0.0", "latest")
	strict := a.opts
	strict.Push.ImmutableTags = true
	_, err := oci.Build(t.Context(), strict)
	require.ErrorIs(t, err, oci.ErrRegistryTagConflict)
	requireTag(t, a.client, a.opts.Repository, "1.0.0", a.evil.Manifest)
	a.requireOwn(t, a.opts)
}

// lostLayer is a layer that the registry lost, while its manifest is under all tags.
func lostLayer(t *testing.T, c trial) {
	a := newAttack(t, c, "planted/lost")
	c.lose(t, a.opts.Repository, a.first.Artifact.LayerDigest)
	again := build(t, a.opts)
	assert.False(t, again.Unchanged)
	a.requireOwn(t, a.opts)
}

// movingTag is a tag that somebody moves after each step of a build.
func movingTag(t *testing.T, c trial) {
	a := newAttack(t, c, "planted/moving")
	own := a.first.Artifact.Digest
	for step := range 6 {
		for _, change := range []func(*oci.BuildOptions){
			func(*oci.BuildOptions) {}, // unchanged, until it is moved
			func(o *oci.BuildOptions) { o.Push.ImmutableTags = true },
			func(o *oci.BuildOptions) { o.Push.Force = true },
		} {
			_, err := oci.Build(t.Context(), a.opts)
			require.NoError(t, err)
			opts, events := a.opts, 0
			change(&opts)
			opts.OnEvent = func(oci.Event) {
				if events == step {
					a.evil.push(t, a.client, a.opts.Repository, "1.0.0", "latest")
				}
				events++
			}
			result, err := oci.Build(t.Context(), opts)
			if err != nil {
				require.ErrorIs(t, err, oci.ErrRegistryTagConflict)
				continue
			}
			assert.Equal(t, own, result.Artifact.Digest)
			assert.Equal(t, own, localDigest(t, opts))
		}
	}
	a.requireOwn(t, a.opts)
}
