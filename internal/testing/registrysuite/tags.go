package registrysuite

import (
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/registry"
)

func pushSeveralTags(t *testing.T, c trial) {
	opts := options(t, c.open, "tags")
	opts.Tags = []string{"1.0", "1", "latest"}
	result := build(t, opts)
	assert.Equal(t, []string{"1.0.0", "1.0", "1", "latest"}, result.Tags)
	client := newClient(t, c.open, c.open.Options())
	for _, tag := range result.Tags {
		desc, err := client.Resolve(t.Context(), opts.Repository, tag)
		require.NoError(t, err)
		assert.Equal(t, result.Artifact.Digest, desc.Digest, tag)
	}
}

func immutableTag(t *testing.T, c trial) {
	opts := options(t, c.open, "kept")
	first := build(t, opts)
	opts.Push.ImmutableTags = true
	assert.True(t, build(t, opts).Unchanged)
	opts.Tags = []string{"new"}
	assert.Equal(t, first.Artifact.Digest, build(t, opts).Artifact.Digest)

	opts.SourcePath = tree(t, map[string]string{"other.yaml": configMap("other")})
	_, err := oci.NewWorkloadArtifactBuilder().Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrRegistryTagConflict)
	var conflict *registry.TagConflictError
	require.ErrorAs(t, err, &conflict)
	assert.Equal(t, first.Artifact.Digest, conflict.Have)
	assert.NotEqual(t, first.Artifact.Digest, conflict.Want)
	desc, err := newClient(t, c.open, c.open.Options()).Resolve(t.Context(), opts.Repository, "1.0.0")
	require.NoError(t, err)
	assert.Equal(t, first.Artifact.Digest, desc.Digest)
}

func moveTag(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("moved")
	first, second := newArtifact(t, "first"), newArtifact(t, "second")
	first.push(t, client, repository, "stable", "v1")
	second.push(t, client, repository, "stable")
	requireTag(t, client, repository, "stable", second.Manifest)
	requireTag(t, client, repository, "v1", first.Manifest)
}

func existsAndResolve(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("exists")
	a := newArtifact(t, "demo")
	a.push(t, client, repository, "v1")
	for _, ref := range []string{"v1", a.Manifest.Digest.String()} {
		exists, err := client.Exists(t.Context(), repository, ref)
		require.NoError(t, err)
		assert.True(t, exists, ref)
		desc, err := client.Resolve(t.Context(), repository, ref)
		require.NoError(t, err)
		assert.Equal(t, a.Manifest.Digest, desc.Digest)
		assert.Equal(t, a.Manifest.Size, desc.Size)
		assert.Equal(t, a.Manifest.MediaType, desc.MediaType)
	}
	require.NoError(t, client.VerifyReadAccess(t.Context(), repository))
}

func missing(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	none, there := c.open.Repository("none"), c.open.Repository("there")
	newArtifact(t, "demo").push(t, client, there, "v1")
	_, err := client.Resolve(t.Context(), none, "v1")
	var failed *registry.Error
	require.ErrorAs(t, err, &failed)
	c.note("%d %s", failed.StatusCode, failed.Code)
	for _, tt := range []struct{ name, repository, ref string }{
		{"repository", none, "v1"},
		{"tag", there, "v2"},
		{"digest", there, digest.FromString("none").String()},
	} {
		requireNoTag(t, client, tt.repository, tt.ref)
		if tt.repository == none && failed.Kind != registry.ErrNotFound {
			continue // the registry does not reveal what exists
		}
		_, err = client.Pull(t.Context(), tt.repository, tt.ref, new(counter), registry.PullOptions{})
		assert.ErrorIs(t, err, registry.ErrNotFound, tt.name)
		exists, err := client.Exists(t.Context(), tt.repository, tt.ref)
		assert.NoError(t, err, tt.name)
		assert.False(t, exists, tt.name)
	}
}

func probe(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("probe")
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
	tags, err := c.open.Tags(t.Context(), repository)
	require.NoError(t, err)
	assert.Empty(t, tags)
	require.NoError(t, oci.NewRegistryVerifier().VerifyAccess(t.Context(), oci.VerifyOptions{
		RegistryEndpoint: c.open.Host, Repository: repository, Registry: c.open.Options(),
	}))
	newArtifact(t, "demo").push(t, client, repository, "v1")
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}
