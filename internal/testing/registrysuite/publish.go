package registrysuite

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

// Types of artifacts that steps attach.
const (
	signatureType = "application/vnd.example.signature"
	statementType = "application/vnd.example.statement"
)

// attachSignature returns a step that attaches an artifact with a layer, and keeps its
// descriptor.
func attachSignature(attached *ocispec.Descriptor) registry.Step {
	return attach(attached, registry.Attachment{
		ArtifactType: signatureType,
		Layers:       []registry.AttachmentLayer{{MediaType: "text/plain", Content: []byte("signed")}},
	})
}

// attachStatement is attachSignature for an artifact with a config alone.
func attachStatement(attached *ocispec.Descriptor) registry.Step {
	return attach(attached, registry.Attachment{
		ArtifactType: statementType, Config: []byte(`{"by":"ci"}`), ConfigMediaType: "application/json",
	})
}

func attach(attached *ocispec.Descriptor, a registry.Attachment) registry.Step {
	return registry.Step{Name: a.ArtifactType, Run: func(ctx context.Context, p *registry.Published) (err error) {
		*attached, err = p.Attach(ctx, a)
		return err
	}}
}

// find returns a step that requires the artifacts of a type that refer to the manifest, in
// any order. An empty type means all of them.
func find(t *testing.T, artifactType string, want ...*ocispec.Descriptor) registry.Step {
	return registry.Step{Name: "find " + artifactType, Run: func(ctx context.Context, p *registry.Published) error {
		found, err := p.Referrers(ctx, artifactType)
		var have, expected []string
		for _, desc := range found {
			have = append(have, desc.ArtifactType+" "+desc.Digest.String())
		}
		for _, desc := range want {
			expected = append(expected, desc.ArtifactType+" "+desc.Digest.String())
		}
		assert.ElementsMatch(t, expected, have)
		return err
	}}
}

// publishInSteps attaches artifacts between the content and the tags, and lets a later
// client find them. It records where the registry lists them.
func publishInSteps(t *testing.T, c trial) {
	client := newClient(t, c.guarded, c.guarded.Options())
	repository := c.guarded.Repository("steps")
	a := newArtifact(t, "demo")
	var signature, statement, again ocispec.Descriptor
	between := registry.Step{Name: "between", Run: func(ctx context.Context, p *registry.Published) error {
		requireTag(t, client, repository, a.Manifest.Digest.String(), a.Manifest)
		requireNoTag(t, client, repository, "v1")
		return p.Pull(ctx, new(counter))
	}}
	var order []string
	result, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1", "latest"}, registry.PushOptions{
		Steps: []registry.Step{
			between,
			find(t, ""),
			attachSignature(&signature),
			attachStatement(&statement),
			find(t, signatureType, &signature),
		},
		OnEvent: func(e registry.Event) {
			if e.Step != "" || e.Tag != "" {
				order = append(order, e.Step+e.Tag)
			}
		},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"between", "find ", signatureType, statementType, "find " + signatureType, "v1", "latest"}, order)
	assert.Equal(t, registry.PushResult{Manifest: a.Manifest}, result)

	later := newClient(t, c.guarded, c.guarded.Options())
	_, err = later.Push(t.Context(), a.store, a.Manifest, repository, []string{"stable"}, registry.PushOptions{Steps: []registry.Step{
		find(t, "", &signature, &statement),
		attachSignature(&again),
		find(t, signatureType, &signature),
	}})
	require.NoError(t, err)
	assert.Equal(t, signature, again)
	requireWhole(t, later, repository, "v1", a.Manifest)
	requireWhole(t, later, repository, signature.Digest.String(), signature)
	requireWhole(t, later, repository, statement.Digest.String(), statement)
	c.note("%s", listing(t, c.guarded, repository, a.Manifest, signature))
}

// listing returns how the registry lists an artifact that refers to a subject.
func listing(t *testing.T, instance *registrytest.Instance, repository string, subject, attached ocispec.Descriptor) string {
	t.Helper()
	lists := func(path string) bool {
		resp := do(t, instance, http.MethodGet, "/v2/"+repository+path)
		return resp.Status == http.StatusOK && strings.Contains(string(resp.Body), attached.Digest.String())
	}
	api := lists("/referrers/" + subject.Digest.String())
	tag := lists("/manifests/" + strings.ReplaceAll(subject.Digest.String(), ":", "-"))
	switch {
	case api && tag:
		return "listed by the referrers API, and under a tag"
	case api:
		return "listed by the referrers API"
	}
	require.True(t, tag, "the artifact is not listed")
	return "listed under a tag"
}

