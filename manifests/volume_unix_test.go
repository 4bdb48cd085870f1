//go:build unix && !aix && !solaris

package manifests_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/volumetest"
	"github.com/kubeoci/oci/manifests"
)

// payloads are versions of one volume. Some of their names differ, and so does the content
// under those that both have.
var payloads = []tree{
	{"kustomization.yaml": generating("app.conf"), "app.conf": "old", "a.yaml": "old", "b.yaml": "old", "sub/c.yaml": "old", "sub/d.yaml": "old"},
	{"kustomization.yaml": generating("new.conf"), "new.conf": "new!", "a.yaml": "new!", "z.yaml": "new!", "sub/c.yaml": "new!", "top/e.yaml": "new!"},
}

// The volume is updated between two calls.
func TestUpdatedVolume(t *testing.T) {
	volume := volumetest.Volume{Dir: t.TempDir()}
	for _, payload := range payloads {
		for range 2 {
			require.NoError(t, volume.Publish(payload))
			set, err := manifests.Collect(t.Context(), volume.Dir, manifests.Options{})
			require.NoError(t, err)
			assert.Equal(t, map[string]string(payload), contents(t, set))
			assert.Empty(t, set.Problems())
			assert.Len(t, set.Skipped(), 2)
			for _, f := range set.Files() {
				assert.False(t, f.Linked(), f.Path)
			}
		}
	}
}

// The volume is updated between the call and reading.
func TestVolumeUpdatedBeforeReading(t *testing.T) {
	volume := volumetest.Volume{Dir: t.TempDir()}
	require.NoError(t, volume.Publish(payloads[0]))
	set, err := manifests.Collect(t.Context(), volume.Dir, manifests.Options{})
	require.NoError(t, err)
	require.NoError(t, volume.Publish(payloads[0]))
	reader, err := set.Open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, reader.Close()) }()
	for _, f := range set.Files() {
		requirePathError(t, reader.ReadFile(t.Context(), f, make([]byte, f.Size)), manifests.ErrFileChanged, f.Path)
	}
}

// updatedFS is a directory in which a step happens before each of its methods, from one
// call on. Its files are read at once.
type updatedFS struct {
	fsys  fs.ReadLinkFS
	wait  int // calls
	steps []func() error
}

func (u *updatedFS) next() error {
	if u.wait--; u.wait >= 0 || len(u.steps) == 0 {
		return nil
	}
	step := u.steps[0]
	u.steps = u.steps[1:]
	return step()
}

func (u *updatedFS) Open(name string) (fs.File, error) {
	return after(u, func() (fs.File, error) { return u.fsys.Open(name) })
}

func (u *updatedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	return after(u, func() ([]fs.DirEntry, error) { return fs.ReadDir(u.fsys, name) })
}

func (u *updatedFS) ReadLink(name string) (string, error) {
	return after(u, func() (string, error) { return u.fsys.ReadLink(name) })
}

func (u *updatedFS) Lstat(name string) (fs.FileInfo, error) {
	return after(u, func() (fs.FileInfo, error) { return u.fsys.Lstat(name) })
}

func after[T any](u *updatedFS, method func() (T, error)) (T, error) {
	if err := u.next(); err != nil {
		var zero T
		return zero, err
	}
	return method()
}

// The volume is updated during the call, at each of its steps. Each result is one version,
// or an error that tells the caller to try again.
func TestVolumeUpdatedDuringCollection(t *testing.T) {
	seen := map[string]int{}
	for _, tt := range []struct {
		name       string
		linksFirst bool
		atOnce     bool
		symlinks   manifests.SymlinkPolicy
	}{
		{"at once", false, true, manifests.SymlinksFollow},
		{"step by step", false, false, manifests.SymlinksFollow},
		{"step by step, links first", true, false, manifests.SymlinksFollow},
		{"step by step, links to files", false, false, manifests.SymlinksFiles},
		{"step by step, links skipped", true, false, manifests.SymlinksSkip},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := 0; ; n++ {
				dir := t.TempDir()
				volume := volumetest.Volume{Dir: filepath.Join(dir, "v"), LinksFirst: tt.linksFirst}
				tree{"v/": "", "x/link.yaml": linkTo + "../v/a.yaml"}.write(t, dir)
				require.NoError(t, volume.Publish(payloads[0]))
				fsys := &updatedFS{fsys: os.DirFS(dir).(fs.ReadLinkFS), wait: n, steps: volume.Steps(payloads[1])}
				if tt.atOnce {
					fsys.steps = []func() error{func() error { return volume.Publish(payloads[1]) }}
				}
				started := len(fsys.steps)
				set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{Symlinks: tt.symlinks})
				switch {
				case errors.Is(err, manifests.ErrFileChanged):
					seen["error"]++
				case err != nil:
					require.NoError(t, err, "update from call %d on", n)
				default:
					seen[requireVersion(t, set, n)]++
				}
				if len(fsys.steps) == started {
					break
				}
			}
		})
	}
	assert.Positive(t, seen["old"])
	assert.Positive(t, seen["new"])
	assert.Positive(t, seen["error"])
}

