package manifests_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// TestErrors pins what every class of error says, to the letter.
func TestErrors(t *testing.T) {
	t.Chdir(tree{"file.yaml": "a"}.dir(t))
	source := func(dir string) func(t *testing.T) error {
		return func(t *testing.T) error {
			_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
			return err
		}
	}
	inTree := func(tr tree, opts manifests.Options) func(t *testing.T) error {
		return func(t *testing.T) error {
			_, err := manifests.CollectFS(t.Context(), tr.mapFS(), opts)
			return err
		}
	}
	for _, row := range []struct {
		name    string
		get     func(t *testing.T) error
		kind    error
		message string
		hint    string
	}{
		{
			"path required", source(""), manifests.ErrPathRequired,
			`source path is required`,
			`name the directory that holds the manifests`,
		},
		{
			"path not found", source("missing"), manifests.ErrPathNotFound,
			`source path does not exist: "missing"`, `check the path`,
		},
		{
			"path not a directory", source("file.yaml"), manifests.ErrPathNotDirectory,
			`source path is not a directory: "file.yaml"`, `name the directory that holds the file`,
		},
		{
			"no manifests", inTree(tree{}, manifests.Options{}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`check that this is the right directory`,
		},
		{
			"no manifests but other files", inTree(tree{"README.md": "a", "a/b.txt": "b"}, manifests.Options{}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`include files by a pattern for their names, or check that this is the right directory; left out: 2 (extension)`,
		},
		{
			"no manifests but ignored ones", inTree(tree{"a.yaml": "a", "b/c.yaml": "c", "b/d.yaml": "d"}, manifests.Options{Ignore: []string{"*.yaml", "b/"}}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`change the rules to ignore, or check that this is the right directory; left out: 2 (ignored)`,
		},
		{
			"no manifests but all kinds of other entries", inTree(tree{"a.yaml": "a", "b.txt": "b", ".git/c.yaml": "c"}, manifests.Options{Ignore: []string{"a.*"}}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`change the rules to ignore, or include files by a pattern for their names, or check that this is the right directory; left out: 1 (extension), 1 (ignored), 1 (version-control)`,
		},
		{
			"link out", inTree(tree{"sub/a.yaml": linkTo + "../../b.yaml"}, manifests.Options{}), manifests.ErrSymlinkEscapes,
			`symbolic link leaves the source directory: "sub/a.yaml" -> "../../b.yaml"`,
			`replace the link with the file, or link relatively to a place inside the directory`,
		},
		{
			"link to nothing", inTree(tree{"a.yaml": linkTo + "\x1b.yaml"}, manifests.Options{}), manifests.ErrSymlinkDangling,
			`symbolic link leads to nothing: "a.yaml" -> "\x1b.yaml"`,
			`remove the link, or create what it points to`,
		},
		{
			"link in a circle", inTree(tree{"a.yaml": linkTo + "a.yaml"}, manifests.Options{}), manifests.ErrSymlinkLoop,
			`symbolic link leads in a circle: "a.yaml" -> "a.yaml"`,
			`remove the link`,
		},
		{
			"link at all", inTree(tree{"a.yaml": linkTo + "b.yaml", "b.yaml": "b"}, manifests.Options{Symlinks: manifests.SymlinksRefuse}), manifests.ErrSymlinkRefused,
			`symbolic links are not allowed: "a.yaml" -> "b.yaml"`,
			`replace the link with what it leads to, or let links be followed`,
		},
		{
			"way to treat links", inTree(tree{"a.yaml": "a"}, manifests.Options{Symlinks: "Follow"}), manifests.ErrUnknownSymlinkPolicy,
			`unknown symlink policy: "Follow"`,
			`use follow, files, skip or refuse`,
		},
		{
			"special file", func(t *testing.T) error {
				_, err := manifests.CollectFS(t.Context(), fstest.MapFS{"a.yaml": {Mode: fs.ModeNamedPipe}}, manifests.Options{})
				return err
			}, manifests.ErrSpecialFile,
			`not a regular file: "a.yaml"`,
			`move it out of the directory, or give it another name`,
		},
		{
			"empty file", inTree(tree{"sub/a.yaml": ""}, manifests.Options{}), manifests.ErrEmptyFile,
			`file is empty: "sub/a.yaml"`,
			`remove the file, or allow empty files`,
		},
		{
			"invalid name", inTree(tree{"a\n\xff.yaml": "a"}, manifests.Options{}), manifests.ErrInvalidName,
			`name cannot be carried in an archive: "a\n\xff.yaml"`,
			`rename it: UTF-8, without control characters and backslashes, and no directory that ends in two dots`,
		},
		{
			"pattern", inTree(tree{"a.yaml": "a"}, manifests.Options{Include: []string{"base/*.env"}}), manifests.ErrInvalidPattern,
			`invalid include pattern: "base/*.env"`,
			`give a pattern for the name of a file, such as *.properties, without folders`,
		},
		{
			"rule to ignore", inTree(tree{"a.yaml": "a"}, manifests.Options{Ignore: []string{"[a"}}), manifests.ErrInvalidIgnore,
			`invalid ignore rule: "[a"`,
			`give one rule as in a .gitignore file, such as charts/ or *.tmp.yaml, with every bracket closed`,
		},
		{
			"rules too long", inTree(tree{"a.yaml": "a", "x/.sourceignore": strings.Repeat("a\n", 1<<15) + "b"}, manifests.Options{}),
			manifests.ErrInvalidIgnore,
			`ignore rules are too long: "x/.sourceignore"`,
			`ignore directories instead of single files: the limits are 64 KiB of rules and 1 KiB a rule`,
		},
		{
			"file changed", func(t *testing.T) error {
				fsys := tree{"a.yaml": "a"}.mapFS()
				set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
				require.NoError(t, err)
				fsys["a.yaml"].Data = []byte("ab")
				reader, err := set.Open()
				require.NoError(t, err)
				_, err = reader.Open(set.Files()[0])
				return err
			}, manifests.ErrFileChanged,
			`file changed while it was read: "a.yaml"`,
			`try again when nothing writes to the directory`,
		},
		{
			"limit", inTree(tree{"a.yaml": "a", "b.yaml": "b"}, manifests.Options{MaxFiles: 1}), manifests.ErrLimitExceeded,
			`more than MaxFiles 1: "b.yaml"`,
			`point at a smaller tree, or raise the limit where manifests are collected`,
		},
		{
			"permission", func(*testing.T) error { return &manifests.PathError{Path: "a.yaml", Err: fs.ErrPermission} }, fs.ErrPermission,
			`permission denied: "a.yaml"`,
			`give yourself read permission, or move it out of the directory`,
		},
		{
			"any other", func(*testing.T) error { return &manifests.PathError{Path: "a.yaml", Err: errBroken} }, errBroken,
			`input/output error: "a.yaml"`, ``,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.get(t)
			require.EqualError(t, err, row.message)
			require.ErrorIs(t, err, row.kind)
			var pathErr *manifests.PathError
			require.ErrorAs(t, err, &pathErr)
			assert.Equal(t, row.hint, pathErr.Hint())
			for _, other := range sentinels {
				assert.Equal(t, other == row.kind, errors.Is(err, other), "%v", other)
			}
		})
	}
}

var sentinels = []error{
	manifests.ErrPathRequired, manifests.ErrPathNotFound, manifests.ErrPathNotDirectory, manifests.ErrNoManifestFiles,
	manifests.ErrSymlinkEscapes, manifests.ErrSymlinkDangling, manifests.ErrSymlinkLoop, manifests.ErrSpecialFile,
	manifests.ErrEmptyFile, manifests.ErrInvalidName, manifests.ErrInvalidPattern, manifests.ErrFileChanged, manifests.ErrLimitExceeded,
	manifests.ErrInvalidIgnore, manifests.ErrTwoSources, manifests.ErrSymlinkRefused, manifests.ErrUnknownSymlinkPolicy,
}
