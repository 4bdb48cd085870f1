//go:build unix

package unpacker_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/unpacker"
)

func write(t testing.TB, name string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte("mine"), 0o644))
}

func requireTarget(t testing.TB, err, kind error, path string) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var targetErr *unpacker.TargetError
	require.ErrorAs(t, err, &targetErr)
	require.Equal(t, path, targetErr.Path)
}

// TestUnpackTargets unpacks to existing targets. A refused target stays unchanged,
// and nothing is fetched.
func TestUnpackTargets(t *testing.T) {
	src, manifest := oneFile(t, "a")
	for _, tt := range []struct {
		name    string
		prepare func(dir string) error
		kind    error
	}{
		{"absent", func(string) error { return nil }, nil},
		{"empty", func(dir string) error { return os.Mkdir(dir, 0o700) }, nil},
		{"not empty", func(dir string) error { return os.MkdirAll(filepath.Join(dir, "sub"), 0o755) }, unpacker.ErrTargetNotEmpty},
		{"hidden file", func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, ".hidden"), nil, 0o644))
		}, unpacker.ErrTargetNotEmpty},
		{"file", func(dir string) error { return os.WriteFile(dir, []byte("mine"), 0o644) }, unpacker.ErrTargetNotDirectory},
		{"symlink to an empty directory", func(dir string) error {
			return errors.Join(os.Mkdir(dir+"-elsewhere", 0o755), os.Symlink(dir+"-elsewhere", dir))
		}, unpacker.ErrTargetNotDirectory},
		{"symlink to nothing", func(dir string) error { return os.Symlink("nothing", dir) }, unpacker.ErrTargetNotDirectory},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "out")
			require.NoError(t, tt.prepare(dir))
			before := snapshot(t, parent)
			src := src
			if tt.kind != nil {
				src = blobs{}
			}
			for _, given := range []string{dir, dir + string(filepath.Separator)} {
				_, err := unpacker.Unpack(t.Context(), src, manifest, given, unpacker.Options{})
				if tt.kind == nil {
					require.NoError(t, err)
					assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, dir))
					return
				}
				requireKind(t, err, tt.kind)
				requireTarget(t, err, tt.kind, given)
				require.EqualError(t, err, fmt.Sprintf("%v: %q", tt.kind, given))
				assert.Equal(t, before, snapshot(t, parent))
			}
		})
	}
}

func TestUnpackImpossibleTargets(t *testing.T) {
	src, manifest := oneFile(t, "a")
	work := t.TempDir()
	t.Chdir(work)
	file := filepath.Join(t.TempDir(), "file")
	write(t, file)
	missing := filepath.Join(work, "missing", "out")
	for name, tt := range map[string]struct {
		dir  string
		kind error
	}{
		"empty":                   {"", fs.ErrInvalid},
		"below nothing":           {missing, fs.ErrNotExist},
		"below nothing, relative": {filepath.Join("missing", "out"), fs.ErrNotExist},
		"NUL":                     {filepath.Join(work, "a\x00b"), nil},
		"too long":                {filepath.Join(work, long(300)), nil},
		"below a file":            {filepath.Join(file, "out"), nil},
		"the working directory":   {".", nil},
		"it by its name":          {work, nil},
		"the root directory":      {string(filepath.Separator), nil},
		"its parent directory":    {"..", unpacker.ErrTargetNotEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpacker.Unpack(t.Context(), src, manifest, tt.dir, unpacker.Options{})
			var targetErr *unpacker.TargetError
			require.ErrorAs(t, err, &targetErr)
			assert.Equal(t, tt.dir, targetErr.Path)
			if tt.kind != nil {
				require.ErrorIs(t, err, tt.kind)
			}
			if tt.dir == string(filepath.Separator) {
				assert.EqualError(t, err, `the root of a file system cannot be replaced: "/"`)
				assert.Equal(t, "name a directory below it, or set InPlace", targetErr.Hint())
			}
			assert.Empty(t, namesIn(t, work))
		})
	}
}

func TestUnpackRelative(t *testing.T) {
	src, manifest := oneFile(t, "a")
	t.Chdir(t.TempDir())
	_, err := unpacker.Unpack(t.Context(), src, manifest, "out", unpacker.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, "out"))
	assert.Equal(t, []string{"out"}, namesIn(t, "."))
}

// The target is where other programs look for it, whatever links lead there.
func TestUnpackRelativeToALink(t *testing.T) {
	src, manifest := oneFile(t, "a")
	for _, tt := range []struct {
		name, wd, dir string
		opts          unpacker.Options
	}{
		{"above a working directory that is a link", "work/sub", "../out", unpacker.Options{}},
		{"the same in place", "work/sub", "../out", unpacker.Options{InPlace: true}},
		{"above a link", "work", "sub/../out", unpacker.Options{}},
		{"working directory that is a link", "work/out", ".", unpacker.Options{InPlace: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(top, "work"), 0o755))
			for _, name := range []string{"sub", "out"} {
				require.NoError(t, os.MkdirAll(filepath.Join(top, "data", name), 0o755))
				require.NoError(t, os.Symlink("../data/"+name, filepath.Join(top, "work", name)))
			}
			t.Chdir(filepath.Join(top, tt.wd))
			_, err := unpacker.Unpack(t.Context(), src, manifest, tt.dir, tt.opts)
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, filepath.Join(top, "data/out")))
		})
	}
}

