package oci_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

// built is a tree that was pushed, and how.
type built struct {
	*testRegistry
	opts  oci.BuildOptions
	first oci.BuildResult
}

func buildFirst(t *testing.T, change func(*oci.BuildOptions)) *built {
	t.Helper()
	b := &built{testRegistry: startRegistry(t, memregistry.Options{})}
	b.opts = oci.BuildOptions{
		SourcePath:       tree(t, map[string]string{"cm.yaml": configMap, "many.yaml": manyConfigMaps()}),
		RegistryEndpoint: b.Host,
		Version:          "v1",
	}
	change(&b.opts)
	b.first = build(t, b.opts)
	b.takeRequests()
	return b
}

// manyConfigMaps differ enough for the level of compression to matter.
func manyConfigMaps() string {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm-%d}\ndata: {key: %q}\n", i, fmt.Sprint(i*i*i))
	}
	return text.String()
}

// A change that keeps the content sends no layer.
func TestBuildOfTheSameContent(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(*oci.BuildOptions)
		requests  []string
		unchanged bool
	}{
		{
			"nothing", func(*oci.BuildOptions) {},
			[]string{"GET /v2/app/manifests/v1", "HEAD blob", "HEAD blob"}, true,
		},
		{
			"nothing, and the blobs are assumed", func(o *oci.BuildOptions) { o.Push.AssumeBlobs = true },
			[]string{"GET /v2/app/manifests/v1"}, true,
		},
		{
			"with a cache", func(o *oci.BuildOptions) { o.Cache = new(oci.Cache) },
			[]string{"GET /v2/app/manifests/v1", "HEAD blob", "HEAD blob"}, true,
		},
		{
			"annotation", func(o *oci.BuildOptions) { o.Pack.Annotations = map[string]string{"key": "value"} },
			[]string{"GET /v2/app/manifests/v1", "POST /v2/app/blobs/uploads/", "POST /v2/app/blobs/uploads/", "PUT /v2/app/manifests/v1"}, false,
		},
		{
			"annotation, with a cache", func(o *oci.BuildOptions) {
				o.Pack.Annotations = map[string]string{"key": "value"}
				o.Cache = new(oci.Cache)
			},
			[]string{"GET /v2/app/manifests/v1", "POST /v2/app/blobs/uploads/", "POST /v2/app/blobs/uploads/", "PUT /v2/app/manifests/v1"}, false,
		},
		{
			"creation time", func(o *oci.BuildOptions) { o.Pack.Created = time.Unix(1e9, 0) },
			[]string{"GET /v2/app/manifests/v1", "POST /v2/app/blobs/uploads/", "POST /v2/app/blobs/uploads/", "PUT /v2/app/manifests/v1"}, false,
		},
		{
			"artifact type", func(o *oci.BuildOptions) { o.Pack.ArtifactType = "application/vnd.acme" },
			[]string{"GET /v2/app/manifests/v1", "POST /v2/app/blobs/uploads/", "POST /v2/app/blobs/uploads/", "PUT /v2/app/manifests/v1"}, false,
		},
		{
			"further tag", func(o *oci.BuildOptions) { o.Tags = []string{"latest"} },
			[]string{"GET /v2/app/manifests/v1", "GET /v2/app/manifests/latest", "HEAD blob", "HEAD blob", "PUT /v2/app/manifests/latest"}, false,
		},
		{
			"next version, and a tag that points to the last", func(o *oci.BuildOptions) {
				o.Version, o.Tags = "v2", []string{"v1"}
			},
			[]string{"GET /v2/app/manifests/v2", "GET /v2/app/manifests/v1", "HEAD blob", "HEAD blob", "PUT /v2/app/manifests/v2"}, false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := buildFirst(t, func(*oci.BuildOptions) {})
			tt.change(&b.opts)
			second := build(t, b.opts)
			assert.Equal(t, tt.requests, shortened(b.takeRequests()))
			assert.Equal(t, tt.unchanged, second.Unchanged)
			assert.Equal(t, b.first.Artifact.LayerDigest, second.Artifact.LayerDigest)
			assert.Equal(t, b.first.Artifact.ContentDigest, second.Artifact.ContentDigest)
			assert.Equal(t, b.first.Artifact.ContentSize, second.Artifact.ContentSize)
			assert.Equal(t, b.first.Files, second.Files)
			for _, tag := range second.Tags {
				_, err := pull(t, b.Host, "app", tag)
				require.NoError(t, err, "it is complete")
			}

			b.takeRequests()
			assert.True(t, build(t, b.opts).Unchanged, "and the same again sends nothing")
		})
	}
}

