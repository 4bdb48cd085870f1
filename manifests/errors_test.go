package manifests_test

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// TestErrors pins the text and hint of every class of error.
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
	reading := func(r io.Reader) func(t *testing.T) error {
		return func(t *testing.T) error {
			_, err := manifests.FromReader(t.Context(), r)
			return err
		}
	}
	for _, tt := range []struct {
		name    string
		get     func(t *testing.T) error
		kind    error
		message string
		hint    string
	}{
		{
			"path required", source(""), manifests.ErrPathRequired,
			`source path is required`,
			`give the directory that contains the manifests`,
		},
		{
			"path not found", source("missing"), manifests.ErrPathNotFound,
			`source path does not exist: "missing"`, `check the path`,
		},
		{
			"path is a URL", source("https://ci:hunter2secret@host/a"), manifests.ErrPathNotFound,
			`source path does not exist, and looks like a URL: "https://host/a"`, `give a directory: fetch what the URL names first`,
		},
		{
			"path not a directory", source("file.yaml"), manifests.ErrPathNotDirectory,
			`source path is not a directory: "file.yaml"`, `give the directory that contains the file`,
		},
		{
			"no manifests", inTree(tree{}, manifests.Options{}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`check that this is the right directory`,
		},
		{
			"no manifests but other files", inTree(tree{"README.md": "a", "a/b.txt": "b"}, manifests.Options{}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`add patterns to Collect.Include, or check that this is the right directory; skipped: 2 (extension)`,
		},
		{
			"no manifests but ignored ones", inTree(tree{"a.yaml": "a", "b/c.yaml": "c", "b/d.yaml": "d"}, manifests.Options{Ignore: []string{"*.yaml", "b/"}}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`change the ignore rules, or check that this is the right directory; skipped: 2 (ignored)`,
		},
		{
			"no manifests but all kinds of other entries", inTree(tree{"a.yaml": "a", "b.txt": "b", ".git/c.yaml": "c"}, manifests.Options{Ignore: []string{"a.*"}}), manifests.ErrNoManifestFiles,
			`no manifest files (.yaml, .yml, .json)`,
			`change the ignore rules, or add patterns to Collect.Include, or check that this is the right directory; skipped: 1 (extension), 1 (ignored), 1 (version-control)`,
		},
		{
			"link that leaves the tree", inTree(tree{"sub/a.yaml": linkTo + "../../b.yaml"}, manifests.Options{}), manifests.ErrSymlinkEscapes,
			`symbolic link leaves the source directory: "sub/a.yaml" -> "../../b.yaml"`,
			`replace the link with the file, use a relative link that stays inside the directory, or set Collect.Symlinks to skip`,
		},
		{
			"link to nothing", inTree(tree{"a.yaml": linkTo + "\x1b.yaml"}, manifests.Options{}), manifests.ErrSymlinkDangling,
			`symbolic link leads to nothing: "a.yaml" -> "\x1b.yaml"`,
			`remove the link, create its target, or set Collect.Symlinks to skip`,
		},
		{
			"link loop", inTree(tree{"a.yaml": linkTo + "a.yaml"}, manifests.Options{}), manifests.ErrSymlinkLoop,
			`symbolic link forms a loop: "a.yaml" -> "a.yaml"`,
			`remove the link, or set Collect.Symlinks to skip`,
		},
		{
			"any link", inTree(tree{"a.yaml": linkTo + "b.yaml", "b.yaml": "b"}, manifests.Options{Symlinks: manifests.SymlinksRefuse}), manifests.ErrSymlinkRefused,
			`symbolic links are not allowed: "a.yaml" -> "b.yaml"`,
			`replace the link with its target, or set Collect.Symlinks to follow`,
		},
		{
			"symlink policy", inTree(tree{"a.yaml": "a"}, manifests.Options{Symlinks: "Follow"}), manifests.ErrUnknownSymlinkPolicy,
			`unknown symlink policy: "Follow"`,
			`set Collect.Symlinks to follow, files, skip or refuse`,
		},
		{
			"special file", func(t *testing.T) error {
				_, err := manifests.CollectFS(t.Context(), fstest.MapFS{"a.yaml": {Mode: fs.ModeNamedPipe}}, manifests.Options{})
				return err
			}, manifests.ErrSpecialFile,
			`not a regular file: "a.yaml"`,
			`move it out of the directory, rename it, or set Collect.SkipSpecial`,
		},
		{
			"ignore file that is a directory", inTree(tree{"a.yaml": "a", ".sourceignore/": ""}, manifests.Options{}), manifests.ErrSpecialFile,
			`not a regular file: ".sourceignore"`,
			`replace it with a regular file, or set Collect.SkipIgnoreFiles`,
		},
		{
			"nil reader", func(t *testing.T) error { _, err := manifests.FromReader(t.Context(), nil); return err }, manifests.ErrPathRequired,
			`source reader is nil`, `pass a reader, such as os.Stdin`,
		},
		{
			"empty input", reading(strings.NewReader("")), manifests.ErrEmptyFile,
			`the input is empty`, `check the program that writes the input`,
		},
		{
			"endless input", reading(zeros{}), manifests.ErrLimitExceeded,
			`more than MaxFileSize 1000000000: "manifests.yaml"`, `write large input to files in a directory, and give that directory`,
		},
		{
			"root outside", func(*testing.T) error { _, err := manifests.Root{Path: "../x", Dir: "."}.Resolve(); return err }, manifests.ErrInvalidName,
			`Path of a root must be relative and stay inside the artifact: "../x"`,
			`set the Path of the root to a directory such as apps/shop, without ./ and ../`,
		},
		{
			"two sources", func(*testing.T) error { _, err := manifests.Root{Dir: "a", FS: fstest.MapFS{}}.Resolve(); return err }, manifests.ErrTwoSources,
			`source is both a directory and a file system: "a"`, `set either Dir or FS`,
		},
		{
			"negative limit", inTree(tree{"a.yaml": "a"}, manifests.Options{MaxFiles: -1}), manifests.ErrInvalidLimit,
			`negative limit: "MaxFiles"`, `set Collect.MaxFiles to a positive number, or to zero for the default`,
		},
		{
			"invalid name", inTree(tree{"a\n\xff.yaml": "a"}, manifests.Options{}), manifests.ErrInvalidName,
			`name is not usable in an archive: "a\n\xff.yaml"`,
			`rename it: names must be UTF-8 without control characters and backslashes, and directories must not end in two dots`,
		},
		{
			"pattern", inTree(tree{"a.yaml": "a"}, manifests.Options{Include: []string{"base/*.env"}}), manifests.ErrInvalidPattern,
			`invalid include pattern: "base/*.env"`,
			`use patterns for the names of files in Collect.Include, such as *.properties, without directories`,
		},
		{
			"ignore rule", inTree(tree{"a.yaml": "a"}, manifests.Options{Ignore: []string{"[a"}}), manifests.ErrInvalidIgnore,
			`invalid ignore rule: "[a"`,
			`use one rule of a .gitignore file for each entry of Collect.Ignore, such as charts/ or *.tmp.yaml, and close every bracket`,
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
				_, err = reader.Open(t.Context(), set.Files()[0])
				return err
			}, manifests.ErrFileChanged,
			`file changed while it was read: "a.yaml"`,
			`try again when no program writes to the directory`,
		},
		{
			"limit", inTree(tree{"a.yaml": "a", "b.yaml": "b"}, manifests.Options{MaxFiles: 1}), manifests.ErrLimitExceeded,
			`more than MaxFiles 1: "b.yaml"`,
			`choose a smaller tree, or raise Collect.MaxFiles`,
		},
		{
			"permission", func(*testing.T) error { return &manifests.PathError{Path: "a.yaml", Err: fs.ErrPermission} }, fs.ErrPermission,
			`permission denied: "a.yaml"`,
			`grant read permission, or move it out of the directory`,
		},
		{
			"any other", func(*testing.T) error { return &manifests.PathError{Path: "a.yaml", Err: errBroken} }, errBroken,
			`input/output error: "a.yaml"`, ``,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.get(t)
			require.EqualError(t, err, tt.message)
			require.ErrorIs(t, err, tt.kind)
			var pathErr *manifests.PathError
			require.ErrorAs(t, err, &pathErr)
			assert.Equal(t, tt.hint, pathErr.Hint())
			for _, other := range sentinels {
				assert.Equal(t, other == tt.kind, errors.Is(err, other), "%v", other)
			}
		})
	}
}

var sentinels = []error{
	manifests.ErrPathRequired, manifests.ErrPathNotFound, manifests.ErrPathNotDirectory, manifests.ErrNoManifestFiles,
	manifests.ErrSymlinkEscapes, manifests.ErrSymlinkDangling, manifests.ErrSymlinkLoop, manifests.ErrSpecialFile,
	manifests.ErrEmptyFile, manifests.ErrInvalidName, manifests.ErrInvalidPattern, manifests.ErrFileChanged, manifests.ErrLimitExceeded,
	manifests.ErrInvalidIgnore, manifests.ErrTwoSources, manifests.ErrSymlinkRefused, manifests.ErrUnknownSymlinkPolicy,
	manifests.ErrNoMatch,
}
