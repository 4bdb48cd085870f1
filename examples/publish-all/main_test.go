package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/examples/internal/usagetest"
	"github.com/kubeoci/oci/internal/memregistry"
)

func publishAll(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // not that of the user
	t.Setenv("USERPROFILE", os.Getenv("HOME"))
	var out, errs bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}
	status = cli.Status(env, run(t.Context(), env, args))
	return status, out.String(), errs.String()
}

func TestPublishAll(t *testing.T) {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	t.Cleanup(server.Close)
	ref := "oci://" + server.Listener.Addr().String() + "/fleet:1.0.0"
	dir := t.TempDir()
	for _, name := range []string{"apps/web", "apps/db", "apps/empty"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o700))
	}
	for _, name := range []string{"web", "db"} {
		text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: shop}\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "apps", name, "cm.yaml"), []byte(text), 0o600))
	}
	for _, tt := range []struct {
		name           string
		args           []string
		status         int
		stdout, stderr string
	}{
		{"two", []string{"-ref", ref, "-tag", "latest", dir, "apps/web", "apps/db"}, 0, "2 pushed, 0 unchanged, 0 failed, 0 cancelled\n", ""},
		{"again", []string{"-ref", ref, "-assume-blobs", dir, "apps/*b"}, 0, "unchanged  " + strings.Replace(ref, ":1.0.0", "/apps/web:1.0.0", 1) + "  sha256:", ""},
		{"one that fails", []string{"-ref", ref, dir, "apps/*"}, 1, "0 pushed, 2 unchanged, 1 failed, 0 cancelled\n", "error: build 1 (fleet/apps/empty:1.0.0): no manifest files"},
		{"fail fast", []string{"-ref", ref, "-fail-fast", "-parallel", "1", dir, "apps/*"}, 1, "0 pushed, 1 unchanged, 1 failed, 1 cancelled\n", "hint: check that this is the right directory\nerror: 1 of 3 builds failed\n"},
		{"all of them fail", []string{"-ref", ref, dir, "apps/empty"}, 1, "0 pushed, 0 unchanged, 1 failed, 0 cancelled\n", "error: 1 of 1 builds failed\n"},
		{"illegal tag", []string{"-ref", ref, "-tag", "a b", dir, "apps/*"}, 2, "", "error: -tag: invalid tag \"a b\""},
		{"no match", []string{"-ref", ref, dir, "tools/*"}, 1, "", `no directory matches the pattern: "tools/*"`},
		{"illegal pattern", []string{"-ref", ref, dir, "apps/["}, 2, "", "error: invalid pattern for directories"},
		{"no pattern", []string{"-ref", ref, dir}, 2, "", "want a directory and patterns"},
		{"no directory", []string{"-ref", ref}, 2, "", "want a directory and patterns"},
		{"no tag", []string{"-ref", "oci://localhost/fleet", dir, "*"}, 2, "", "-ref: want a tag"},
		{"illegal reference", []string{"-ref", "fleet", dir, "*"}, 2, "", "-ref: "},
		{"layout", []string{"-layout", "x"}, 2, "", "-layout: "},
		{"parallel", []string{"-parallel", "-1"}, 2, "", "-parallel: -1 is negative"},
		{"timeout", []string{"-timeout", "0s"}, 2, "", "-timeout: 0s must be positive"},
		{"credential without a registry", []string{"-plain-http"}, 2, "", "-plain-http needs -ref"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := publishAll(t, tt.args...)
			assert.Equal(t, tt.status, status, stderr)
			assert.Contains(t, stdout, tt.stdout)
			assert.Contains(t, stderr, tt.stderr)
		})
	}
	t.Run("findings", func(t *testing.T) {
		secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: web, namespace: shop}\nstringData: {a: b}\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "apps", "web", "secret.yaml"), []byte(secret), 0o600))
		_, stdout, _ := publishAll(t, "-ref", ref, dir, "apps/web")
		assert.Regexp(t, "^built      .*  1 warning\n", stdout)
	})
	t.Run("hint for an option without a flag", func(t *testing.T) {
		link := filepath.Join(dir, "apps", "web", "link.yaml")
		if err := os.Symlink("gone.yaml", link); err != nil {
			t.Skip("no symbolic links: ", err)
		}
		_, _, stderr := publishAll(t, "-ref", ref, dir, "apps/web")
		assert.Contains(t, stderr, "Collect.Symlinks to skip (an option of the library without a flag: Collect.Symlinks)")
		require.NoError(t, os.Remove(link))
	})
	status, stdout, _ := publishAll(t, "-ref", ref, "-json", dir, "apps/*")
	assert.Equal(t, 1, status)
	var report struct {
		Unchanged int
		Outcomes  []struct{ Repository, Status, Error string }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.Equal(t, 2, report.Unchanged)
	assert.Equal(t, "fleet/apps/empty", report.Outcomes[1].Repository)
	assert.Equal(t, "failed", report.Outcomes[1].Status)
	assert.NotEmpty(t, report.Outcomes[1].Error)
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "publish-all", run)
}
