package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

const (
	flatTree = "../../testdata/trees/flat"
	canary   = "c4nary-s3cret"
	// configMap is a manifest that both engines render.
	configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"
)

// outcome is the visible result of a run.
type outcome struct {
	status         int
	stdout, stderr string
}

func push(t *testing.T, stdin string, environment map[string]string, args ...string) outcome {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // not that of the user
	t.Setenv("USERPROFILE", os.Getenv("HOME"))
	var stdout, stderr bytes.Buffer
	env := cli.Env{
		Stdin:  strings.NewReader(stdin),
		Stdout: &stdout,
		Stderr: &stderr,
		Getenv: func(key string) string { return environment[key] },
	}
	status := cli.Status(env, run(t.Context(), env, args))
	return outcome{status, stdout.String(), stderr.String()}
}

func (o outcome) result(t *testing.T) oci.BuildResult {
	t.Helper()
	require.Zero(t, o.status, o.stderr)
	var result oci.BuildResult
	decoder := json.NewDecoder(strings.NewReader(o.stdout))
	require.NoError(t, decoder.Decode(&result))
	assert.False(t, decoder.More(), "standard output has more than the result")
	return result
}

func startRegistry(t *testing.T, users map[string]memregistry.User) string {
	t.Helper()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{Users: users}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestPushWithoutFlagsReadsBack(t *testing.T) {
	t.Chdir("../..")
	o := push(t, "", nil)
	require.Zero(t, o.status, o.stderr)
	for _, want := range []string{
		"pushed    oci://127.0.0.1:", "/flat:latest\n", "manifest  sha256:", "layer     sha256:", "content   sha256:",
		"Flux      path: ./flat\n", "Argo CD   path: flat\n", "Read back from the registry:\n",
	} {
		assert.Contains(t, o.stdout, want)
	}
	entries, err := os.ReadDir("testdata/trees/flat")
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Contains(t, o.stdout, fmt.Sprintf("%q", entry.Name()))
		assert.Contains(t, o.stdout, fmt.Sprintf("%q", "flat/"+entry.Name()))
	}
	assert.Contains(t, o.stderr, "collected 6 files")
	assert.Contains(t, o.stderr, "set tag latest")
}

// A tree is read back whatever its size: 33 MiB make an archive of more than the default of
// unpacker.UnpackFS.
func TestPushOfALargeTreeReadsBack(t *testing.T) {
	dir := t.TempDir()
	text := configMap + strings.Repeat("# "+strings.Repeat("x", 1022)+"\n", 33<<10)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.yaml"), []byte(text), 0o600))
	result := push(t, "", nil, "-json", "-preflight", "off", "-prefix", "app", dir).result(t)
	assert.Greater(t, result.Artifact.ContentSize, int64(64<<20))
}

func TestJSONIsTheOnlyOutput(t *testing.T) {
	result := push(t, "", nil, "-json", "-engine", "flux", flatTree).result(t)
	assert.Equal(t, "flat", result.Artifact.Repository)
	assert.Equal(t, oci.EnginePaths{Flux: "./", ArgoCD: "."}, result.Artifact.Paths)
	assert.Len(t, result.Files, 6)
}

func TestLevel(t *testing.T) {
	const tree = "../../testdata/trees/multidoc"
	fast := push(t, "", nil, "-json", "-level", "1", tree).result(t).Artifact
	small := push(t, "", nil, "-json", "-level", "9", tree).result(t).Artifact
	assert.Less(t, small.LayerSize, fast.LayerSize)

	o := push(t, "", nil, "-level", "10", tree)
	assert.Equal(t, 2, o.status)
	assert.Contains(t, o.stderr, "error: invalid compression level: 10 is not from 1 to 9")
}

func TestPushToARegistry(t *testing.T) {
	host := startRegistry(t, map[string]memregistry.User{"user": {Password: canary}})
	args := []string{
		"-ref", "oci://" + host + "/acme/shop:1.0.0", "-username", "user", "-password-stdin",
		"-tag", "1.0", "-tag", "latest", "-annotation", "org.opencontainers.image.revision=a=b", "-json", flatTree,
	}
	o := push(t, canary+"\n", nil, args...)
	result := o.result(t)
	assert.Equal(t, "oci://"+host+"/acme/shop:1.0.0", result.Artifact.Reference)
	assert.Equal(t, []string{"1.0.0", "1.0", "latest"}, result.Tags)
	assert.False(t, result.Unchanged)
	assert.NotContains(t, o.stdout+o.stderr, canary)
	assert.Equal(t, "a=b", annotations(t, result.Artifact)["org.opencontainers.image.revision"])

	again := push(t, canary, nil, args...)
	assert.True(t, again.result(t).Unchanged)
	assert.Contains(t, again.stderr, "unchanged: tag ")

	o = push(t, "wrong", nil, args...)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, "error: push to "+host+"/acme/shop: registry denies access: status 401")
	assert.Contains(t, o.stderr, "hint: check -username and -password-stdin")
}

