package registry_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// revision returns one with an annotation, or without if the value is "-".
func revision(key, value string) registry.Revision {
	r := registry.Revision{Manifest: ocispec.Manifest{Annotations: map[string]string{}}}
	if value != "-" {
		r.Manifest.Annotations[key] = value
	}
	return r
}

func TestRules(t *testing.T) {
	const created, number = ocispec.AnnotationCreated, "build"
	newest, lower := registry.NotOlder, registry.NotLower(number)
	for _, tt := range []struct {
		name       string
		rule       registry.TagRule
		key        string
		have, want string
		reason     string
	}{
		{"newer", newest, created, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", ""},
		{"newer, in lower case", newest, created, "2026-01-01t00:00:00z", "2026-01-01t00:00:01z", ""},
		{"as old", newest, created, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", ""},
		{
			"older", newest, created, "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z",
			`"2026-01-01T00:00:00Z" is older than "2026-01-01T00:00:01Z", by the annotation org.opencontainers.image.created`,
		},
		{"nothing before", newest, created, "-", "-", ""},
		{"nothing readable before", newest, created, "yesterday", "2026-01-01T00:00:00Z", ""},
		{
			"nothing after", newest, created, "2026-01-01T00:00:01Z", "-",
			"it has the annotation org.opencontainers.image.created and the new manifest has not",
		},
		{
			"nothing readable after", newest, created, "2026-01-01T00:00:01Z", "today",
			`the annotation org.opencontainers.image.created of the new manifest cannot be compared: parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"`,
		},
		{"higher number", lower, number, "9", "10", ""},
		{"same number", lower, number, "10", "10", ""},
		{
			"lower number of 67 bits", lower, number, "99990101000000000001", "99990101000000000000",
			`"99990101000000000000" is lower than "99990101000000000001", by the annotation build`,
		},
		{"lower number", lower, number, "10", "9", `"9" is lower than "10", by the annotation build`},
		{"higher version", lower, number, "1.9.0", "v1.10.0", ""},
		{"release after its candidate", lower, number, "1.0.0-rc.1", "1.0.0", ""},
		{"candidate after its release", lower, number, "1.0.0", "1.0.0-rc.1", `"1.0.0-rc.1" is lower than "1.0.0", by the annotation build`},
		{"other metadata", lower, number, "1.0.0+b", "1.0.0+a", ""},
		{
			"number after a version", lower, number, "1.0.0", "2",
			`the annotation build of the new manifest cannot be compared: "1.0.0" and "2" are not two integers or two versions`,
		},
		{"nothing comparable before", lower, number, "main", "2", ""},
		{"keep", registry.KeepTag, number, "1", "2", "it exists"},
		{"keep another tag", registry.OnlyTags(registry.KeepTag, "stable"), number, "1", "2", ""},
		{"keep this tag", registry.OnlyTags(registry.KeepTag, "stable", "v1"), number, "1", "2", "it exists"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			have := revision(tt.key, tt.have)
			reason, err := tt.rule(t.Context(), registry.TagMove{Tag: "v1", Have: &have, Want: revision(tt.key, tt.want)})
			require.NoError(t, err)
			assert.Equal(t, tt.reason, reason)
			reason, err = tt.rule(t.Context(), registry.TagMove{Tag: "v1", Want: revision(tt.key, tt.want)})
			require.NoError(t, err)
			assert.Empty(t, reason, "a new tag")
		})
	}
}

func TestPushWithRules(t *testing.T) {
	errRule := errors.New("no network")
	for _, tt := range []struct {
		name   string
		rule   registry.TagRule
		is     error
		text   string
		refuse bool
	}{
		{"allows", func(context.Context, registry.TagMove) (string, error) { return "", nil }, nil, "", false},
		{"refuses", func(context.Context, registry.TagMove) (string, error) { return "it is Friday", nil }, registry.ErrTagRefused, "a rule refuses to set the tag: v1: it is Friday (it is sha256:", true},
		{"fails", func(context.Context, registry.TagMove) (string, error) { return "", errRule }, errRule, "a rule for the tag v1 failed: no network", false},
		{"panics", func(context.Context, registry.TagMove) (string, error) { panic(errRule) }, errRule, "a rule for the tag v1 failed: panic: no network", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, first, second := start(t, memregistry.Options{}), newArtifact(t, "first"), newArtifact(t, "second")
			client := srv.client(t, registry.Options{})
			_, err := first.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			srv.requests(first)

			_, err = second.push(t, client, registry.PushOptions{TagRules: []registry.TagRule{tt.rule}}, "v1")
			log := srv.requests(second)
			if tt.is == nil {
				require.NoError(t, err)
				srv.requireStored(t, second, "v1")
				return
			}
			require.ErrorIs(t, err, tt.is)
			require.ErrorContains(t, err, tt.text)
			srv.requireStored(t, first, "v1")
			assert.Equal(t, []string{"GET manifests/v1"}, log, "something was sent")
			var conflict *registry.TagConflictError
			if assert.Equal(t, tt.refuse, errors.As(err, &conflict)) && tt.refuse {
				assert.Equal(t, registry.TagConflictError{Tag: "v1", Have: first.Manifest.Digest, Want: second.Manifest.Digest, Reason: "it is Friday"}, *conflict)
			}
		})
	}
}