// shortened leaves out the digests of blobs.
func shortened(requests []string) []string {
	for i, request := range requests {
		if strings.HasPrefix(request, "HEAD /v2/app/blobs/sha256:") {
			requests[i] = "HEAD blob"
		}
	}
	return requests
}

// The blobs of a new version are found in the repository.
func TestBuildOfAnotherVersionOnly(t *testing.T) {
	b := buildFirst(t, func(*oci.BuildOptions) {})
	b.opts.Version = "v2"
	build(t, b.opts)
	requests := b.takeRequests()
	assert.Len(t, requests, 4)
	assert.Equal(t, "GET /v2/app/manifests/v2", requests[0])
	assert.Equal(t, []string{"POST /v2/app/blobs/uploads/", "POST /v2/app/blobs/uploads/"}, requests[1:3], "both exist")
	assert.Equal(t, "PUT /v2/app/manifests/v2", requests[3])
}

func TestBuildOfOtherContent(t *testing.T) {
	b := buildFirst(t, func(*oci.BuildOptions) {})
	require.NoError(t, os.WriteFile(filepath.Join(b.opts.SourcePath, "cm.yaml"), []byte(configMap+"# changed\n"), 0o600))
	for _, cache := range []*oci.Cache{nil, new(oci.Cache)} {
		b.opts.Cache = cache
		second := build(t, b.opts)
		assert.False(t, second.Unchanged)
		assert.NotEqual(t, b.first.Artifact.ContentDigest, second.Artifact.ContentDigest)
		assert.NotEqual(t, b.first.Artifact.LayerDigest, second.Artifact.LayerDigest)
		_, err := pull(t, b.Host, "app", "v1")
		require.NoError(t, err)

		b.opts.Version = "v1" // as before, for the next round
		b.opts.Push.Force = true
		require.NoError(t, os.WriteFile(filepath.Join(b.opts.SourcePath, "cm.yaml"), []byte(configMap), 0o600))
		assert.Equal(t, b.first.Artifact, build(t, b.opts).Artifact)
		b.opts.Push.Force = false
		require.NoError(t, os.WriteFile(filepath.Join(b.opts.SourcePath, "cm.yaml"), []byte(configMap+"# changed\n"), 0o600))
	}
}

// countingFS counts how often each file is opened.
type countingFS struct {
	fs.FS
	mu     sync.Mutex
	opened map[string]int
}

func (c *countingFS) Open(name string) (fs.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened[name]++
	return c.FS.Open(name)
}

// A file is read once: packing hands its content to preflight.
func TestBuildReadsFilesOnce(t *testing.T) {
	b := buildFirst(t, func(o *oci.BuildOptions) { o.GitOpsEngine = oci.GitOpsEngineFlux })
	fsys := &countingFS{FS: fstest.MapFS{"a.yaml": {Data: []byte(strings.Replace(configMap, "settings", "a", 1))}, "b.json": {Data: []byte(`{"apiVersion": "v1", "kind": "A", "metadata": {"name": "b"}}`)}}}
	b.opts.Roots = []oci.Root{{Path: "base", FS: fsys}}
	b.opts.Cache = new(oci.Cache)
	for range 2 {
		b.opts.Version += "0"
		fsys.opened = map[string]int{}
		build(t, b.opts)
		assert.Equal(t, 1, fsys.opened["a.yaml"])
		assert.Equal(t, 1, fsys.opened["b.json"])
	}
}

// The memory that the parser allocates shows whether it ran: it is more than everything
// else once all files are compressed. It reads files with anchors.
func TestBuildWithACacheParsesOnce(t *testing.T) {
	b := buildFirst(t, func(o *oci.BuildOptions) {
		o.GitOpsEngine, o.Push.Force = oci.GitOpsEngineFlux, true
		anchored := strings.ReplaceAll(manyConfigMaps(), "data: {key: ", "data: {key: &value ")
		o.SourcePath = tree(t, map[string]string{"many.yaml": anchored})
	})
	taken := func() int64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		build(t, b.opts)
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc - before.TotalAlloc)
	}
	parsing := taken()
	b.opts.Preflight.Policy = oci.PreflightOff
	parsing -= taken()
	b.opts.Preflight.Policy, b.opts.Cache = "", new(oci.Cache)
	taken()
	again := taken()
	b.opts.Preflight.Policy = oci.PreflightOff
	again -= taken()
	assert.Less(t, again, parsing/4)
}

