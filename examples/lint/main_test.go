package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/examples/internal/usagetest"
)

const object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"

func lint(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := cli.Env{Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}
	status = cli.Status(env, run(t.Context(), env, args))
	return status, out.String(), errs.String()
}

// shop returns a directory of that name with two faulty files.
func shop(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	for name, text := range map[string]string{"app.yaml": object, "values.yaml": "a: 1\n", "a/app.yaml": object, "b.properties": "a=1\n", "b/b.yaml": "# later\n"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestLint(t *testing.T) {
	status, stdout, stderr := lint(t, "-engine", "flux", "-target-namespace", "shop", shop(t))
	assert.Equal(t, 1, status)
	assert.Equal(t, `app.yaml
  1:1  error  duplicate-object  Flux refuses the ConfigMap "app": it is defined here and at a/app.yaml:1

values.yaml
  1:1  error  not-an-object  Flux refuses a document that is not a Kubernetes object

hints
  duplicate-object: keep one of them
  not-an-object: exclude it with -ignore, or add a kustomization.yaml that lists the manifests

files: 4, errors: 2, warnings: 0, infos: 0
`, stdout)
	assert.Equal(t, "error: there are findings of severity error\n", stderr)
}

func TestLintStatus(t *testing.T) {
	dir, empty := shop(t), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(empty, "app.yaml"), []byte(object), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(empty, "empty.yaml"), nil, 0o600))
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		stdout string
		stderr string
	}{
		{"warnings", []string{"-engine", "argocd", dir}, 0, "the artifact\n  -  warning  subfolders", ""},
		{"infos only hidden", []string{"-engine", "argocd", "-min", "error", dir}, 0, "files: 4, errors: 0, warnings: 1, infos: 1\n", ""},
		{"both engines", []string{dir}, 0, "warnings: 3, infos: 1", ""},
		{"without a path", []string{"-engine", "flux", "-prefix", "x", filepath.Join(dir, "b")}, 1, `nothing at the path "./"`, ""},
		{"path", []string{"-engine", "flux", "-target-namespace", "shop", "-path", "a", dir}, 0, "files: 4, errors: 0, warnings: 0, infos: 0\n", ""},
		{"two paths", []string{"-engine", "flux", "-target-namespace", "shop", "-path", "a", "-path", "a/", dir}, 0, "files: 4, errors: 0, warnings: 0, infos: 0\n", ""},
		{"two paths and one is missing", []string{"-engine", "flux", "-target-namespace", "shop", "-path", "a", "-path", "c", dir}, 1, `no directory "./c"`, ""},
		{"missing path", []string{"-engine", "flux", "-path", "c", dir}, 1, "path-missing", ""},
		{"path below a prefix", []string{"-engine", "argocd", "-prefix", "x", "-path", "a", dir}, 0, "warnings: 0", ""},
		{"further files", []string{"-engine", "argocd", "-include", "*.properties", dir}, 0, "files: 5", ""},
		{"further root", []string{"-engine", "flux", "-path", "a", "-root", "more/=" + filepath.Join(dir, "a"), dir}, 0, "files: 5", ""},
		{"ignored files", []string{"-engine", "flux", "-path", "a", "-ignore", "/b/", dir}, 0, "files: 3", ""},
		{"tag", []string{"-engine", "argocd", "-tag", "1.0.0_1", dir}, 0, "warning  tag", ""},
		{"illegal tag", []string{"-tag", "1.0.0+1", dir}, 2, "", `hint: write "1.0.0"`},
		{"illegal severity", []string{"-min", "errors", dir}, 2, "", "hint: set -min to info, warning or error"},
		{"trees without a directory", []string{"-root", "a=" + filepath.Join(dir, "a"), "-root", "b=" + filepath.Join(dir, "b"), "-path", "a"}, 0, "errors: 0", ""},
		{"empty file", []string{"-engine", "flux", empty}, 0, "empty.yaml\n  -  info  empty-file  the file is empty\n", ""},
		{"root for both engines", []string{"-layout", "root", dir}, 0, `subdirectories of its path "."`, ""},
		{"recursion", []string{"-engine", "argocd", "-layout", "root", "-recurse", dir}, 0, "warning  duplicate-object  Argo CD finds", ""},
		{"invalid layout", []string{"-layout", "top", dir}, 2, "", "-layout: unknown layout"},
		{"no namespace", []string{"-engine", "flux", "-path", "a", dir}, 0, "and -target-namespace here", ""},
		{"invalid namespace", []string{"-target-namespace", "A", dir}, 2, "", "-target-namespace: invalid namespace"},
		{"invalid path", []string{"-path", "../x", dir}, 2, "", "-path: invalid path"},
		{"no directory", nil, 2, "", "want the directory"},
		{"two directories", []string{dir, dir}, 2, "", "unexpected argument 2"},
		{"invalid engine", []string{"-engine", "helm", dir}, 2, "", "unknown GitOps engine"},
		{"invalid severity", []string{"-min", "fatal", dir}, 2, "", "unknown severity"},
		{"invalid pattern", []string{"-include", "[", dir}, 2, "", "-include"},
		{"invalid rule", []string{"-ignore", "[", dir}, 2, "", "-ignore"},
		{"invalid policy", []string{"-symlinks", "no", dir}, 2, "", "-symlinks"},
		{"root without a name", []string{"-root", dir, dir}, 2, "", "base=../base"},
		{"root outside the tree", []string{"-root", "../x=" + dir, dir}, 2, "", "-root: "},
		{"illegal prefix", []string{"-prefix", "a/b", dir}, 2, "", "-prefix: invalid prefix"},
		{"prefix that is not used", []string{"-engine", "flux", "-prefix", "a/b", "-path", "a", dir}, 0, "errors: 0", ""},
		{"missing root", []string{"-root", "x=" + filepath.Join(dir, "none"), dir}, 1, "", "source path does not exist"},
		{"missing directory", []string{filepath.Join(dir, "none")}, 1, "", "source path does not exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := lint(t, tt.args...)
			assert.Equal(t, tt.status, status)
			assert.Contains(t, stdout, tt.stdout)
			assert.Contains(t, stderr, tt.stderr)
		})
	}
}

func TestLintAsJSON(t *testing.T) {
	status, stdout, _ := lint(t, "-engine", "argocd", "-json", "-min", "warning", shop(t))
	assert.Equal(t, 0, status)
	var out struct {
		Findings []struct{ Code, Severity, Engine, Message, Hint string }
		Summary  summary
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &out))
	require.Len(t, out.Findings, 1)
	assert.Equal(t, "subfolders", out.Findings[0].Code)
	assert.Equal(t, "warning", out.Findings[0].Severity)
	assert.Equal(t, "ArgoCD", out.Findings[0].Engine)
	assert.Equal(t, summary{Files: 4, Warnings: 1, Infos: 1}, out.Summary)

	_, stdout, _ = lint(t, "-engine", "flux", "-target-namespace", "shop", "-json", "-path", "a", shop(t))
	assert.Contains(t, stdout, `"findings": []`)
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "lint", run)
}
