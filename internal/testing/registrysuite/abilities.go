package registrysuite

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

// ask asks what the library does not ask, as one who may write.
func do(t *testing.T, instance *registrytest.Instance, method, path string) registrytest.Response {
	t.Helper()
	resp, err := instance.Do(t.Context(), instance.Writer, method, path)
	require.NoError(t, err)
	return resp
}

// referrers pushes what refers to something, and looks for it there.
func referrers(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("referrers")
	a := newArtifact(t, "demo")
	a.push(t, client, repository, "v1")
	path := "/v2/" + repository + "/referrers/" + a.Manifest.Digest.String()
	resp := do(t, c.open, http.MethodGet, path)
	if resp.Status != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), ocispec.MediaTypeImageIndex) {
		c.unavailable(t, "status %d", resp.Status)
	}
	about := a.manifest(t, func(m *ocispec.Manifest) {
		m.ArtifactType = "application/vnd.example.review"
		m.Subject = &ocispec.Descriptor{MediaType: a.Manifest.MediaType, Digest: a.Manifest.Digest, Size: a.Manifest.Size}
	})
	_, err := client.Push(t.Context(), a.store, about, repository, []string{"review"}, registry.PushOptions{})
	require.NoError(t, err)
	var index ocispec.Index
	require.NoError(t, json.Unmarshal(do(t, c.open, http.MethodGet, path).Body, &index))
	require.Len(t, index.Manifests, 1)
	assert.Equal(t, about.Digest, index.Manifests[0].Digest)
}

// mount finds out what the registry says to the request with which a push begins:
// that a blob is there already, or where to send it.
func mount(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("mount")
	a := newArtifact(t, "demo")
	a.push(t, client, repository, "v1")
	query := url.Values{"mount": {a.Layer.Digest.String()}, "from": {repository}}
	resp := do(t, c.open, http.MethodPost, "/v2/"+repository+"/blobs/uploads/?"+query.Encode())

	var skipped []bool
	_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v2"}, registry.PushOptions{
		Force: true, // or nothing would be asked of what the first tag names
		OnEvent: func(e registry.Event) {
			if e.Tag == "" && e.Bytes == e.Descriptor.Size {
				skipped = append(skipped, e.Skipped)
			}
		},
	})
	require.NoError(t, err)
	switch resp.Status {
	case http.StatusCreated:
		assert.Equal(t, []bool{true, true}, skipped)
		c.note("what is there is not sent")
	case http.StatusAccepted:
		assert.Equal(t, []bool{false, false}, skipped)
		c.note("none: what is there is sent again")
	default:
		assert.Equal(t, []bool{false, false}, skipped)
		c.note("status %d: what is there is sent again", resp.Status)
	}
	requireWhole(t, client, repository, "v2", a.Manifest)
}

// openUpload opens an upload and returns where it is to go.
func openUpload(t *testing.T, c trial, repository string) string {
	t.Helper()
	resp := do(t, c.open, http.MethodPost, "/v2/"+c.open.Repository(repository)+"/blobs/uploads/")
	require.Equal(t, http.StatusAccepted, resp.Status)
	return resp.Header.Get("Location")
}

// placeOfAnUpload finds out in what form the registry says where uploads go. That
// the library gets along with it is seen wherever something is pushed.
func placeOfAnUpload(t *testing.T, c trial) {
	place, err := url.Parse(openUpload(t, c, "place"))
	require.NoError(t, err)
	form := "a path"
	if place.IsAbs() {
		form = "a URL"
		assert.Equal(t, c.open.Host, place.Host)
	}
	if place.RawQuery != "" {
		form += ", with a query"
	}
	c.note("%s", form)
}

// cancelUpload finds out what becomes of an upload that is called off, which the
// library does after a probe and after what went wrong.
func cancelUpload(t *testing.T, c trial) {
	resp := do(t, c.open, http.MethodDelete, openUpload(t, c, "cancel"))
	if resp.Status >= http.StatusBadRequest {
		c.note("status %d", resp.Status)
	}
	require.NoError(t, newClient(t, c.open, c.open.Options()).VerifyAccess(t.Context(), c.open.Repository("cancel")))
}

// lostBlob deletes a layer that a manifest names, so that the library believes it
// to be there and has to be told otherwise by the registry.
func lostBlob(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("lost")
	a := newArtifact(t, "demo")
	a.push(t, client, repository, "v1")
	blob := "/v2/" + repository + "/blobs/" + a.Layer.Digest.String()
	deleted := do(t, c.open, http.MethodDelete, blob)
	if do(t, c.open, http.MethodHead, blob).Status != http.StatusNotFound {
		c.unavailable(t, "it loses none: status %d", deleted.Status)
	}
	next := a.manifest(t, func(m *ocispec.Manifest) { m.Annotations = map[string]string{"next": "true"} })
	_, err := client.Push(t.Context(), a.store, next, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	requireWhole(t, client, repository, "v1", next)
}

// cleanUp deletes what all the others pushed.
func cleanUp(t *testing.T, c trial) {
	for _, instance := range []*registrytest.Instance{c.open, c.guarded, c.mutual} {
		err := instance.CleanUp(t.Context())
		if left, ok := errors.AsType[*registrytest.LeftoverError](err); ok {
			c.unavailable(t, "status %d", left.Status)
		}
		require.NoError(t, err)
		for _, repository := range instance.Repositories() {
			tags, err := instance.Tags(t.Context(), repository)
			require.NoError(t, err)
			require.Empty(t, tags, repository)
		}
	}
}
