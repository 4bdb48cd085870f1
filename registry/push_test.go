package registry_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// uploads are the requests that upload the blobs of an artifact to an empty repository,
// in some order.
var uploads = []string{openUpload("config"), upload("config"), openUpload("layer"), upload("layer")}

func TestPushSendsBlobsThenTagsInOrder(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	client := srv.client(t, registry.Options{})

	result, err := a.push(t, client, registry.PushOptions{}, "v1", "stable", "latest")
	require.NoError(t, err)
	assert.Equal(t, registry.PushResult{Manifest: a.Manifest}, result)
	log := srv.requests(a)
	require.Len(t, log, 10)
	assert.Equal(t, "GET manifests/v1", log[0])
	requireRequests(t, log[1:3], []string{"GET manifests/stable", "GET manifests/latest"})
	requireRequests(t, log[3:7], uploads)
	for _, blob := range []string{"config", "layer"} {
		assert.Less(t, slices.Index(log, openUpload(blob)), slices.Index(log, upload(blob)))
	}
	assert.Equal(t, []string{"PUT manifests/v1", "PUT manifests/stable", "PUT manifests/latest"}, log[7:])

	for _, tag := range []string{"v1", "stable", "latest"} {
		assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, tag), tag)
	}
	pulled := new(packager.Store)
	defer func() { _ = pulled.Close() }()
	_, err = client.Pull(t.Context(), repository, "v1", pulled, registry.PullOptions{})
	require.NoError(t, err, "the artifact is complete")
}

func TestPushAgainSendsNothing(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	client := srv.client(t, registry.Options{})
	_, err := a.push(t, client, registry.PushOptions{}, "v1", "latest")
	require.NoError(t, err)
	srv.requests(a)

	result, err := a.push(t, client, registry.PushOptions{}, "v1", "latest")
	require.NoError(t, err)
	assert.True(t, result.Unchanged)
	log := srv.requests(a)
	assert.Equal(t, []string{"GET manifests/v1", "GET manifests/latest"}, log[:2])
	requireRequests(t, log[2:], confirmation)
}

func TestPushForce(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	client := srv.client(t, registry.Options{})
	_, err := a.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	srv.requests(a)

	result, err := a.push(t, client, registry.PushOptions{Force: true}, "v1", "v2")
	require.NoError(t, err)
	assert.False(t, result.Unchanged)
	log := srv.requests(a)
	require.Len(t, log, 6)
	assert.Equal(t, []string{"GET manifests/v1", "GET manifests/v2"}, log[:2])
	requireRequests(t, log[2:4], []string{openUpload("config"), openUpload("layer")})
	assert.Equal(t, []string{"PUT manifests/v1", "PUT manifests/v2"}, log[4:])
}

// An artifact that exists only under another tag is not unchanged.
func TestPushSetsATagThatIsMissing(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags []string
		want []string // requests: v1 is not touched
	}{
		{"the only one", []string{"v2"}, []string{"GET manifests/v2", openUpload("config"), openUpload("layer"), "PUT manifests/v2"}},
		{"the second", []string{"v1", "v2"}, []string{"GET manifests/v1", "GET manifests/v2", "HEAD blobs/config", "HEAD blobs/layer", "PUT manifests/v2"}},
		{"the first", []string{"v2", "v1"}, []string{"GET manifests/v2", "GET manifests/v1", "HEAD blobs/config", "HEAD blobs/layer", "PUT manifests/v2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
			client := srv.client(t, registry.Options{})
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			srv.requests(a)

			result, err := a.push(t, client, registry.PushOptions{ImmutableTags: true}, tt.tags...)
			require.NoError(t, err)
			assert.False(t, result.Unchanged)
			requireRequests(t, srv.requests(a), tt.want)
			for _, tag := range tt.tags {
				assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, tag), tag)
			}
		})
	}
}

