package registrysuite

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

// annotated adds a manifest with an annotation to the store of the artifact.
func (a artifact) annotated(t testing.TB, key, value string) ocispec.Descriptor {
	t.Helper()
	return a.manifest(t, func(m *ocispec.Manifest) { m.Annotations = map[string]string{key: value} })
}

// newRepository returns the full name of a repository with one artifact. Some registries
// do not reveal that a repository does not exist, and a push with rules needs to know it.
func newRepository(t testing.TB, instance *registrytest.Instance, client *registry.Client, name string) string {
	t.Helper()
	repository := instance.Repository(name)
	newArtifact(t, "other").push(t, client, repository, "other")
	return repository
}

// rules refuse to move a tag, and keep one of two.
func rules(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := newRepository(t, c.open, client, "rules")
	a := newArtifact(t, "demo")
	push := func(manifest ocispec.Descriptor, rule registry.TagRule, tags ...string) error {
		_, err := client.Push(t.Context(), a.store, manifest, repository, tags, registry.PushOptions{TagRules: []registry.TagRule{rule}})
		return err
	}
	for _, tt := range []struct {
		tag              string
		rule             registry.TagRule
		key, lower, high string
	}{
		{"not-older", registry.NotOlder, ocispec.AnnotationCreated, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
		{"not-lower", registry.NotLower("build"), "build", "9", "10"},
	} {
		lower, higher := a.annotated(t, tt.key, tt.lower), a.annotated(t, tt.key, tt.high)
		require.NoError(t, push(lower, tt.rule, tt.tag), tt.tag)
		require.NoError(t, push(higher, tt.rule, tt.tag), tt.tag)
		requireTag(t, client, repository, tt.tag, higher)
		var conflict *registry.TagConflictError
		require.ErrorAs(t, push(lower, tt.rule, tt.tag), &conflict, tt.tag)
		assert.Equal(t, higher.Digest, conflict.Have)
		assert.Contains(t, conflict.Reason, tt.key)
		requireTag(t, client, repository, tt.tag, higher)
	}

	first, second := a.annotated(t, "build", "1"), a.annotated(t, "build", "2")
	keep := registry.OnlyTags(registry.KeepTag, "stable")
	require.NoError(t, push(first, keep, "latest", "stable"))
	var conflict *registry.TagConflictError
	require.ErrorAs(t, push(second, keep, "latest", "stable"), &conflict)
	assert.Equal(t, "stable", conflict.Tag)
	requireTag(t, client, repository, "latest", first)
	require.NoError(t, push(second, keep, "latest"))
	requireTag(t, client, repository, "latest", second)
	requireTag(t, client, repository, "stable", first)

	asked := map[string]int{}
	late := func(_ context.Context, move registry.TagMove) (string, error) {
		if asked[move.Tag]++; move.Tag == "stable" && asked[move.Tag] == 2 {
			return "it is frozen meanwhile", nil
		}
		return "", nil
	}
	third := a.annotated(t, "build", "3")
	var some *registry.TagsError
	require.ErrorAs(t, push(third, late, "latest", "stable"), &some)
	assert.Equal(t, []string{"latest"}, some.Set)
	assert.Equal(t, []string{"stable"}, some.NotSet)
	requireTag(t, client, repository, "latest", third)
	requireTag(t, client, repository, "stable", first)
}

// conditions records whether the registry reports an ETag of a manifest, and evaluates
// the conditions under which the library sets a tag that has a rule.
func conditions(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := newRepository(t, c.open, client, "conditions")
	a := newArtifact(t, "demo")
	var supported []string
	if do(t, c.open, http.MethodGet, "/v2/"+repository+"/manifests/other").Header.Get("ETag") != "" {
		supported = append(supported, "ETag")
	}
	if isKept(t, c, a, repository, "other") {
		supported = append(supported, "If-Match")
	}
	if isKept(t, c, a, repository, "new") {
		supported = append(supported, "If-None-Match")
	}
	if len(supported) == 0 {
		supported = []string{"none"}
	}
	c.note("%s", strings.Join(supported, ", "))
}

// isKept reports whether a tag stays where another client has set it between the two
// requests with which a push reads it and sets it.
func isKept(t *testing.T, c trial, a artifact, repository, tag string) bool {
	t.Helper()
	client, other := newClient(t, c.open, c.open.Options()), newClient(t, c.open, c.open.Options())
	lower, higher := a.annotated(t, "build", "1"), a.annotated(t, "build", "2")
	asked := 0
	overtake := func(ctx context.Context, _ registry.TagMove) (reason string, err error) {
		if asked++; asked == 2 { // right before the tag is set
			_, err = other.Push(ctx, a.store, higher, repository, []string{tag}, registry.PushOptions{})
		}
		return "", err
	}
	_, err := client.Push(t.Context(), a.store, lower, repository, []string{tag}, registry.PushOptions{
		TagRules: []registry.TagRule{registry.NotLower("build"), overtake},
	})
	if err == nil {
		requireTag(t, client, repository, tag, lower)
		return false
	}
	require.ErrorIs(t, err, registry.ErrTagConflict)
	requireTag(t, client, repository, tag, higher)
	return true
}

// sameContent builds the same files with another manifest, and with another layer. Both
// keep the digest of the first build, and set further tags to it.
func sameContent(t *testing.T, c trial) {
	opts := options(t, c.open, "same")
	first := build(t, opts)
	client := newClient(t, c.open, c.open.Options())
	opts.Push.KeepSameContent = true
	for _, tt := range []struct {
		tag    string
		change func(*oci.BuildOptions)
	}{
		{"annotated", func(o *oci.BuildOptions) { o.Pack.Revision = "main@sha1:5b1e" }},
		{"compressed", func(o *oci.BuildOptions) { o.Pack.Level = 1 }},
	} {
		again := opts
		tt.change(&again)
		require.NotEqual(t, first.Artifact.Digest, localDigest(t, again), tt.tag)
		same := build(t, again)
		assert.True(t, same.SameContent, tt.tag)
		assert.True(t, same.Unchanged, tt.tag)
		assert.Equal(t, first.Artifact.Digest, same.Artifact.Digest, tt.tag)
		again.Tags = []string{tt.tag}
		assert.Equal(t, first.Artifact.Digest, build(t, again).Artifact.Digest, tt.tag)
		requireTag(t, client, opts.Repository, tt.tag, ocispec.Descriptor{Digest: first.Artifact.Digest})
	}
	opts.SourcePath = tree(t, map[string]string{"other.yaml": configMap("other")})
	other := build(t, opts)
	assert.False(t, other.SameContent)
	requireTag(t, client, opts.Repository, opts.Version, ocispec.Descriptor{Digest: other.Artifact.Digest})
	assert.NotEqual(t, first.Artifact.Digest, other.Artifact.Digest)
}

// watcher notes the requests that could change something in a registry.
type watcher struct {
	http.RoundTripper

	mu   sync.Mutex
	sent []string
}

func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.mu.Lock()
		w.sent = append(w.sent, r.Method+" "+r.URL.Path)
		w.mu.Unlock()
	}
	return w.RoundTripper.RoundTrip(r)
}

