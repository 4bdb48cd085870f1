package registrysuite

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

// do sends a request that the library itself does not send, with write access.
func do(t *testing.T, instance *registrytest.Instance, method, path string) registrytest.Response {
	t.Helper()
	resp, err := instance.Do(t.Context(), instance.Writer, method, path)
	require.NoError(t, err)
	return resp
}

// referrers pushes an artifact with a subject, and looks it up as a referrer.
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

// mount records the response to the request that opens an upload with a mount: that
// the blob exists, or a location to upload it to.
func mount(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("mount")
	a := newArtifact(t, "demo")
	a.push(t, client, repository, "v1")
	query := url.Values{"mount": {a.Layer.Digest.String()}, "from": {repository}}
	resp := do(t, c.open, http.MethodPost, "/v2/"+repository+"/blobs/uploads/?"+query.Encode())

	var skipped []bool
	_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v2"}, registry.PushOptions{
		Force: true, // otherwise the first tag saves these requests
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
		c.note("existing blobs are not sent")
	case http.StatusAccepted:
		assert.Equal(t, []bool{false, false}, skipped)
		c.note("none: existing blobs are sent again")
	default:
		assert.Equal(t, []bool{false, false}, skipped)
		c.note("status %d: existing blobs are sent again", resp.Status)
	}
	requireWhole(t, client, repository, "v2", a.Manifest)
}

// openUpload opens an upload and returns its location.
func openUpload(t *testing.T, c trial, repository string) string {
	t.Helper()
	resp := do(t, c.open, http.MethodPost, "/v2/"+c.open.Repository(repository)+"/blobs/uploads/")
	require.Equal(t, http.StatusAccepted, resp.Status)
	return resp.Header.Get("Location")
}

// uploadLocation records the form in which the registry returns the location of an
// upload. That the library accepts it shows in every push.
func uploadLocation(t *testing.T, c trial) {
	location, err := url.Parse(openUpload(t, c, "location"))
	require.NoError(t, err)
	form := "a path"
	if location.IsAbs() {
		form = "a URL"
		assert.Equal(t, c.open.Host, location.Host)
	}
	if location.RawQuery != "" {
		form += ", with a query"
	}
	c.note("%s", form)
}

// cancelUpload records the response to a cancelled upload. The library cancels uploads
// after a probe and after a failure.
func cancelUpload(t *testing.T, c trial) {
	resp := do(t, c.open, http.MethodDelete, openUpload(t, c, "cancel"))
	if resp.Status >= http.StatusBadRequest {
		c.note("status %d", resp.Status)
	}
	require.NoError(t, newClient(t, c.open, c.open.Options()).VerifyAccess(t.Context(), c.open.Repository("cancel")))
}

// lostBlob deletes a layer that a manifest refers to, so that the library assumes it
// exists and learns from the registry that it does not.
func lostBlob(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("lost")
	a := newArtifact(t, "demo")
	a.push(t, client, repository, "v1")
	c.lose(t, repository, a.Layer.Digest)
	next := a.manifest(t, func(m *ocispec.Manifest) { m.Annotations = map[string]string{"next": "true"} })
	_, err := client.Push(t.Context(), a.store, next, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	requireWhole(t, client, repository, "v1", next)
}

// lose makes the registry lose a blob, and ends the case if it cannot.
func (c trial) lose(t *testing.T, repository string, blob digest.Digest) {
	t.Helper()
	if status := c.tryLose(t, repository, blob); status != 0 {
		c.unavailable(t, "blobs cannot be deleted: status %d", status)
	}
}

// tryLose makes the registry lose a blob, by the API or from its disk. It returns 0, or
// the status with which the registry refused to delete the blob.
func (c trial) tryLose(t *testing.T, repository string, blob digest.Digest) int {
	t.Helper()
	path := "/v2/" + repository + "/blobs/" + blob.String()
	deleted := do(t, c.open, http.MethodDelete, path)
	if do(t, c.open, http.MethodHead, path).Status == http.StatusNotFound {
		return 0
	}
	lost, err := c.open.LoseBlob(blob)
	require.NoError(t, err)
	if !lost {
		return deleted.Status
	}
	require.Equal(t, http.StatusNotFound, do(t, c.open, http.MethodHead, path).Status)
	return 0
}

// cleanUp deletes the artifacts of all other cases.
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