// A rule sees the manifest that the tag points to right before it is set.
func TestRuleSeesATagThatWasSetMeanwhile(t *testing.T) {
	for _, conditional := range []bool{false, true} {
		t.Run(fmt.Sprint(conditional), func(t *testing.T) {
			first, second := numbered(t, "1"), numbered(t, "2")
			srv := start(t, memregistry.Options{ConditionalPut: conditional})
			client := srv.client(t, registry.Options{})
			opts := registry.PushOptions{TagRules: []registry.TagRule{registry.NotLower("build")}}
			destination, err := client.Lookup(t.Context(), repository, []string{"v1"}, opts)
			require.NoError(t, err)
			_, err = second.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			_, err = destination.Push(t.Context(), first.store, first.Manifest)
			require.ErrorIs(t, err, registry.ErrTagConflict)
			require.ErrorContains(t, err, `"1" is lower than "2"`)
			srv.requireStored(t, second, "v1")
		})
	}
}

// numbered returns an artifact with a number in the annotation build.
func numbered(t *testing.T, build string) artifact {
	t.Helper()
	a := newArtifact(t, "app")
	return a.annotated(t, map[string]string{"build": build})
}

func TestTagsError(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v0")
	require.NoError(t, err)
	srv.fail(fault{"PUT manifests/v2", status(http.StatusBadRequest, "TAG_INVALID")})
	_, err = a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1", "v2", "v3", "v0")
	require.ErrorIs(t, err, registry.ErrInvalid)
	var tags *registry.TagsError
	require.ErrorAs(t, err, &tags)
	assert.Equal(t, []string{"v1", "v0"}, tags.Set)
	assert.Equal(t, []string{"v2", "v3"}, tags.NotSet)
	require.ErrorContains(t, err, "(tags that were set: v1, v0; not set: v2, v3)")
	srv.requireStored(t, a, "v1")
	assert.Empty(t, srv.digestOf(t, "v3"))
}

func TestKeepSameContent(t *testing.T) {
	base := newArtifact(t, "app")
	first := base.annotated(t, map[string]string{"revision": "1"})
	second := base.annotated(t, map[string]string{"revision": "2"})
	other := newArtifact(t, "other").annotated(t, map[string]string{"revision": "2"})
	srv := start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{})
	_, err := first.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	srv.requests(first)

	var seen []string
	keep := registry.PushOptions{KeepSameContent: true}
	got, err := second.push(t, client, keep, "v1")
	require.NoError(t, err)
	assert.Equal(t, first.Manifest.Digest, got.Manifest.Digest)
	assert.True(t, got.SameContent)
	assert.True(t, got.Unchanged)
	assert.ElementsMatch(t, []string{"GET manifests/v1", "HEAD blobs/config", "HEAD blobs/layer"}, srv.requests(first))

	keep.Steps = []registry.Step{{Name: "attest", Run: func(ctx context.Context, p *registry.Published) error {
		seen = append(seen, p.Annotations["revision"])
		assert.Equal(t, first.Manifest.Digest, p.Manifest.Digest)
		assert.Equal(t, second.Manifest.Digest, p.Packed.Digest)
		_, err := p.Attach(ctx, registry.Attachment{ArtifactType: signature.ArtifactType, Annotations: maps.Clone(p.Annotations)})
		return err
	}}}
	for _, tags := range [][]string{{"v1"}, {"v1", "latest"}} {
		got, err = second.push(t, client, keep, tags...)
		require.NoError(t, err)
		assert.True(t, got.SameContent)
	}
	assert.Equal(t, []string{"2", "2"}, seen)
	srv.requireStored(t, first, "v1")
	srv.requireStored(t, first, "latest")

	_, err = second.push(t, client, registry.PushOptions{}, "next")
	require.NoError(t, err)
	third := base.annotated(t, map[string]string{"revision": "3"})
	got, err = third.push(t, client, registry.PushOptions{KeepSameContent: true, ImmutableTags: true}, "v1", "next")
	require.NoError(t, err)
	assert.Equal(t, first.Manifest.Digest, got.Manifest.Digest)
	srv.requireStored(t, second, "next")

	got, err = other.push(t, client, registry.PushOptions{KeepSameContent: true}, "v1")
	require.NoError(t, err)
	assert.False(t, got.SameContent)
	srv.requireStored(t, other, "v1")
}

