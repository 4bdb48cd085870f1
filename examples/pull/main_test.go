package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/examples/internal/usagetest"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

const (
	flatTree = "../../testdata/trees/flat"
	canary   = "c4nary-s3cret"
)

// start starts a registry with the flat tree, and counts its requests.
func start(t *testing.T) (host string, artifact oci.OCIArtifact, requests *atomic.Int32) {
	t.Helper()
	registry := memregistry.Handler(memregistry.Options{Users: map[string]memregistry.User{
		"writer": {Password: canary},
		"reader": {Password: canary, ReadOnly: true},
	}})
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		registry.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host = server.Listener.Addr().String()
	built, err := oci.Build(t.Context(), oci.BuildOptions{
		SourcePath: flatTree, RegistryEndpoint: host, Repository: "acme/shop", Version: "1.0.0", GitOpsEngine: oci.GitOpsEngineFlux,
		Username: "writer", Password: canary,
		Pack: oci.PackOptions{Annotations: map[string]string{"org.opencontainers.image.version": "1.0.0"}},
	})
	require.NoError(t, err)
	requests.Store(0)
	return host, built.Artifact, requests
}

func runPull(t *testing.T, environment map[string]string, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	nowhere := t.TempDir() // not the configuration of the user
	env := cli.Env{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Getenv: func(key string) string {
		if value, set := environment[key]; set || key != "DOCKER_CONFIG" {
			return value
		}
		return nowhere
	}}
	status = cli.Status(env, run(t.Context(), env, args))
	assert.NotContains(t, out.String()+errs.String(), canary)
	return status, out.String(), errs.String()
}

// requireTree asserts that dir has the files of the flat tree.
func requireTree(t *testing.T, dir string) {
	t.Helper()
	want, err := filepath.Glob(flatTree + "/*")
	require.NoError(t, err)
	require.NotEmpty(t, want)
	got, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for _, path := range want {
		expected, err := os.ReadFile(path)
		require.NoError(t, err)
		data, err := os.ReadFile(filepath.Join(dir, filepath.Base(path)))
		require.NoError(t, err)
		assert.Equal(t, expected, data)
	}
}

func TestPull(t *testing.T) {
	host, artifact, _ := start(t)
	config := t.TempDir()
	entry := base64.StdEncoding.EncodeToString([]byte("reader:" + canary))
	require.NoError(t, os.WriteFile(filepath.Join(config, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, entry), 0o600))
	for _, tt := range []struct{ name, ref string }{
		{"by tag", "oci://" + host + "/acme/shop:1.0.0"},
		{"by digest", "oci://" + host + "/acme/shop@" + artifact.Digest.String()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			status, stdout, stderr := runPull(t, nil, canary, "-ref", tt.ref, "-username", "reader", "-password-stdin", dir)
			require.Zero(t, status, stderr)
			requireTree(t, dir)
			assert.Contains(t, stdout, "manifest  "+artifact.Digest.String())
			assert.Contains(t, stderr, fmt.Sprintf("received %s, %d bytes\n", artifact.LayerDigest, artifact.LayerSize))
		})
		t.Run(tt.name+" in place", func(t *testing.T) {
			dir := t.TempDir()
			before, err := os.Stat(dir)
			require.NoError(t, err)
			status, _, stderr := runPull(t, nil, canary, "-ref", tt.ref, "-username", "reader", "-password-stdin", "-in-place", dir)
			require.Zero(t, status, stderr)
			requireTree(t, dir)
			after, err := os.Stat(dir)
			require.NoError(t, err)
			assert.True(t, os.SameFile(before, after))
		})
		t.Run(tt.name+" as JSON, with the Docker configuration", func(t *testing.T) {
			dir := t.TempDir() // it may exist if it is empty
			status, stdout, stderr := runPull(t, map[string]string{"DOCKER_CONFIG": config}, "", "-ref", tt.ref, "-json", dir)
			require.Zero(t, status, stderr)
			requireTree(t, dir)
			var got result
			require.NoError(t, json.Unmarshal([]byte(stdout), &got))
			assert.Equal(t, artifact.Digest, got.Digest)
			assert.Equal(t, artifact.LayerDigest, got.LayerDigest)
			assert.Equal(t, "1.0.0", got.Annotations["org.opencontainers.image.version"])
			assert.NotEmpty(t, got.Files)
		})
	}
}

