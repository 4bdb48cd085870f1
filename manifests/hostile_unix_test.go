//go:build unix

package manifests_test

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// Version-control directories are never entered, not even by another name.
func TestVersionControlByLink(t *testing.T) {
	for _, tr := range []tree{
		{"a.yaml": "a", ".git/hooks/b.yaml": "b", "repo": linkTo + ".git"},
		{"a.yaml": "a", ".git/hooks/b.yaml": "b", "hooks": linkTo + ".git/hooks"},
		{"a.yaml": "a", ".git/hooks/b.yaml": "b", "c.yaml": linkTo + ".git/hooks/b.yaml"},
	} {
		collectEachWay(t, tr, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
			require.NoError(t, err)
			assert.Equal(t, []string{"a.yaml"}, paths(set))
			assert.Len(t, set.Skipped(), 2)
		})
	}
}

// A directory becomes a FIFO after its parent was listed.
func TestDirectoryThatBecomesAFIFO(t *testing.T) {
	for step, done := 1, false; !done; step++ {
		dir := tree{"a.yaml": "a", "b/c.yaml": "bc", "h.yaml": "h"}.dir(t)
		ctx := &steppedContext{Context: t.Context(), step: step, do: func() {
			assert.NoError(t, os.RemoveAll(filepath.Join(dir, "b")))
			makeFIFO(t, filepath.Join(dir, "b"))
		}}
		promptly(t, func() { _, _ = manifests.Collect(ctx, dir, manifests.Options{}) })
		done = ctx.step > 0
	}
}

// The source directory becomes a FIFO.
func TestSourceThatBecomesAFIFO(t *testing.T) {
	set, dir, _ := collectTen(t)
	require.NoError(t, os.RemoveAll(dir))
	makeFIFO(t, dir)
	promptly(t, func() {
		_, err := set.Open()
		assert.Error(t, err)
	})
}

// Anything that replaces a file is ErrFileChanged.
func TestReplacedFile(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir, file string){
		"socket": func(t *testing.T, dir, file string) {
			require.NoError(t, os.Remove(file))
			t.Chdir(filepath.Dir(file))
			l, err := net.Listen("unix", "a.yaml")
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
		},
		"directory becomes a file": func(t *testing.T, dir, file string) {
			require.NoError(t, os.RemoveAll(filepath.Dir(file)))
			require.NoError(t, os.WriteFile(filepath.Dir(file), nil, 0o644))
		},
		"directory becomes a link out": func(t *testing.T, dir, file string) {
			require.NoError(t, os.RemoveAll(filepath.Dir(file)))
			require.NoError(t, os.Symlink(outside(t), filepath.Dir(file)))
		},
		"file becomes a link out": func(t *testing.T, dir, file string) {
			require.NoError(t, os.Remove(file))
			require.NoError(t, os.Symlink(filepath.Join(outside(t), "a.yaml"), file))
		},
		"file becomes a loop": func(t *testing.T, dir, file string) {
			require.NoError(t, os.Remove(file))
			require.NoError(t, os.Symlink("a.yaml", file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			set, dir, file := collectTen(t)
			change(t, dir, file)
			requireChanged(t, set)
		})
	}
}

// Few links make many directories.
func TestLinkBomb(t *testing.T) {
	tr := tree{"z.yaml": "z"}
	for i := range 22 {
		tr[fmt.Sprintf("l%02d/a", i)] = linkTo + fmt.Sprintf("../l%02d", i+1)
		tr[fmt.Sprintf("l%02d/b", i)] = linkTo + fmt.Sprintf("../l%02d", i+1)
	}
	tr["l22/x.txt"] = "x"
	_, err := manifests.Collect(t.Context(), tr.dir(t), manifests.Options{MaxEntries: 1000})
	var limit *manifests.LimitError
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, manifests.LimitError{Limit: "MaxEntries", Max: 1000}, *limit)
}

// The error of an ended context precedes all others.
func TestCancelledComesFirst(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, dir := range map[string]string{"missing": "missing", "empty": t.TempDir(), "blank": ""} {
		t.Run(name, func(t *testing.T) {
			_, err := manifests.Collect(ctx, dir, manifests.Options{})
			require.ErrorIs(t, err, context.Canceled)
		})
	}
	_, err := manifests.CollectFS(ctx, fstest.MapFS{}, manifests.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// A directory that vanishes while the tree is walked is a change.
func TestDirectoryThatVanishes(t *testing.T) {
	for step, done := 1, false; !done; step++ {
		dir := tree{"a.yaml": "a", "b/c.yaml": "bc"}.dir(t)
		ctx := &steppedContext{Context: t.Context(), step: step, do: func() { assert.NoError(t, os.RemoveAll(filepath.Join(dir, "b"))) }}
		_, err := manifests.Collect(ctx, dir, manifests.Options{})
		if err != nil {
			requirePathError(t, err, manifests.ErrFileChanged, "b")
		}
		done = ctx.step > 0
	}
}

// Links with a name that is not UTF-8.
func TestNamesOfLinks(t *testing.T) {
	_, err := manifests.Collect(t.Context(), tree{"a.yaml": "a", "\xff.yaml": linkTo + "a.yaml"}.dir(t), manifests.Options{})
	assert.ErrorIs(t, err, manifests.ErrInvalidName, "link with a bad name")
	_, err = manifests.Collect(t.Context(), tree{"a.yaml": "a", "\xff": linkTo + "a.yaml"}.dir(t), manifests.Options{})
	assert.NotErrorIs(t, err, fs.ErrInvalid, "link with a bad name that is not collected")
}

// liar is a file system with made-up names.
type liar struct{ fstest.MapFS }
type lie struct{ fs.DirEntry }

func (lie) Name() string { return "../evil.yaml" }
func (l liar) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := l.MapFS.ReadDir(name)
	for i := range entries {
		entries[i] = lie{entries[i]}
	}
	return entries, err
}
func TestFileSystemThatMakesNamesUp(t *testing.T) {
	_, err := manifests.CollectFS(t.Context(), liar{fstest.MapFS{"a.yaml": {Data: []byte("a")}}}, manifests.Options{})
	require.ErrorIs(t, err, manifests.ErrInvalidName)
}

func TestResolveBelowAFile(t *testing.T) {
	dir := tree{"file.yaml": "a"}.dir(t)
	_, err := manifests.Root{Dir: filepath.Join(dir, "file.yaml", "x")}.Resolve()
	require.ErrorIs(t, err, manifests.ErrPathNotFound)
}