// The second process remembers the layer and the findings.
func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	args := []string{"-ref", "oci://" + startRegistry(t, nil) + "/shop:1.0.0", "-cache", dir, "-json", flatTree}
	first := push(t, "", nil, args...).result(t)
	kept, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Len(t, kept, 2)
	second := push(t, "", nil, args...).result(t)
	assert.True(t, second.Unchanged)
	assert.Equal(t, first.Artifact, second.Artifact)
	assert.Equal(t, first.Findings, second.Findings)

	shared := t.TempDir()
	require.NoError(t, os.Chmod(shared, 0o777))
	o := push(t, "", nil, "-cache", shared, flatTree)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, "error: invalid cache directory")
	assert.Contains(t, o.stderr, "hint: set -cache to a directory that belongs to the user")
}

// annotations returns the annotations of an artifact in the registry.
func annotations(t *testing.T, artifact oci.OCIArtifact) map[string]string {
	t.Helper()
	client, err := registry.NewClient(artifact.RegistryEndpoint, registry.Options{
		Credential: registry.Credential{Username: "user", Password: canary},
	})
	require.NoError(t, err)
	defer client.Close()
	store := new(packager.Store)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	desc, err := client.Pull(t.Context(), artifact.Repository, artifact.Digest.String(), store, registry.PullOptions{})
	require.NoError(t, err)
	data, err := content.FetchAll(t.Context(), store, desc)
	require.NoError(t, err)
	var manifest ocispec.Manifest
	require.NoError(t, json.Unmarshal(data, &manifest))
	return manifest.Annotations
}

func TestDockerConfigurationIsUsed(t *testing.T) {
	host := startRegistry(t, map[string]memregistry.User{"user": {Password: canary}})
	dir := t.TempDir()
	config := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte("user:"+canary)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600))
	args := []string{"-ref", "oci://" + host + "/shop:1", "-json", flatTree}

	push(t, "", map[string]string{"DOCKER_CONFIG": dir}, args...).result(t)

	o := push(t, "", nil, args...)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, "registry requires authentication")
}

func TestCreationTime(t *testing.T) {
	for _, tt := range []struct {
		name, epoch string
		args        []string
		want        string
	}{
		{"the epoch", "", nil, "1970-01-01T00:00:00Z"},
		{"SOURCE_DATE_EPOCH", "1700000000", nil, "2023-11-14T22:13:20Z"},
		{"flag and SOURCE_DATE_EPOCH", "1700000000", []string{"-created", "2020-02-02T02:02:02+01:00"}, "2020-02-02T01:02:02Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, "", map[string]string{"SOURCE_DATE_EPOCH": tt.epoch}, append(tt.args, flatTree)...)
			require.Zero(t, o.status, o.stderr)
			assert.Contains(t, o.stdout, "created   "+tt.want+"\n")
		})
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(memregistry.Handler(memregistry.Options{}))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, block, 0o600))
	ref := "oci://" + server.Listener.Addr().String() + "/shop:1"

	push(t, "", nil, "-json", "-ref", ref, "-ca-file", ca, flatTree).result(t)
	push(t, "", nil, "-json", "-ref", ref, "-insecure-skip-verify", flatTree).result(t)

	o := push(t, "", nil, "-ref", ref, "-plain-http=false", flatTree)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, "certificate")
	assert.Contains(t, o.stderr, "hint: add the certificate authority")
	o = push(t, "", nil, "-ref", ref, flatTree)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, "the port may expect TLS")
}

func TestSourceURLAndRevision(t *testing.T) {
	host := startRegistry(t, nil)
	const revision = "main@sha1:5b1e2c3d4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c"
	result := push(t, "", nil, "-ref", "oci://"+host+"/shop:1", "-json", "-source-url", "https://u:"+canary+"@git.example.com/shop",
		"-revision", revision, flatTree).result(t)
	got := annotations(t, result.Artifact)
	assert.Equal(t, "https://git.example.com/shop", got[ocispec.AnnotationSource])
	assert.Equal(t, revision, got[ocispec.AnnotationRevision])
}

func TestTimeout(t *testing.T) {
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-released:
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(released) })
	o := push(t, "", nil, "-ref", "oci://"+server.Listener.Addr().String()+"/shop:1", "-timeout", "50ms", flatTree)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, "context deadline exceeded; no response to GET of a manifest\nhint: raise -timeout, or")
}

// A terminal without input must not block the program.
func TestTimeoutWhileReadingThePassword(t *testing.T) {
	reader, writer := io.Pipe()
	t.Cleanup(func() { require.NoError(t, writer.Close()) })
	var stdout, stderr bytes.Buffer
	env := cli.Env{Stdin: reader, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
	err := run(t.Context(), env, []string{
		"-ref", "oci://localhost:1/shop:1", "-username", "u", "-password-stdin", "-timeout", "50ms", flatTree,
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
