package preflight_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

func TestWrongOptions(t *testing.T) {
	const (
		severity = "set Preflight.Severity to info, warning or error"
		path     = "set Preflight.Path or Preflight.Paths to directories of the tree such as clusters/production, or leave them empty"
	)
	for _, tt := range []struct {
		name string
		opts preflight.Options
		want error
		text string
		hint string
	}{
		{"archive size", preflight.Options{MaxArchiveSize: -1}, manifests.ErrInvalidLimit, "negative limit: MaxArchiveSize -1", "set Preflight.MaxArchiveSize to a positive number, or to zero for the default"},
		{"manifest size", preflight.Options{MaxManifestSize: -1}, manifests.ErrInvalidLimit, "negative limit: MaxManifestSize -1", "set Preflight.MaxManifestSize to a positive number, or to zero for the default"},
		{"size of files for checkers", preflight.Options{MaxCheckerFileSize: -1}, manifests.ErrInvalidLimit, "negative limit: MaxCheckerFileSize -1", "set Preflight.MaxCheckerFileSize to a positive number, or to zero for the default"},
		{"nil checker", preflight.Options{Checkers: []preflight.Checker{finds(), nil}}, preflight.ErrNilChecker, "checker is nil", "remove the nil from Preflight.Checkers"},
		{"policy", preflight.Options{Policy: "no"}, preflight.ErrUnknownPolicy, `unknown preflight policy: "no" is not report, enforce or off`, "set Preflight.Policy to report, enforce or off"},
		{"severity", preflight.Options{Severity: 4}, preflight.ErrUnknownSeverity, "unknown severity: 4", severity},
		{"negative severity", preflight.Options{Severity: -1}, preflight.ErrUnknownSeverity, "unknown severity: -1", severity},
		{"path above", preflight.Options{Path: "a/../../b"}, preflight.ErrInvalidPath, `invalid path: "a/../../b" is not below the source directory`, path},
		{"absolute path", preflight.Options{Path: "/etc"}, preflight.ErrInvalidPath, `invalid path: "/etc" is not below the source directory`, path},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := preflight.Check(t.Context(), preflight.Artifact{}, tt.opts)
			require.ErrorIs(t, err, tt.want)
			assert.EqualError(t, err, tt.text)
			var adviser interface{ Hint() string }
			require.ErrorAs(t, err, &adviser)
			assert.Equal(t, tt.hint, adviser.Hint())
		})
	}
	_, err := preflight.Check(t.Context(), preflight.Artifact{Engines: []packager.GitOpsEngine{"helm"}}, preflight.Options{})
	require.ErrorIs(t, err, packager.ErrUnknownEngine)
	for _, path := range []string{"", ".", "./", "a", "./a/b/", "a/../b"} {
		assert.NoError(t, preflight.Options{Path: path}.Validate(), path)
	}
}

// PolicyOff reads no file and finds nothing.
func TestPolicyOff(t *testing.T) {
	fsys := &countingFS{MapFS: many().fs()}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	a := artifact(t, set, none)
	fsys.opened.Store(0)
	findings, err := preflight.Check(t.Context(), a, preflight.Options{Policy: "Off"})
	require.NoError(t, err)
	assert.Nil(t, findings)
	assert.Zero(t, fsys.opened.Load())
}

func TestMissingDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.yaml"), []byte(app), 0o600))
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	a := artifact(t, set, flux)
	require.NoError(t, os.RemoveAll(dir))
	_, err = preflight.Check(t.Context(), a, preflight.Options{})
	assert.ErrorIs(t, err, manifests.ErrPathNotFound)
}

func TestCancelled(t *testing.T) {
	set := tree{"app.yaml": app}.collect(t)
	a := artifact(t, set, flux)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := preflight.Check(ctx, a, preflight.Options{})
	assert.ErrorIs(t, err, context.Canceled)
}

// countingContext is canceled after a number of calls of Err.
type countingContext struct {
	context.Context
	left atomic.Int64
}

func (c *countingContext) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return c.Context.Err()
}

// Reading a file and matching it against rules take time, so that both check the
// context for each file.
func TestCancelledDuringCheck(t *testing.T) {
	a := artifact(t, tree{"app.yaml": app, "b.yaml": object("A", "b"), "c.yaml": object("A", "c")}.collect(t), flux)
	calls := int64(0)
	for ; ; calls++ {
		ctx := &countingContext{Context: t.Context()}
		ctx.left.Store(calls)
		_, err := preflight.Check(ctx, a, preflight.Options{})
		if err == nil {
			break
		}
		require.ErrorIs(t, err, context.Canceled, "%d", calls)
	}
	assert.GreaterOrEqual(t, calls, int64(2*3))
}

// many returns a tree with a finding for every file.
func many() tree {
	tr := tree{}
	for i := range 50 {
		tr[fmt.Sprintf("a%d/app.yaml", i)] = app
		tr[fmt.Sprintf("b%d.yaml", i)] = object("Secret", "s") + "data: {a: YQ==}\n---\na: 1\n---\na: [\n"
		tr[fmt.Sprintf("c%d/kustomization.yml", i)] = ""
		tr[fmt.Sprintf("c%d/kustomization.yaml", i)] = ""
	}
	return tr
}

func TestSameFindingsInTheSameOrder(t *testing.T) {
	tr := many()
	want := tr.check(t, none, preflight.Options{})
	require.Greater(t, len(want), 200)
	for i := range 5 {
		before := runtime.GOMAXPROCS(i + 1)
		got := tr.check(t, none, preflight.Options{})
		runtime.GOMAXPROCS(before)
		require.Equal(t, want, got)
	}
	for i := 1; i < len(want); i++ {
		assert.LessOrEqual(t, want[i-1].File, want[i].File)
	}
}

// No finding contains a value, however broken the file.
func TestNoFindingContainsAValue(t *testing.T) {
	const canary = "canary7391"
	for _, text := range []string{
		object("Secret", "db") + "stringData:\n  password: " + canary + "\n",
		object("Secret", "db") + "stringData:\n  password: " + canary + "\n  password: " + canary + "\n",
		object("Secret", "db") + "stringData:\n  password: [" + canary + "\n",
		object("Secret", "db") + "stringData:\n\tpassword: " + canary + "\n",
		object("Secret", "db") + "stringData:\n  password: *" + canary + "\n",
		"- " + canary + "\n",
		canary,
		"{{ " + canary + " }}",
	} {
		for _, name := range []string{"app.yaml", "app.json", "Chart.yaml", "kustomization.yaml"} {
			findings := tree{name: text}.check(t, none, preflight.Options{})
			require.NotEmpty(t, findings)
			printed, err := json.Marshal(findings)
			require.NoError(t, err)
			assert.NotContains(t, string(printed), canary, text)
		}
	}
}