// take returns the requests since the last call.
func (w *watcher) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.sent = nil }()
	return w.sent
}

// watch lets a watcher see the requests of a build.
func watch(t testing.TB, opts *oci.BuildOptions) *watcher {
	t.Helper()
	r := &opts.Registry
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: r.RootCAs, Certificates: r.ClientCertificates,
	}}
	t.Cleanup(transport.CloseIdleConnections)
	w := &watcher{RoundTripper: transport}
	r.RootCAs, r.ClientCertificates, r.Transport = nil, nil, w
	return w
}

// plan compares plans with the builds after them.
func plan(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	newRepository(t, c.open, client, "plan")
	opts := options(t, c.open, "plan")
	opts.Tags = []string{"latest"}
	w := watch(t, &opts)
	var b oci.Builder
	defer b.Close()
	requirePlan := func(want ...registry.TagPlan) oci.BuildPlan {
		t.Helper()
		planned, err := b.Plan(t.Context(), opts)
		require.NoError(t, err)
		require.Equal(t, want, planned.Tags)
		require.Empty(t, w.take())
		return planned
	}
	requireBuilt := func(planned oci.BuildPlan) {
		t.Helper()
		built, err := b.Build(t.Context(), opts)
		require.NoError(t, err)
		assert.Equal(t, built.Artifact, planned.Result.Artifact)
		assert.Equal(t, built.Unchanged, planned.Result.Unchanged)
		assert.Equal(t, built.Unchanged, len(w.take()) == 0)
	}
	first := requirePlan(
		registry.TagPlan{Tag: "1.0.0", Action: registry.ActionCreate},
		registry.TagPlan{Tag: "latest", Action: registry.ActionCreate})
	requireBuilt(first)
	have := first.Result.Artifact.Digest
	requireBuilt(requirePlan(
		registry.TagPlan{Tag: "1.0.0", Action: registry.ActionNothing, Have: have},
		registry.TagPlan{Tag: "latest", Action: registry.ActionNothing, Have: have}))

	opts.SourcePath = tree(t, map[string]string{"other.yaml": configMap("other")})
	opts.Push.TagRules = []oci.TagRule{registry.OnlyTags(registry.KeepTag, "1.0.0")}
	requirePlan(
		registry.TagPlan{Tag: "1.0.0", Action: registry.ActionRefuse, Have: have, Reason: "it exists"},
		registry.TagPlan{Tag: "latest", Action: registry.ActionMove, Have: have})
	opts.Push.TagRules = nil
	requireBuilt(requirePlan(
		registry.TagPlan{Tag: "1.0.0", Action: registry.ActionMove, Have: have},
		registry.TagPlan{Tag: "latest", Action: registry.ActionMove, Have: have}))
}

