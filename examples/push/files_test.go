package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
)

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
				assert.Contains(t, o.stderr, "and -recurse, or set -path to the directory that the engine renders, such as a")
			}
		})
	}
}

func TestEmptyFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.yaml", "b.yaml", "c.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	for _, tt := range []struct {
		engine string
		want   []string
	}{
		{"flux", []string{"a.yaml\n  -  info  empty-file", "b.yaml\n  -  info  empty-file", "c.json\n  -  info  empty-file", "error  nothing-rendered  Flux renders nothing"}},
		{"argocd", []string{"a.yaml\n  -  info  empty-file", "b.yaml\n  -  info  empty-file", "c.json\n  -  error  empty-file  Argo CD refuses a JSON file without a value"}},
	} {
		o := push(t, "", nil, "-engine", tt.engine, dir)
		assert.Equal(t, 1, o.status)
		for _, want := range tt.want {
			assert.Contains(t, o.stderr, want)
		}
	}
	assert.Len(t, push(t, "", nil, "-json", "-engine", "flux", "-preflight", "off", dir).result(t).Files, 3)
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
