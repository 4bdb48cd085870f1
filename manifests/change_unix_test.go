//go:build unix && !aix && !solaris

package manifests_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// An open file is still the one that was collected.
func TestReplacedWhileReading(t *testing.T) {
	for _, change := range replacements {
		t.Run(change.name, func(t *testing.T) {
			set, _, file := collectTen(t)
			reader, err := set.Open()
			require.NoError(t, err)
			content, err := reader.Open(t.Context(), set.Files()[0])
			require.NoError(t, err)
			require.NoError(t, reader.Close())

			change.do(t, file)
			text, err := io.ReadAll(content)
			require.NoError(t, err)
			assert.Equal(t, "0123456789", string(text))
			require.NoError(t, content.Close())
		})
	}
}

func TestReplacedByLink(t *testing.T) {
	set, dir, file := collectTen(t)
	tree{"b.yaml": "abcdefghij"}.write(t, dir)
	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Symlink("../b.yaml", file))
	requireChanged(t, set)
}

// The FIFO differs from the empty file only in its type.
func TestReplacedByFIFO(t *testing.T) {
	dir := tree{"a.yaml": ""}.dir(t)
	file := filepath.Join(dir, "a.yaml")
	require.NoError(t, os.Chtimes(file, longAgo, longAgo))
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	require.NoError(t, os.Remove(file))
	makeFIFO(t, file)
	require.NoError(t, os.Chtimes(file, longAgo, longAgo))
	promptly(t, func() {
		reader, err := set.Open()
		if assert.NoError(t, err) {
			_, err = reader.Open(t.Context(), set.Files()[0])
			assert.ErrorIs(t, err, manifests.ErrFileChanged)
			assert.ErrorIs(t, reader.ReadFile(t.Context(), set.Files()[0], nil), manifests.ErrFileChanged)
			assert.NoError(t, reader.Close())
		}
	})
}

// outside makes a directory with an a.yaml that has the size and time of the one of
// collectTen.
func outside(t *testing.T) string {
	t.Helper()
	dir := tree{"a.yaml": "forbidden!"}.dir(t)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "a.yaml"), longAgo, longAgo))
	return dir
}

func TestNothingOutsideIsOpened(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, sub, file, outside string)
	}{
		{"directory becomes a link", func(t *testing.T, sub, _, outside string) {
			require.NoError(t, os.RemoveAll(sub))
			require.NoError(t, os.Symlink(outside, sub))
		}},
		{"directory becomes a relative link", func(t *testing.T, sub, _, outside string) {
			target, err := filepath.Rel(filepath.Dir(sub), outside)
			require.NoError(t, err)
			require.NoError(t, os.RemoveAll(sub))
			require.NoError(t, os.Symlink(target, sub))
		}},
		{"file becomes a link", func(t *testing.T, _, file, outside string) {
			require.NoError(t, os.Remove(file))
			require.NoError(t, os.Symlink(filepath.Join(outside, "a.yaml"), file))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, dir, file := collectTen(t)
			outside := outside(t)
			tt.change(t, filepath.Join(dir, "sub"), file, outside)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, "forbidden!", string(text))

			reader, err := set.Open()
			require.NoError(t, err)
			defer func() { assert.NoError(t, reader.Close()) }()
			content, err := reader.Open(t.Context(), set.Files()[0])
			require.Nil(t, content)
			requirePathError(t, err, err, "sub/a.yaml")
			into := make([]byte, 10)
			err = reader.ReadFile(t.Context(), set.Files()[0], into)
			requirePathError(t, err, err, "sub/a.yaml")
			require.NotContains(t, string(into), "forbidden")
		})
	}
}

// A link replaces a directory each time Collect checks its context.
func TestNothingOutsideIsCollected(t *testing.T) {
	for step, done := 1, false; !done; step++ {
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			dir := tree{"a.yaml": "a", "b/c.yaml": "bc", "d/e.yaml": "de", "d/f/g.yaml": "dfg", "h.yaml": "h"}.dir(t)
			forbidden := tree{"e.yaml": "forbidden!", "f/g.yaml": "forbidden!", "x.yaml": "forbidden!"}.dir(t)
			ctx := &steppedContext{Context: t.Context(), step: step, do: func() {
				assert.NoError(t, os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "moved")))
				assert.NoError(t, os.Symlink(forbidden, filepath.Join(dir, "d")))
			}}
			set, err := manifests.Collect(ctx, dir, manifests.Options{})
			if done = ctx.step > 0; done {
				require.NoError(t, err, "nothing was swapped")
				require.Greater(t, step, 5)
				return
			}
			if err != nil {
				var pathErr *manifests.PathError
				require.ErrorAs(t, err, &pathErr)
				return
			}
			for _, f := range set.Files() {
				assert.LessOrEqual(t, f.Size, int64(3), f.Path)
			}
		})
	}
}

// steppedContext calls a function when it is checked for the nth time.
type steppedContext struct {
	context.Context
	step int
	do   func()
}

func (s *steppedContext) Err() error {
	if s.step--; s.step == 0 {
		s.do()
	}
	return s.Context.Err()
}