// A layer that only claims to have the same content is not taken for it.
func TestClaimsOfTheSameContent(t *testing.T) {
	const key = "io.deis.oras.content.digest"
	unreadable := ""
	for _, tt := range []struct {
		name  string
		layer func(a artifact) ocispec.Descriptor // under the tag
		same  bool
	}{
		{"honest", func(a artifact) ocispec.Descriptor { return a.Layer }, true},
		{"compressed again", func(a artifact) ocispec.Descriptor { return a.claim(t, key, recompress(t, a)) }, true},
		{"other content", func(a artifact) ocispec.Descriptor { return a.claim(t, key, gzipped(t, "other")) }, false},
		{"cut", func(a artifact) ocispec.Descriptor {
			content := recompress(t, a)
			return a.claim(t, key, content[:len(content)/2])
		}, false},
		{"of another media type", func(a artifact) ocispec.Descriptor {
			layer := a.Layer
			layer.MediaType = "application/vnd.example.layer.v1.tar+gzip"
			return layer
		}, false},
		{"compressed again, which may not be read", func(a artifact) ocispec.Descriptor {
			layer := a.claim(t, key, recompress(t, a))
			unreadable = layer.Digest.String()
			return layer
		}, false},
		{"no gzip", func(a artifact) ocispec.Descriptor { return a.claim(t, key, []byte("other")) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "app")
			client := srv.client(t, registry.Options{})
			before := a
			unreadable = "none"
			before.Layer = tt.layer(a)
			srv.fail(fault{"GET blobs/" + unreadable, status(http.StatusForbidden, "DENIED")})
			before = before.annotated(t, map[string]string{"revision": "1"})
			_, err := before.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			got, err := a.annotated(t, map[string]string{"revision": "2"}).push(t, client, registry.PushOptions{KeepSameContent: true}, "v1")
			require.NoError(t, err)
			assert.Equal(t, tt.same, got.SameContent)
			assert.Equal(t, tt.same, srv.digestOf(t, "v1") == before.Manifest.Digest)
		})
	}
}

// claim stores a layer with the content digest of that of the artifact.
func (a artifact) claim(t *testing.T, key string, content []byte) ocispec.Descriptor {
	t.Helper()
	layer := a.put(t, ocispec.MediaTypeImageLayerGzip, content)
	layer.Annotations = map[string]string{key: a.Layer.Annotations[key]}
	require.NotEmpty(t, layer.Annotations[key])
	return layer
}

// recompress returns the layer of the artifact, compressed by another program.
func recompress(t *testing.T, a artifact) []byte {
	t.Helper()
	blob, err := a.store.Fetch(t.Context(), a.Layer)
	require.NoError(t, err)
	defer func() { require.NoError(t, blob.Close()) }()
	unpacked, err := gzip.NewReader(blob)
	require.NoError(t, err)
	content, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	return gzipped(t, string(content))
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// Some registries refuse to look tags up in a repository that does not exist. Only rules that
// depend on the tag then fail.
func TestRulesForATagThatCannotBeRead(t *testing.T) {
	refuses := func(context.Context, registry.TagMove) (string, error) { return "it is Friday", nil }
	for _, tt := range []struct {
		name   string
		rule   registry.TagRule
		is     error
		action registry.Action
	}{
		{"rule that depends on the tag", registry.NotOlder, registry.ErrAuthRequired, registry.ActionUnknown},
		{"keep", registry.KeepTag, registry.ErrAuthRequired, registry.ActionUnknown},
		{"rule for another tag", registry.OnlyTags(registry.NotOlder, "latest"), nil, registry.ActionUnknown},
		{"rule about the content", refuses, registry.ErrTagConflict, registry.ActionRefuse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
			srv.fail(fault{"GET manifests/v1", status(http.StatusForbidden, "DENIED")})
			client := srv.client(t, registry.Options{})
			opts := registry.PushOptions{TagRules: []registry.TagRule{tt.rule}}
			destination, err := client.Lookup(t.Context(), repository, []string{"v1"}, opts)
			require.NoError(t, err)
			plan, err := destination.Plan(t.Context(), a.store, a.Manifest)
			require.NoError(t, err)
			assert.Equal(t, tt.action, plan.Tags[0].Action)
			_, err = destination.Push(t.Context(), a.store, a.Manifest)
			if tt.is == nil {
				require.NoError(t, err)
				srv.fail()
				srv.requireStored(t, a, "v1")
				return
			}
			require.ErrorIs(t, err, tt.is)
			assert.Empty(t, srv.count("POST "))
		})
	}
}
