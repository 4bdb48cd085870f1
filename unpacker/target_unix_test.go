//go:build unix

package unpacker_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/unpacker"
)

// oneFile is an artifact of the file a.yaml.
func oneFile(t testing.TB, text string) (blobs, ocispec.Descriptor) {
	t.Helper()
	return artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a.yaml", text))))
}

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

// TestUnpackTargets unpacks to what is there already. What is refused stays as
// it is, and nothing is fetched for it.
func TestUnpackTargets(t *testing.T) {
	src, manifest := oneFile(t, "a")
	for _, row := range []struct {
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
		t.Run(row.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "out")
			require.NoError(t, row.prepare(dir))
			before := snapshot(t, parent)
			src := src
			if row.kind != nil {
				src = blobs{}
			}
			for _, given := range []string{dir, dir + string(filepath.Separator)} {
				_, err := unpacker.Unpack(t.Context(), src, manifest, given, unpacker.Options{})
				if row.kind == nil {
					require.NoError(t, err)
					assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, dir))
					return
				}
				requireKind(t, err, row.kind)
				requireTarget(t, err, row.kind, given)
				require.EqualError(t, err, fmt.Sprintf("%v: %q", row.kind, given))
				assert.Equal(t, before, snapshot(t, parent))
			}
		})
	}
}

// snapshot is what is in a folder, links included.
func snapshot(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		link, _ := os.Readlink(name)
		all = append(all, fmt.Sprintln(strings.TrimPrefix(name, dir), info.Mode(), link))
		return err
	}))
	return all
}

func TestUnpackImpossibleTargets(t *testing.T) {
	src, manifest := oneFile(t, "a")
	work := t.TempDir()
	t.Chdir(work)
	file := filepath.Join(t.TempDir(), "file")
	write(t, file)
	missing := filepath.Join(work, "missing", "out")
	for name, row := range map[string]struct {
		dir  string
		kind error
	}{
		"empty":                    {"", fs.ErrInvalid},
		"below nothing":            {missing, fs.ErrNotExist},
		"below nothing, relative":  {filepath.Join("missing", "out"), fs.ErrNotExist},
		"NUL":                      {filepath.Join(work, "a\x00b"), nil},
		"too long":                 {filepath.Join(work, long(300)), nil},
		"below a file":             {filepath.Join(file, "out"), nil},
		"the working directory":    {".", nil},
		"it by its name":           {work, nil},
		"the root of all":          {string(filepath.Separator), nil},
		"what the work is done in": {"..", unpacker.ErrTargetNotEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpacker.Unpack(t.Context(), src, manifest, row.dir, unpacker.Options{})
			var targetErr *unpacker.TargetError
			require.ErrorAs(t, err, &targetErr)
			assert.Equal(t, row.dir, targetErr.Path)
			if row.kind != nil {
				require.ErrorIs(t, err, row.kind)
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

// TestUnpackTargetChanges lets another program change something while the layer
// is fetched.
func TestUnpackTargetChanges(t *testing.T) {
	for _, row := range []struct {
		name      string
		empty     bool // before
		change    func(t *testing.T, parent, dir string)
		kind      error
		leaves    []string
		elsewhere bool // the parent is gone
	}{
		{"target vanishes", true, func(t *testing.T, _, dir string) { require.NoError(t, os.Remove(dir)) }, nil, []string{"out"}, false},
		{"target is filled", true, func(t *testing.T, _, dir string) { write(t, filepath.Join(dir, "mine")) }, unpacker.ErrTargetNotEmpty, []string{"out"}, false},
		{"target comes up empty", false, func(t *testing.T, _, dir string) { require.NoError(t, os.Mkdir(dir, 0o755)) }, unpacker.ErrTargetNotEmpty, []string{"out"}, false},
		{"target comes up full", false, func(t *testing.T, _, dir string) {
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
		{"what is being written vanishes", false, func(t *testing.T, parent, _ string) {
			for _, name := range namesIn(t, parent) {
				require.NoError(t, os.RemoveAll(filepath.Join(parent, name)))
			}
		}, fs.ErrNotExist, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, manifest := oneFile(t, "a")
			parent := filepath.Join(t.TempDir(), "parent")
			dir := filepath.Join(parent, "out")
			require.NoError(t, os.Mkdir(parent, 0o755))
			if row.empty {
				require.NoError(t, os.Mkdir(dir, 0o755))
			}
			src := readerOf{b, layerType, func(r io.Reader) io.Reader { row.change(t, parent, dir); return r }}
			_, err := unpacker.Unpack(t.Context(), src, manifest, dir, unpacker.Options{})
			if row.kind == nil {
				require.NoError(t, err)
				assert.Equal(t, map[string]string{"a.yaml": "a"}, allFiles(t, dir))
			} else {
				require.ErrorIs(t, err, row.kind)
				var targetErr *unpacker.TargetError
				require.ErrorAs(t, err, &targetErr)
				assert.NotContains(t, err.Error(), ".oci-unpack-", "a path that nobody gave")
			}
			if row.elsewhere {
				assert.NoDirExists(t, parent)
				return
			}
			assert.Equal(t, row.leaves, namesIn(t, parent))
		})
	}
}

// TestUnpackAtOnce unpacks two artifacts to one place at the same time. One of
// them is there, whole.
func TestUnpackAtOnce(t *testing.T) {
	for _, empty := range []bool{false, true} {
		t.Run(fmt.Sprint("empty folder before: ", empty), func(t *testing.T) {
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
