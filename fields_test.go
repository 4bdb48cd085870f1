package oci_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// recorder is a registry without a network that requires a credential and records
// the user agents of its requests.
type recorder struct {
	handler http.Handler

	mu     sync.Mutex
	agents []string
	urls   []string
}

func newRecorder() *recorder {
	users := map[string]memregistry.User{"user": {Password: canary}}
	return &recorder{handler: memregistry.Handler(memregistry.Options{Users: users})}
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.agents = append(r.agents, req.UserAgent())
	r.urls = append(r.urls, req.URL.String())
	r.mu.Unlock()
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// schemes returns the schemes of all requests, without duplicates.
func (r *recorder) schemes() []string {
	var schemes []string
	for _, url := range r.urls {
		if scheme, _, _ := strings.Cut(url, "://"); !slices.Contains(schemes, scheme) {
			schemes = append(schemes, scheme)
		}
	}
	return schemes
}

// manifest returns the manifest of the last tag.
func (r *recorder) manifest(t *testing.T, result oci.BuildResult) ocispec.Manifest {
	t.Helper()
	client, err := registry.NewClient(result.Artifact.RegistryEndpoint, registry.Options{
		Transport:  r,
		Credential: registry.Credential{Username: "user", Password: canary},
	})
	require.NoError(t, err)
	store := new(packager.Store)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	desc, err := client.Pull(t.Context(), result.Artifact.Repository, result.Tags[len(result.Tags)-1], store, registry.PullOptions{})
	require.NoError(t, err)
	data, err := content.FetchAll(t.Context(), store, desc)
	require.NoError(t, err)
	var manifest ocispec.Manifest
	require.NoError(t, json.Unmarshal(data, &manifest))
	return manifest
}

// Each field of the options has the effect that its comment promises.
func TestEveryFieldOfBuildOptions(t *testing.T) {
	server := newRecorder()
	source := tree(t, map[string]string{"cm.yaml": configMap, "empty.yaml": "", "app.env": "A=1", "b.yaml": "b", ".github/ci.yaml": "ci"})
	require.NoError(t, os.Symlink("missing", filepath.Join(source, "link.yaml")))
	var events int
	opts := oci.BuildOptions{
		Name: "title", SourcePath: source, RegistryEndpoint: "registry.example.com", Repository: "acme/shop", Version: "v1",
		GitOpsEngine: oci.GitOpsEngineArgoCD, Username: "user", Password: canary,
		Roots:  []oci.Root{{Path: "more", FS: fstest.MapFS{"c.yaml": {Data: []byte(configMap)}}}},
		Layout: oci.LayoutPrefix, Tags: []string{"latest"}, Insecure: true,
		Collect: oci.CollectOptions{
			Include: []string{"*.env"}, Ignore: []string{"/b.yaml"}, IgnoreFluxDefaults: true,
			Symlinks: manifests.SymlinksSkip,
		},
		Pack:      packOptions(),
		Preflight: oci.PreflightOptions{Policy: oci.PreflightEnforce, Severity: preflight.Error},
		Push:      oci.PushOptions{ImmutableTags: true, Force: true},
		Registry:  oci.RegistryOptions{Transport: server, UserAgent: "agent", AllowPlainHTTPCredentials: true},
		Cache:     new(oci.Cache),
		OnEvent:   func(oci.Event) { events++ },
	}
	requireAllSet(t, opts, "Source")
	result := build(t, opts)

	assert.Equal(t, []string{"deploy/app.env", "deploy/cm.yaml", "deploy/empty.yaml", "deploy/more/c.yaml"}, result.Files)
	checkEffects(t, server, result)
	assert.Equal(t, 6, events)
	assert.Positive(t, opts.Cache.Layer.Size())

	assert.False(t, build(t, opts).Unchanged, "forced")
	require.NoError(t, os.WriteFile(filepath.Join(source, "cm.yaml"), []byte(configMap+"# changed"), 0o600))
	_, err := oci.Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrRegistryTagConflict)
	assert.Equal(t, "push under another tag, or unset Push.ImmutableTags", oci.Hint(err))
}