func TestPushMovesATag(t *testing.T) {
	srv, old, a := start(t, memregistry.Options{}), newArtifact(t, "old"), newArtifact(t, "new")
	client := srv.client(t, registry.Options{})
	_, err := old.push(t, client, registry.PushOptions{}, "latest")
	require.NoError(t, err)

	result, err := a.push(t, client, registry.PushOptions{}, "latest")
	require.NoError(t, err)
	assert.False(t, result.Unchanged)
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "latest"))
}

func TestPushImmutableTags(t *testing.T) {
	srv, old, a := start(t, memregistry.Options{}), newArtifact(t, "old"), newArtifact(t, "new")
	client := srv.client(t, registry.Options{})
	_, err := old.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	srv.requests(a)

	t.Run("same digest", func(t *testing.T) {
		result, err := old.push(t, client, registry.PushOptions{ImmutableTags: true}, "v1")
		require.NoError(t, err)
		assert.True(t, result.Unchanged)
		srv.requests(a)
	})
	t.Run("other digest", func(t *testing.T) {
		for _, force := range []bool{false, true} {
			_, err := a.push(t, client, registry.PushOptions{ImmutableTags: true, Force: force}, "v2", "v1")
			require.ErrorIs(t, err, registry.ErrTagConflict)
			failed := requireError(t, err)
			assert.Equal(t, registry.ErrTagConflict, failed.Kind)
			var conflict *registry.TagConflictError
			require.ErrorAs(t, err, &conflict)
			assert.Equal(t, registry.TagConflictError{Tag: "v1", Have: old.Manifest.Digest, Want: a.Manifest.Digest}, *conflict)
			assert.Equal(t, []string{"GET manifests/v2", "GET manifests/v1"}, srv.requests(a))
		}
		assert.Equal(t, old.Manifest.Digest, srv.digestOf(t, "v1"))
		assert.Empty(t, srv.digestOf(t, "v2"))
	})
}

// ImmutableTags requires a lookup that succeeds.
func TestPushImmutableTagsNeedsALookup(t *testing.T) {
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"GET manifests/", status(code, "")})
			a := newArtifact(t, "demo")
			_, err := a.push(t, srv.client(t, registry.Options{Retry: once}), registry.PushOptions{ImmutableTags: true}, "v1")
			assert.Equal(t, code, requireError(t, err).StatusCode)
			assert.Equal(t, []string{"GET manifests/v1"}, srv.requests(a))
		})
	}
}

// If the registry fails between two tags, the first remains.
func TestPushStopsAtTheFirstTagThatFails(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"PUT manifests/v2", status(http.StatusInternalServerError, "UNKNOWN")})
	a := newArtifact(t, "demo")
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1", "v2", "v3")
	requireError(t, err)
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
	assert.Empty(t, srv.digestOf(t, "v2"))
	assert.Empty(t, srv.digestOf(t, "v3"))
}