// requireVersion returns the version that all files of a Set belong to.
func requireVersion(t *testing.T, set *manifests.Set, n int) string {
	t.Helper()
	names := map[string]bool{}
	for _, f := range set.Files() {
		names[f.Path] = true
	}
	require.True(t, names["x/link.yaml"])
	delete(names, "x/link.yaml")
	for i, version := range []string{"old", "new"} {
		want := map[string]bool{}
		for name := range payloads[i] {
			want["v/"+name] = true
		}
		if !maps.Equal(want, names) {
			continue
		}
		for _, f := range set.Files() {
			require.False(t, i == 0 && f.Size == 4 || i == 1 && f.Size == 3, "update from call %d on: %s is another version's", n, f.Path)
		}
		return version
	}
	require.Fail(t, "the files are not those of one version", "update from call %d on: %v", n, names)
	return ""
}

// The volume is updated all the time.
func TestVolumeUpdatedAllTheTime(t *testing.T) {
	for _, linksFirst := range []bool{false, true} {
		t.Run(fmt.Sprint("links first ", linksFirst), func(t *testing.T) {
			volume := volumetest.Volume{Dir: t.TempDir(), LinksFirst: linksFirst}
			require.NoError(t, volume.Publish(payloads[0]))
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer stop()
			running.Go(func() {
				for n := 1; ctx.Err() == nil; n++ {
					if err := volume.Publish(payloads[n%len(payloads)]); !assert.NoError(t, err) {
						return
					}
				}
			})
			for range 100 {
				texts, err := collectTexts(t, volume.Dir)
				if err != nil {
					require.ErrorIs(t, err, manifests.ErrFileChanged)
				} else {
					require.Contains(t, []map[string]string{payloads[0], payloads[1]}, texts)
				}
			}
		})
	}
}

func collectTexts(t *testing.T, dir string) (map[string]string, error) {
	t.Helper()
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	if err != nil {
		return nil, err
	}
	reader, err := set.Open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, reader.Close()) }()
	texts := map[string]string{}
	for _, f := range set.Files() {
		if texts[f.Path], err = readFile(reader, f); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// FuzzVolume makes ..data, and a link in a version, lead anywhere. Nothing outside is read,
// and each visible name has the content that the operating system finds there.
func FuzzVolume(f *testing.F) {
	for _, targets := range [][2]string{
		{"..v", "a.yaml"}, {"./..v/", ".."}, {"..v/sub", "../.."}, {"..w", "../../a.yaml"}, {"..data", "../..data"}, {"..", "../..data/a.yaml"}, {"../in/..v", "../..v"},
		{"sub", "."}, {"a.yaml", "../a.yaml"}, {"/", "/etc"}, {"..gone", "gone"}, {"...", "..v/../../.."}, {"..v//.", "../../in/..w/b.yaml"},
	} {
		f.Add(targets[0], targets[1])
	}
	f.Fuzz(func(t *testing.T, data, inside string) {
		dir, err := filepath.EvalSymlinks(tree{
			"a.yaml": "out", "in/..v/a.yaml": "a", "in/..v/sub/b.yaml": "b", "in/..w/a.yaml": "c", "in/sub/d.yaml": "d", "in/.../a.yaml": "e",
			"in/a.yaml": linkTo + "..data/a.yaml", "in/own.yaml": linkTo + "..data/sub/b.yaml",
		}.dir(t))
		require.NoError(t, err)
		root := filepath.Join(dir, "in")
		if os.Symlink(data, filepath.Join(root, "..data")) != nil || os.Symlink(inside, filepath.Join(root, "..v", "link.yaml")) != nil {
			return // there are no such links
		}
		for _, policy := range []manifests.SymlinkPolicy{manifests.SymlinksFollow, manifests.SymlinksFiles, manifests.SymlinksSkip, manifests.SymlinksRefuse} {
			set, err := manifests.Collect(t.Context(), root, manifests.Options{Symlinks: policy})
			if err != nil {
				var pathErr *manifests.PathError
				require.ErrorAs(t, err, &pathErr)
				require.NotErrorIs(t, err, manifests.ErrFileChanged)
				continue
			}
			for name, text := range contents(t, set) {
				require.NotEqual(t, "out", text, name)
				if visible, err := os.ReadFile(filepath.Join(root, name)); err == nil {
					require.Equal(t, string(visible), text, name)
				}
			}
		}
	})
}

// Volumes are recognized in each of several roots.
func TestVolumesAsRoots(t *testing.T) {
	first, second := volumetest.Volume{Dir: t.TempDir()}, volumetest.Volume{Dir: t.TempDir()}
	require.NoError(t, first.Publish(tree{"a.yaml": "a"}))
	require.NoError(t, second.Publish(tree{"a.yaml": "b", "sub/c.yaml": "c"}))
	set, err := manifests.CollectRoots(t.Context(), []manifests.Root{{Path: "x", Dir: first.Dir}, {Path: "y/z", FS: os.DirFS(second.Dir)}}, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"x/a.yaml": "a", "y/z/a.yaml": "b", "y/z/sub/c.yaml": "c"}, contents(t, set))
	for _, f := range set.Files() {
		assert.False(t, f.Linked(), f.Path)
	}
}
