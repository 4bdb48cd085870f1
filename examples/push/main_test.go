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
	"github.com/kubeoci/oci/examples/internal/usagetest"
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

func TestSkippedFilesAreShown(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.yaml", "b.txt", "c.env"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(configMap), 0o600))
	}
	o := push(t, "", nil, "-include", "*.env", dir)
	require.Zero(t, o.status, o.stderr)
	assert.Contains(t, o.stdout, `skipped   "b.txt" (extension)`)
	assert.NotContains(t, o.stdout, `skipped   "c.env"`)
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
	assert.Contains(t, o.stderr, "not an OCI registry, or expects TLS")
}

func TestHelp(t *testing.T) {
	o := push(t, "", nil, "-h")
	assert.Zero(t, o.status)
	assert.Empty(t, o.stderr)
	for _, want := range []string{"go run ./examples/push", "-ref oci://", "-password-stdin"} {
		assert.Contains(t, o.stdout, want)
	}
}

func TestWrongUsage(t *testing.T) {
	const ref = "-ref=oci://localhost:1/shop:1"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown flag", []string{"-colour"}, "flag provided but not defined: -colour"},
		{"two directories", []string{"a", "b"}, "unexpected argument 2: flags come first"},
		{"flag after the directory", []string{flatTree, "-json"}, "unexpected argument 2"},
		{"unknown engine", []string{"-engine", "jenkins"}, "-engine: unknown GitOps engine"},
		{"invalid time", []string{"-created", "yesterday"}, `-created: "yesterday"`},
		{"annotation without a value", []string{"-annotation", "key"}, "want key=value"},
		{"duplicate annotation", []string{"-annotation", "k=1", "-annotation", "k=2"}, `duplicate key "k"`},
		{"zero timeout", []string{"-timeout", "0s"}, "-timeout"},
		{"digest as the destination", []string{"-ref", "oci://localhost/shop@sha256:" + strings.Repeat("0", 64)}, "want a tag, not a digest"},
		{"no tag", []string{"-ref", "oci://localhost/shop"}, "add the tag"},
		{"no scheme", []string{"-ref", "localhost:1/shop:1", flatTree}, "hint: write oci:// in front"},
		{"password in the reference", []string{"-ref", "oci://u:" + canary + "@host/shop:1"}, "credentials do not belong in a reference"},
		{"password as a value", []string{ref, "-username", "u", "-password-stdin=" + canary, flatTree}, "-password-stdin takes no value"},
		{"password as an argument", []string{ref, "-username", "u", "-password-stdin", canary, flatTree}, "unexpected argument 2"},
		{"user without a password", []string{ref, "-username", "u", flatTree}, "go together"},
		{"password without a user", []string{ref, "-password-stdin", flatTree}, "go together"},
		{"empty password", []string{ref, "-username", "u", "-password-stdin", flatTree}, "no password"},
		{"plain HTTP with a certificate", []string{ref, "-plain-http", "-ca-file", "ca.pem", flatTree}, "contradict"},
		{"no directory", []string{ref}, "want the directory to push"},
		{"empty reference", []string{"-ref", "", flatTree}, "-ref is empty: is a variable not set?"},
		{"empty directory name", []string{""}, "an argument is empty: is a variable not set?"},
		{"reference without -ref", []string{"oci://u:" + canary + "@host/shop:1"}, "write it after -ref"},
		{"URL as an annotation", []string{"-annotation", "https://u:" + canary + "@host"}, "want key=value"},
		{"zero time", []string{"-created", "0001-01-01T00:00:00Z", flatTree}, "-created"},
		{"illegal tag", []string{"-tag", "a+b", flatTree}, `hint: write "a-b"`},
		{"illegal pattern", []string{"-include", "a/b", flatTree}, "invalid include pattern"},
		{"illegal root", []string{"-root", "base", flatTree}, "base=../base"},
		{"root outside the tree", []string{"-root", "../x=" + flatTree, flatTree}, "cannot be carried"},
		{"illegal prefix", []string{"-prefix", "a/b", flatTree}, "invalid prefix"},
		{"reserved annotation", []string{"-annotation", "org.opencontainers.image.title=x", flatTree}, "Name sets it"},
		{"plain HTTP credentials over TLS", []string{ref, "-plain-http-credentials", "-insecure-skip-verify", flatTree}, "contradict"},
		{"unknown layout", []string{"-layout", "top", flatTree}, "-layout: unknown layout"},
		{"illegal revision", []string{"-revision", "a b", flatTree}, "hint: set -revision as Flux writes it"},
		{"path outside the tree", []string{"-path", "../x", flatTree}, "invalid path"},
		{"connection flag without a registry", []string{"-plain-http"}, "-plain-http needs -ref"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, "", nil, tt.args...)
			assert.Equal(t, 2, o.status)
			assert.Contains(t, o.stderr, tt.want)
			assert.NotContains(t, o.stderr, canary)
			assert.Empty(t, o.stdout)
		})
	}
	o := push(t, "", map[string]string{"SOURCE_DATE_EPOCH": "soon"}, flatTree)
	assert.Equal(t, 2, o.status)
	assert.Contains(t, o.stderr, "SOURCE_DATE_EPOCH")
}