func TestPushEvents(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	client := srv.client(t, registry.Options{})
	for _, tt := range []struct {
		name  string
		force bool
		tags  []string
		want  []registry.Event
	}{
		{"all is new", false, []string{"v1", "v2"}, []registry.Event{
			{Descriptor: a.Config}, {Descriptor: a.Layer},
			{Descriptor: a.Manifest, Tag: "v1"}, {Descriptor: a.Manifest, Tag: "v2"},
		}},
		{"a tag is new", false, []string{"v3"}, []registry.Event{
			{Descriptor: a.Config, Skipped: true}, {Descriptor: a.Layer, Skipped: true},
			{Descriptor: a.Manifest, Tag: "v3"},
		}},
		{"one of two tags is new", false, []string{"v1", "v4"}, []registry.Event{
			{Descriptor: a.Config, Skipped: true}, {Descriptor: a.Layer, Skipped: true},
			{Descriptor: a.Manifest, Tag: "v1", Skipped: true}, {Descriptor: a.Manifest, Tag: "v4"},
		}},
		{"nothing is new", false, []string{"v1", "v2"}, []registry.Event{
			{Descriptor: a.Manifest, Tag: "v1", Skipped: true}, {Descriptor: a.Manifest, Tag: "v2", Skipped: true},
		}},
		{"by force", true, []string{"v1"}, []registry.Event{
			{Descriptor: a.Config, Skipped: true}, {Descriptor: a.Layer, Skipped: true},
			{Descriptor: a.Manifest, Tag: "v1"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var events []registry.Event
			_, err := a.push(t, client, registry.PushOptions{
				Force:   tt.force,
				OnEvent: func(e registry.Event) { events = append(events, e) },
			}, tt.tags...)
			require.NoError(t, err)
			require.Len(t, events, len(tt.want))
			for i, want := range tt.want {
				got := events[i]
				assert.Equal(t, want.Descriptor.Digest, got.Descriptor.Digest, "event %d", i)
				assert.Equal(t, want.Descriptor.Size, got.Descriptor.Size, "event %d", i)
				assert.Equal(t, want.Descriptor.MediaType, got.Descriptor.MediaType, "event %d", i)
				assert.Equal(t, want.Tag, got.Tag, "event %d", i)
				assert.Equal(t, want.Skipped, got.Skipped, "event %d", i)
				assert.Equal(t, got.Descriptor.Size, got.Bytes, "event %d: it is done", i)
			}
		})
	}
}

// An event is sent when its step is done, and none for a step that failed.
func TestPushEventsEndWithTheFailure(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"PUT manifests/v2", status(http.StatusInternalServerError, "UNKNOWN")})
	a := newArtifact(t, "demo")
	var tags []string
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{
		OnEvent: func(e registry.Event) {
			if e.Tag != "" && e.Retry == nil {
				tags = append(tags, e.Tag)
				assert.NotEmpty(t, srv.digestOf(t, e.Tag))
			}
		},
	}, "v1", "v2")
	requireError(t, err)
	assert.Equal(t, []string{"v1"}, tags)
}

func TestPushRefusesBeforeAnyRequest(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "demo")
	client := srv.client(t, registry.Options{})
	for _, tt := range []struct {
		name, repository string
		tags             []string
		kind             error
	}{
		{"no tag", repository, nil, reference.ErrInvalidTag},
		{"empty tag", repository, []string{""}, reference.ErrInvalidTag},
		{"illegal tag", repository, []string{"v1", "1.0+x"}, reference.ErrInvalidTag},
		{"digest as a tag", repository, []string{a.Manifest.Digest.String()}, reference.ErrInvalidTag},
		{"no repository", "", []string{"v1"}, reference.ErrInvalidRepository},
		{"upper-case repository", "Apps/demo", []string{"v1"}, reference.ErrInvalidRepository},
		{"path out of the repository", "apps/../admin", []string{"v1"}, reference.ErrInvalidRepository},
		{"query in the repository", "apps/demo?x=" + password, []string{"v1"}, reference.ErrInvalidRepository},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result, err := client.Push(t.Context(), a.store, a.Manifest, tt.repository, tt.tags, registry.PushOptions{})
			require.ErrorIs(t, err, tt.kind)
			assert.Zero(t, result)
			assert.NotContains(t, err.Error(), password)
			destination, targetErr := client.Lookup(t.Context(), tt.repository, tt.tags, registry.PushOptions{})
			assert.Equal(t, err, targetErr)
			assert.Nil(t, destination)
			assert.Empty(t, srv.requests(a))
		})
	}
}

// The error names the tag that failed, so that the caller knows which are set.
func TestPushNamesTheTagThatFails(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"PUT manifests/second", status(http.StatusInternalServerError, "UNKNOWN")})
	a := newArtifact(t, "demo")
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "first", "second", "third")
	failed := requireKind(t, err, registry.ErrServer)
	assert.Equal(t, srv.host+"/"+repository+":second", failed.Reference)
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "first"))
	assert.Empty(t, srv.digestOf(t, "third"))
}