// A cache does not change the findings, from one build to the next.
func TestBuildWithACacheFindsTheSame(t *testing.T) {
	b := buildFirst(t, func(o *oci.BuildOptions) { o.GitOpsEngine, o.Cache = oci.GitOpsEngineFlux, new(oci.Cache) })
	second := filepath.Join(b.opts.SourcePath, "second.yaml")
	for i, tt := range []struct {
		name, text string
		refused    bool
	}{
		{"a duplicate object", configMap, true},
		{"again", configMap, true},
		{"another", strings.Replace(configMap, "settings", "other!!!", 1), false},
		{"of the same size, and no object", strings.Repeat("#", len(configMap)) + "\n-", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(second, []byte(tt.text), 0o600))
			b.opts.Version = fmt.Sprint("v1.0.", i)
			_, err := oci.Build(t.Context(), b.opts)
			if tt.refused {
				require.ErrorIs(t, err, oci.ErrPreflight)
				return
			}
			require.NoError(t, err)
		})
	}
}

// The level changes the layer, not the content.
func TestBuildCompressionLevel(t *testing.T) {
	fast := buildFirst(t, func(o *oci.BuildOptions) { o.Pack.Level = 1 }).first.Artifact
	small := buildFirst(t, func(o *oci.BuildOptions) { o.Pack.Level = 9 }).first.Artifact
	assert.Less(t, small.LayerSize, fast.LayerSize)
	assert.Equal(t, small.ContentDigest, fast.ContentDigest)
}

// Force packs, asks for every blob and sets every tag.
func TestBuildForced(t *testing.T) {
	b := buildFirst(t, func(*oci.BuildOptions) {})
	b.opts.Push.Force = true
	second := build(t, b.opts)
	assert.False(t, second.Unchanged)
	assert.Equal(t, b.first.Artifact, second.Artifact)
	assert.Equal(t, []string{
		"GET /v2/app/manifests/v1", "POST /v2/app/blobs/uploads/", "POST /v2/app/blobs/uploads/", "PUT /v2/app/manifests/v1",
	}, b.takeRequests())
}

// A conflict is found before anything is sent, and names the local digest.
func TestBuildImmutableTags(t *testing.T) {
	b := buildFirst(t, func(*oci.BuildOptions) {})
	b.opts.Push.ImmutableTags = true
	assert.True(t, build(t, b.opts).Unchanged, "the same is no conflict")
	b.takeRequests()

	require.NoError(t, os.WriteFile(filepath.Join(b.opts.SourcePath, "cm.yaml"), []byte(configMap+"# changed\n"), 0o600))
	_, err := oci.Build(t.Context(), b.opts)
	require.ErrorIs(t, err, oci.ErrRegistryTagConflict)
	assert.Equal(t, []string{"GET /v2/app/manifests/v1"}, b.takeRequests())

	b.opts.Push.ImmutableTags = false
	want := build(t, b.opts).Artifact.Digest
	assert.ErrorContains(t, err, fmt.Sprintf("v1 is %s, not %s", b.first.Artifact.Digest, want))
}

// A registry may have lost the blobs of a manifest that it still has. Then they are sent
// again.
func TestBuildWhenTheLayerIsLost(t *testing.T) {
	for name, tags := range map[string][]string{"the same again": nil, "a new tag": {"latest"}} {
		t.Run(name, func(t *testing.T) {
			b := buildFirst(t, func(*oci.BuildOptions) {})
			empty := memregistry.Handler(memregistry.Options{})
			// The server has the manifests of the first registry, none of its blobs, and
			// refuses a manifest that refers to a missing blob.
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/manifests/") {
					resp, err := http.Get("http://" + b.Host + r.URL.Path)
					if assert.NoError(t, err) {
						defer func() { assert.NoError(t, resp.Body.Close()) }()
						assert.NoError(t, passOn(w, resp))
					}
					return
				}
				empty.ServeHTTP(w, r)
			}))
			defer server.Close()
			b.opts.RegistryEndpoint, b.opts.Tags = server.URL, tags
			second := build(t, b.opts)
			assert.False(t, second.Unchanged)
			assert.Equal(t, b.first.Artifact.Digest, second.Artifact.Digest)
			resp, err := http.Head(server.URL + "/v2/app/blobs/" + second.Artifact.LayerDigest.String())
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, http.StatusOK, resp.StatusCode, "the layer is there again")

			assert.Equal(t, tags == nil, build(t, b.opts).Unchanged, "the manifest under the new tag is that of the first registry")
		})
	}
}

func passOn(w http.ResponseWriter, resp *http.Response) error {
	for key, values := range resp.Header {
		w.Header()[key] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, err := io.Copy(w, resp.Body)
	return err
}