// Another program may have pushed an artifact without files, whose list is no null.
func TestPullOfNoFilesAsJSON(t *testing.T) {
	host, _, _ := start(t)
	store := new(packager.Store)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	add := func(mediaType string, data []byte) ocispec.Descriptor {
		desc := content.NewDescriptorFromBytes(mediaType, data)
		require.NoError(t, store.Push(t.Context(), desc, bytes.NewReader(data)))
		return desc
	}
	manifest, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    add(ocispec.MediaTypeEmptyJSON, []byte("{}")),
		Layers:    []ocispec.Descriptor{add(ocispec.MediaTypeImageLayer, make([]byte, 1024))},
	})
	require.NoError(t, err)
	credential := registry.Credential{Username: "writer", Password: canary}
	client, err := registry.NewClient(host, registry.Options{Credential: credential})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	_, err = client.Push(t.Context(), store, add(ocispec.MediaTypeImageManifest, manifest), "acme/none", []string{"1.0.0"}, registry.PushOptions{})
	require.NoError(t, err)

	dir := t.TempDir()
	status, stdout, stderr := runPull(t, nil, canary, "-ref", "oci://"+host+"/acme/none:1.0.0", "-username", "reader", "-password-stdin", "-json", dir)
	require.Zero(t, status, stderr)
	assert.Contains(t, stdout, `"files": []`)
}

func TestPullFails(t *testing.T) {
	host, _, _ := start(t)
	ref := "oci://" + host + "/acme/shop:1.0.0"
	dir := filepath.Join(t.TempDir(), "shop")
	credential := []string{"-username", "reader", "-password-stdin"}
	for _, tt := range []struct {
		name, stdin string
		args        []string
		status      int
		stderr      string
	}{
		{"missing tag", canary, append(credential, "-ref", "oci://"+host+"/acme/shop:2.0.0", dir), 1, "not found in the registry"},
		{"wrong password", "wrong", append(credential, "-ref", ref, dir), 1, "registry denies access"},
		{"no credential", "", []string{"-ref", ref, dir}, 1, "hint: set -username and -password-stdin"},
		{"no reference", "", []string{dir}, 2, "-ref is missing"},
		{"reference without a tag", "", []string{"-ref", "oci://" + host + "/acme/shop", dir}, 2, "want a tag or digest"},
		{"illegal reference", "", []string{"-ref", "shop", dir}, 2, "invalid OCI scheme"},
		{"no directory", "", []string{"-ref", ref}, 2, "want the directory"},
		{"two directories", "", []string{"-ref", ref, dir, dir}, 2, "unexpected argument 2"},
		{"zero timeout", "", []string{"-ref", ref, "-timeout", "0s", dir}, 2, "-timeout: 0s must be positive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := runPull(t, nil, tt.stdin, tt.args...)
			assert.Equal(t, tt.status, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, tt.stderr)
			assert.NoDirExists(t, dir)
		})
	}
}

// A terminal without input must not block the program.
func TestTimeoutWhileReadingThePassword(t *testing.T) {
	reader, writer := io.Pipe()
	t.Cleanup(func() { require.NoError(t, writer.Close()) })
	env := cli.Env{Stdin: reader, Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := run(ctx, env, []string{"-ref", "oci://localhost:1/shop:1", "-username", "u", "-password-stdin", "-timeout", "50ms", filepath.Join(t.TempDir(), "shop")})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, ctx.Err())
}

// A directory that cannot receive the files costs no request, and nothing is left beside it.
func TestPullChecksTheDirectoryFirst(t *testing.T) {
	host, _, requests := start(t)
	parent := t.TempDir()
	file := filepath.Join(parent, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, tt := range []struct {
		name, dir string
		flags     []string
		stderr    string
	}{
		{"full", flatTree, nil, "hint: name a directory that is empty or does not exist"},
		{"file", file, nil, "hint: name a directory that is empty or does not exist"},
		{"missing parent", filepath.Join(parent, "a", "b"), nil, "hint: create the parent directory of the target or, with -in-place, the target"},
		{"parent is a file", filepath.Join(file, "a"), nil, "not a directory"},
		{"missing, in place", filepath.Join(parent, "a"), []string{"-in-place"}, "hint: create the parent directory of the target or, with -in-place, the target"},
		{"file, in place", file, []string{"-in-place"}, "not a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, stderr := runPull(t, nil, "", append(tt.flags, "-ref", "oci://"+host+"/acme/shop:1.0.0", tt.dir)...)
			assert.Equal(t, 1, status)
			assert.Contains(t, stderr, tt.stderr)
			assert.Zero(t, requests.Load())
		})
	}
	left, err := os.ReadDir(parent)
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := runPull(t, nil, "", "-h")
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	for _, text := range []string{"go run ./examples/pull -ref", "-password-stdin", "-ca-file", "-skip-links"} {
		assert.Contains(t, stdout, text)
	}
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "pull", run)
}