// refuseSecrets sends nothing of an artifact with a Secret.
func refuseSecrets(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := newRepository(t, c.open, client, "secrets")
	opts := options(t, c.open, "secrets")
	opts.SourcePath = tree(t, map[string]string{
		"secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: shop}\nstringData: {password: " + secret + "}\n",
	})
	opts.Push.TagRules = []oci.TagRule{oci.RefuseSecrets}
	w := watch(t, &opts)
	_, err := oci.Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrRegistryTagConflict)
	assert.ErrorContains(t, err, "secret.yaml")
	assert.NotContains(t, err.Error(), secret)
	assert.Empty(t, w.take())
	requireNoTag(t, client, repository, opts.Version)

	opts.Push.TagRules = nil
	build(t, opts)
	sent := w.take()
	assert.True(t, slices.ContainsFunc(sent, func(s string) bool { return strings.HasPrefix(s, "PUT ") }), sent)
}

// buildAll publishes many workloads with one Builder, and then nothing. One that fails leaves
// the others whole.
func buildAll(t *testing.T, c trial) {
	const workloads = 30
	var builds []oci.BuildOptions
	for n := range workloads {
		opts := options(t, c.open, fmt.Sprintf("many-%d", n))
		opts.SourcePath = tree(t, map[string]string{"cm.yaml": configMap(fmt.Sprintf("workload-%d", n))})
		builds = append(builds, opts)
	}
	broken := options(t, c.open, "many-broken")
	broken.SourcePath = t.TempDir()
	var b oci.Builder
	defer b.Close()
	result, err := b.BuildAll(t.Context(), append(builds, broken), oci.BuildAllOptions{})
	require.ErrorIs(t, err, oci.ErrNoManifestFiles)
	assert.Equal(t, []int{workloads, 0, 1}, []int{result.Built, result.Unchanged, result.Failed})

	again, err := b.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.NoError(t, err)
	assert.Equal(t, workloads, again.Unchanged)
	for n, o := range again.Outcomes {
		assert.Equal(t, result.Outcomes[n].Result.Artifact.Digest, o.Result.Artifact.Digest)
	}
}