// failedStep leaves the manifest and its attachments in the repository, without a tag.
func failedStep(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("failed")
	a := newArtifact(t, "demo")
	errStep := errors.New("no key")
	var signature ocispec.Descriptor
	failing := registry.PushOptions{Steps: []registry.Step{
		attachSignature(&signature),
		{Name: "check", Run: func(context.Context, *registry.Published) error { return errStep }},
	}}
	_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1", "latest"}, failing)
	require.ErrorIs(t, err, errStep)
	var failed *registry.StepError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "check", failed.Step)
	assert.Equal(t, a.Manifest.Digest, failed.Manifest)
	assert.Equal(t, []ocispec.Descriptor{signature}, failed.Attached)
	requireNoTag(t, client, repository, "v1")
	requireNoTag(t, client, repository, "latest")
	requireWhole(t, client, repository, failed.Manifest.String(), a.Manifest)
	requireWhole(t, client, repository, signature.Digest.String(), signature)

	_, err = client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1", "latest"}, registry.PushOptions{
		Steps: []registry.Step{find(t, signatureType, &signature)},
	})
	require.NoError(t, err)
	requireTag(t, client, repository, "latest", a.Manifest)
}

// stopBetween restarts the registry between two steps, and then stops it after the last
// one, so that no tag is set.
func stopBetween(t *testing.T, c trial) {
	instance := startKillable(t, c)
	opts := instance.Options()
	opts.Retry = registry.RetryPolicy{MaxAttempts: 3, MaxWait: 100 * time.Millisecond}
	client := newClient(t, instance, opts)
	repository := instance.Repository("between")
	a, next := newArtifact(t, "demo"), newArtifact(t, "next")
	kill := registry.Step{Name: "kill", Run: func(ctx context.Context, _ *registry.Published) error { return instance.Kill(ctx) }}
	restart := registry.Step{Name: "restart", Run: func(ctx context.Context, _ *registry.Published) error { return instance.Restart(ctx) }}
	var signature, statement ocispec.Descriptor
	_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{Steps: []registry.Step{
		attachSignature(&signature), kill, restart, attachStatement(&statement), find(t, "", &signature, &statement),
	}})
	require.NoError(t, err)
	requireWhole(t, client, repository, "v1", a.Manifest)

	_, err = client.Push(t.Context(), next.store, next.Manifest, repository, []string{"v1"}, registry.PushOptions{Steps: []registry.Step{kill}})
	require.ErrorIs(t, err, registry.ErrUnreachable)
	require.NoError(t, instance.Restart(t.Context()))
	requireTag(t, client, repository, "v1", a.Manifest)
	requireWhole(t, client, repository, next.Manifest.Digest.String(), next.Manifest)
}

// readBack finds a layer that the registry loses between the content and the tags.
func readBack(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("readback")
	whole, broken := newArtifact(t, "whole"), newArtifact(t, "broken")
	_, err := client.Push(t.Context(), whole.store, whole.Manifest, repository, []string{"v1"}, registry.PushOptions{ReadBack: true})
	require.NoError(t, err)
	requireWhole(t, client, repository, "v1", whole.Manifest)

	kept := 0 // the status with which the registry refuses to delete a blob
	lose := registry.Step{Name: "lose", Run: func(context.Context, *registry.Published) error {
		kept = c.tryLose(t, repository, broken.Layer.Digest)
		return nil
	}}
	_, err = client.Push(t.Context(), broken.store, broken.Manifest, repository, []string{"v1"}, registry.PushOptions{
		ReadBack: true, Steps: []registry.Step{lose},
	})
	if err == nil {
		require.NotZero(t, kept)
		c.note("blobs cannot be deleted: status %d", kept)
		return
	}
	require.ErrorIs(t, err, registry.ErrCorrupt)
	requireTag(t, client, repository, "v1", whole.Manifest)
}

// pushByDigest pushes without a tag, and again.
func pushByDigest(t *testing.T, c trial) {
	opts := options(t, c.open, "digest")
	opts.Version, opts.Push.DigestOnly = "", true
	first := build(t, opts)
	assert.False(t, first.Unchanged)
	assert.Empty(t, first.Tags)
	again := build(t, opts)
	assert.True(t, again.Unchanged)
	assert.Equal(t, first.Artifact.Digest, again.Artifact.Digest)
	client := newClient(t, c.open, c.open.Options())
	requireFiles(t, client, opts.Repository, first.Artifact.Digest.String(), files())
	tags, err := c.open.Tags(t.Context(), opts.Repository)
	require.NoError(t, err)
	assert.Empty(t, tags)
}