// TestUnpackTargetChanges changes the target, as another program could, while the
// layer is fetched.
func TestUnpackTargetChanges(t *testing.T) {
	for _, tt := range []struct {
		name      string
		empty     bool // before
		change    func(t *testing.T, parent, dir string)
		kind      error
		leaves    []string
		elsewhere bool // the parent is gone
	}{
		{"target vanishes", true, func(t *testing.T, _, dir string) { require.NoError(t, os.Remove(dir)) }, nil, []string{"out"}, false},
		{"target is filled", true, func(t *testing.T, _, dir string) { write(t, filepath.Join(dir, "mine")) }, unpacker.ErrTargetNotEmpty, []string{"out"}, false},
		{"an empty target is created", false, func(t *testing.T, _, dir string) { require.NoError(t, os.Mkdir(dir, 0o755)) }, unpacker.ErrTargetNotEmpty, []string{"out"}, false},
		{"a filled target is created", false, func(t *testing.T, _, dir string) {
			require.NoError(t, os.Mkdir(dir, 0o755))
			write(t, filepath.Join(dir, "mine"))
		}, unpacker.ErrTargetNotEmpty, []string{"out"}, false},
		{"target becomes a file", true, func(t *testing.T, _, dir string) {
			require.NoError(t, os.Remove(dir))
			write(t, dir)
		}, unpacker.ErrTargetNotDirectory, []string{"out"}, false},
		{"target becomes a link", true, func(t *testing.T, _, dir string) {
			require.NoError(t, os.Remove(dir))
			require.NoError(t, os.Symlink(os.TempDir(), dir))
		}, unpacker.ErrTargetNotDirectory, []string{"out"}, false},
		{"parent vanishes", true, func(t *testing.T, parent, _ string) { require.NoError(t, os.RemoveAll(parent)) }, fs.ErrNotExist, nil, true},
		{"the staging directory vanishes", false, func(t *testing.T, parent, _ string) {
			for _, name := range namesIn(t, parent) {
				require.NoError(t, os.RemoveAll(filepath.Join(parent, name)))
			}
		}, fs.ErrNotExist, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, manifest := oneFile(t, "a")
			parent := filepath.Join(t.TempDir(), "parent")
			dir := filepath.Join(parent, "out")
			require.NoError(t, os.Mkdir(parent, 0o755))
			if tt.empty {
				require.NoError(t, os.Mkdir(dir, 0o755))
			}
			src := readerOf{b, layerType, func(r io.Reader) io.Reader { tt.change(t, parent, dir); return r }}
			_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
			if tt.kind == nil {
				require.NoError(t, err)
				assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, dir))
			} else {
				require.ErrorIs(t, err, tt.kind)
				var targetErr *unpacker.TargetError
				require.ErrorAs(t, err, &targetErr)
				assert.NotContains(t, err.Error(), ".oci-unpack-", "a path that nobody gave")
			}
			if tt.elsewhere {
				assert.NoDirExists(t, parent)
				return
			}
			assert.Equal(t, tt.leaves, namesIn(t, parent))
		})
	}
}

// TestUnpackConcurrently unpacks two artifacts into one directory concurrently, and
// checks that it contains one of them.
func TestUnpackConcurrently(t *testing.T) {
	for _, empty := range []bool{false, true} {
		t.Run(fmt.Sprint("empty directory before: ", empty), func(t *testing.T) {
			for round := range 20 {
				parent := t.TempDir()
				dir := filepath.Join(parent, "out")
				if empty {
					require.NoError(t, os.Mkdir(dir, 0o755))
				}
				const many = 8
				var want [many]map[string]string
				var errs [many]error
				var group sync.WaitGroup
				for i := range many {
					want[i] = map[string]string{"same": fmt.Sprint(i), fmt.Sprint("own-", i): "x"}
					src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("same", fmt.Sprint(i)), regular(fmt.Sprint("own-", i), "x"))))
					group.Go(func() {
						_, errs[i] = unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
					})
				}
				group.Wait()
				won := -1
				for i, err := range errs {
					if err == nil {
						require.Equal(t, -1, won, "two of them won")
						won = i
						continue
					}
					requireTarget(t, err, unpacker.ErrTargetNotEmpty, dir)
				}
				require.NotEqual(t, -1, won, "round %d: none of them won: %v", round, errs)
				require.Equal(t, want[won], allFiles(t, dir))
				require.Equal(t, []string{"out"}, namesIn(t, parent))
			}
		})
	}
}

// Another process may remove the staging directory at any time.
func TestUnpackStagingRemoved(t *testing.T) {
	for _, tt := range []struct {
		name    string
		entries []entry
		path    string // of the error, below the target
	}{
		{"before a file", []entry{regular("a.yaml", "a")}, "a.yaml"},
		{"before a directory", []entry{regular("sub/a.yaml", "a")}, "sub"},
		{"before the end", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "out")
			b, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, tt.entries...)))
			src := readerOf{b, layerType, func(r io.Reader) io.Reader {
				staging, err := filepath.Glob(filepath.Join(parent, ".oci-unpack-*"))
				require.NoError(t, err)
				require.Len(t, staging, 1)
				require.NoError(t, os.RemoveAll(staging[0]))
				return r
			}}
			_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
			requireTarget(t, err, fs.ErrNotExist, filepath.Join(dir, tt.path))
			assert.Empty(t, namesIn(t, parent))
		})
	}
}
