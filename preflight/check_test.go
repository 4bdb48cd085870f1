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
	for _, tt := range []struct {
		name string
		opts preflight.Options
		want error
	}{
		{"engine", preflight.Options{Engines: []packager.GitOpsEngine{"helm"}}, packager.ErrUnknownEngine},
		{"archive size", preflight.Options{MaxArchiveSize: -1}, manifests.ErrInvalidLimit},
		{"manifest size", preflight.Options{MaxManifestSize: -1}, manifests.ErrInvalidLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := preflight.Check(t.Context(), tree{"app.yaml": app}.collect(t), packager.Layout{}, tt.opts)
			assert.ErrorIs(t, err, tt.want)
		})
	}
	assert.NoError(t, preflight.Options{}.Validate())
}

func TestDirectoryThatIsGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.yaml"), []byte(app), 0o600))
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	layout, err := packager.Plan(set.Files(), flux, "")
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	_, err = preflight.Check(t.Context(), set, layout, preflight.Options{})
	assert.ErrorIs(t, err, manifests.ErrPathNotFound)
}

func TestCancelled(t *testing.T) {
	set := tree{"app.yaml": app}.collect(t)
	layout, err := packager.Plan(set.Files(), flux, "")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = preflight.Check(ctx, set, layout, preflight.Options{})
	assert.ErrorIs(t, err, context.Canceled)
}

// countingContext counts how often it is asked whether it is over.
type countingContext struct {
	context.Context
	asked atomic.Int64
}

func (c *countingContext) Err() error {
	c.asked.Add(1)
	return c.Context.Err()
}

// What takes time for each file can be cancelled for each file: to read it, and to
// match it against rules.
func TestCancelledMeanwhile(t *testing.T) {
	set := tree{"app.yaml": app, "b.yaml": object("A", "b"), "c.yaml": object("A", "c")}.collect(t)
	layout, err := packager.Plan(set.Files(), flux, "")
	require.NoError(t, err)
	ctx := &countingContext{Context: t.Context()}
	_, err = preflight.Check(ctx, set, layout, preflight.Options{})
	require.NoError(t, err)
	assert.GreaterOrEqual(t, ctx.asked.Load(), int64(2*len(set.Files())))
}

// many is a tree with something to say of every file.
func many() tree {
	tr := tree{}
	for i := range 200 {
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
	require.Greater(t, len(want), 800)
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

// No finding holds a value, however broken the file.
func TestNoFindingHoldsAValue(t *testing.T) {
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