func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"missing directory", []string{"no-such"}, `error: source path does not exist: "no-such"`},
		{"missing certificates", []string{"-ref", "oci://localhost:1/shop:1", "-ca-file", "no-such.pem", flatTree}, "no-such.pem"},
		{"file without certificates", []string{"-ref", "oci://localhost:1/shop:1", "-ca-file", "main.go", flatTree}, "no certificate in PEM form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, "", nil, tt.args...)
			assert.Equal(t, 1, o.status)
			assert.Contains(t, o.stderr, tt.want)
			assert.NotContains(t, o.stderr, canary)
			assert.Empty(t, o.stdout)
		})
	}
}

func TestLayout(t *testing.T) {
	for _, tt := range []struct {
		name  string
		args  []string
		want  oci.EnginePaths
		files int
	}{
		{"default for both engines", nil, oci.EnginePaths{Flux: "./flat", ArgoCD: "flat"}, 12},
		{"root for both engines", []string{"-layout", "root"}, oci.EnginePaths{Flux: "./", ArgoCD: "."}, 6},
		{"prefix for Flux", []string{"-engine", "flux", "-layout", "prefix"}, oci.EnginePaths{Flux: "./flat", ArgoCD: "flat"}, 6},
		{"prefix with a name", []string{"-engine", "argocd", "-prefix", "deploy"}, oci.EnginePaths{Flux: "./deploy", ArgoCD: "deploy"}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := push(t, "", nil, append(tt.args, "-json", flatTree)...).result(t)
			assert.Equal(t, tt.want, result.Artifact.Paths)
			assert.Len(t, result.Files, tt.files)
		})
	}
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

func TestPathAndRecurse(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "a"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "app.yaml"), []byte(configMap), 0o600))
	for _, tt := range []struct {
		name   string
		args   []string
		status int
	}{
		{"only in a subdirectory", nil, 1},
		{"path of it", []string{"-path", "a"}, 0},
		{"recursion", []string{"-recurse"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, "", nil, append(tt.args, "-engine", "argocd", dir)...)
			assert.Equal(t, tt.status, o.status, o.stderr)
			if tt.status != 0 {
				assert.Contains(t, o.stderr, "and -recurse, set -path to a subdirectory")
			}
		})
	}
}

func TestEmptyFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty.yaml"), nil, 0o600))
	o := push(t, "", nil, dir)
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.stderr, `error: file is empty: "empty.yaml"`)
	assert.Len(t, push(t, "", nil, "-json", "-engine", "flux", "-preflight", "off", "-allow-empty-files", dir).result(t).Files, 1)
}

func TestPreflight(t *testing.T) {
	dir := t.TempDir()
	secret := "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  key: " + canary + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret.yaml"), []byte(secret), 0o600))
	const finding = "secret.yaml\n  "
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		found  bool
	}{
		{"reported", nil, 0, true},
		{"enforced", []string{"-preflight", "enforce"}, 1, true},
		{"off", []string{"-preflight", "off"}, 0, false},
		{"unknown", []string{"-preflight", "maybe"}, 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, "", nil, append(tt.args, "-engine", "flux", dir)...)
			assert.Equal(t, tt.status, o.status, o.stderr)
			assert.Equal(t, tt.found, strings.Contains(o.stderr, finding) && strings.Contains(o.stderr, "plaintext-secret"), o.stderr)
			assert.NotContains(t, o.stdout+o.stderr, canary)
		})
	}
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
	assert.Contains(t, o.stderr, "context deadline exceeded\nhint: raise -timeout, or")
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

func TestGeneratorInputsAreIncluded(t *testing.T) {
	args := []string{"-json", "-engine", "flux", "../../testdata/trees/kustomize"}
	result := push(t, "", nil, args...).result(t)
	assert.Contains(t, result.Files, "base/app.properties")
	assert.Contains(t, result.Files, "overlays/production/production.env")
	assert.Len(t, result.Skipped, 1)
}

func TestIgnoreSkips(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.yaml", "b.yaml", ".sops.yaml", ".drone.yml"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(configMap), 0o600))
	}
	args := []string{"-engine", "argocd", "-prefix", "app", "-ignore", "b.*", "-ignore", "!.drone.yml", "-ignore-flux-defaults", dir}
	o := push(t, "", nil, args...)
	require.Zero(t, o.status, o.stderr)
	assert.Contains(t, o.stdout, `skipped   "b.yaml" (ignored by "b.*", options)`)
	assert.Contains(t, o.stdout, `skipped   ".sops.yaml" (ignored by "**/.sops.yaml", flux-defaults)`)
	assert.NotContains(t, o.stdout, `skipped   ".drone.yml"`)
	assert.Equal(t, 2, push(t, "", nil, "-ignore", "[a", flatTree).status)
}

func TestSymlinks(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(configMap), 0o600))
	require.NoError(t, os.Symlink("missing", filepath.Join(dir, "b.yaml")))
	for policy, want := range map[string]int{"follow": 1, "skip": 0, "refuse": 1, "files": 1, "keep": 2} {
		o := push(t, "", nil, "-prefix", "app", "-symlinks", policy, dir)
		assert.Equal(t, want, o.status, "%s: %s", policy, o.stderr)
		if policy == "skip" {
			assert.Contains(t, o.stdout, `skipped   "b.yaml" (symlink-dangling)`)
		}
	}
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "push", run)
}