func TestEveryFieldOfEmptyBuildOptions(t *testing.T) {
	server := newRecorder()
	var events int
	opts := oci.EmptyBuildOptions{
		Name: "title", RegistryEndpoint: "registry.example.com", Repository: "acme/shop", Version: "v1",
		GitOpsEngine: oci.GitOpsEngineArgoCD, Username: "user", Password: canary,
		Layout: oci.LayoutPrefix, Tags: []string{"latest"}, Insecure: true,
		Pack:     packOptions(),
		Push:     oci.PushOptions{ImmutableTags: true, Force: true},
		Registry: oci.RegistryOptions{Transport: server, UserAgent: "agent", AllowPlainHTTPCredentials: true},
		OnEvent:  func(oci.Event) { events++ },
	}
	requireAllSet(t, opts)
	result, err := oci.BuildEmpty(t.Context(), opts)
	require.NoError(t, err)

	assert.Equal(t, []string{"deploy/kustomization.yaml"}, result.Files)
	checkEffects(t, server, result)
	assert.Equal(t, 6, events)

	result, err = oci.BuildEmpty(t.Context(), opts)
	require.NoError(t, err)
	assert.False(t, result.Unchanged, "forced")
	opts.Pack.Created = time.Time{}
	_, err = oci.BuildEmpty(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrRegistryTagConflict)

	v, err := opts.Validate()
	require.NoError(t, err)
	requireAllSet(t, oci.EmptyBuildOptions(v))
}

func packOptions() oci.PackOptions {
	return oci.PackOptions{
		Prefix: "deploy", Annotations: map[string]string{"key": "value"}, Created: time.Unix(1_000_000_000, 0),
		ArtifactType: "application/vnd.acme", Level: 1,
		SourceURL: "https://user:" + canary + "@github.com/acme/shop", Revision: "main@sha1:b3396adb98a6a0f5eeedd1a600beaf5e954a1f28",
	}
}

// requireAllSet fails for a field that was added and is not tested.
func requireAllSet(t *testing.T, opts any, except ...string) {
	t.Helper()
	v := reflect.ValueOf(opts)
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() && !slices.Contains(except, field.Name) {
			require.False(t, v.Field(i).IsZero(), "%s is not set", field.Name)
		}
	}
}

func checkEffects(t *testing.T, server *recorder, result oci.BuildResult) {
	t.Helper()
	a := result.Artifact
	assert.Equal(t, "title", a.Name)
	assert.Equal(t, "oci://registry.example.com/acme/shop:v1", a.Reference)
	assert.Equal(t, []string{"v1", "latest"}, result.Tags)
	assert.Equal(t, oci.EnginePaths{Flux: "./deploy", ArgoCD: "deploy"}, a.Paths)
	assert.Equal(t, "2001-09-09T01:46:40Z", a.CreatedAt.Format(time.RFC3339))
	assert.Positive(t, a.ContentSize)
	assert.Equal(t, []string{"agent"}, slices.Compact(server.agents))

	manifest := server.manifest(t, result)
	assert.Equal(t, "application/vnd.acme", manifest.ArtifactType)
	assert.Equal(t, map[string]string{
		"key":                      "value",
		ocispec.AnnotationTitle:    "title",
		ocispec.AnnotationSource:   "https://github.com/acme/shop",
		ocispec.AnnotationRevision: "main@sha1:b3396adb98a6a0f5eeedd1a600beaf5e954a1f28",
		ocispec.AnnotationCreated:  "2001-09-09T01:46:40Z",
	}, manifest.Annotations)
}

const nilContext = "the context is nil: pass context.Background() if there is no other"

func TestNilContext(t *testing.T) {
	//lint:ignore SA1012 the test is about a nil context
	_, err := oci.Build(nil, validOptions(t))
	require.EqualError(t, err, nilContext)
	//lint:ignore SA1012 the test is about a nil context
	_, err = oci.BuildEmpty(nil, oci.EmptyBuildOptions{})
	require.EqualError(t, err, nilContext)
	//lint:ignore SA1012 the test is about a nil context
	require.EqualError(t, oci.VerifyRegistryAccessWithTimeout(nil, oci.VerifyOptions{}, 0), nilContext)
}
