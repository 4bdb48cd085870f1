package unpacker_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

// fuzzLimits are small, so that a fuzzer reaches them.
var fuzzLimits = unpacker.Options{
	MaxCompressedSize: 256 << 10, MaxSize: 256 << 10, MaxFileSize: 64 << 10,
	MaxEntries: 60, MaxPathLength: 700, MaxDepth: 8, MaxNamesSize: 8 << 10, MaxHeaderSize: 16 << 10,
}

// FuzzUnpack unpacks any archive. Either the directory contains everything that a
// naive reader finds, within the limits, or there is an error and no directory.
// Nothing else is written.
func FuzzUnpack(f *testing.F) {
	add := func(archive []byte) {
		for mode := range byte(3) {
			f.Add(archive, mode, mode == 1)
		}
	}
	for _, tree := range trees {
		for _, layout := range layouts {
			add(pack(f, collect(f, filepath.Join(treesDir, tree)), layout, packager.Options{}).archive(f))
		}
	}
	for _, hostile := range hostileArchives(f) {
		add(hostile.archive)
	}
	programs, err := filepath.Glob("testdata/archives/*.tgz")
	require.NoError(f, err)
	for _, name := range programs {
		layer, err := os.ReadFile(name)
		require.NoError(f, err)
		add(gunzipped(f, layer))
	}
	add(archiveOf(f, directory("./"), directory("a"), regular("a/b", "text"), special(tar.TypeSymlink, "l", "..")))
	for _, layer := range [][]byte{gzipped(f, archiveOf(f)), bytes.Repeat(gzipped(f, archiveOf(f)), 2), zstandard(f, nil)} {
		f.Add(layer, byte(2), false)
	}
	for _, size := range sizes {
		add(ended(rawPAX('x', fmt.Sprintf("28 size=%019d\n", max(size, 0))), rawEntry('0', "b", "")))
	}
	for _, name := range []string{".git/config", "GIT~1", "a\u202eb", "CON", "a.", long(255), strings.Repeat("d/", 9) + "f"} {
		add(archiveOf(f, regular(name, "text")))
		f.Add(archiveOf(f, regular(name, "text")), byte(24), true)
	}
	large := regular("a", "")
	large.PAXRecords = map[string]string{"A.x": strings.Repeat("x", 20<<10)}
	add(archiveOf(f, large))
	f.Fuzz(func(t *testing.T, data []byte, mode byte, skip bool) {
		layer, mediaType := data, layerType
		switch mode % 3 {
		case 0:
			mediaType = plainType
		case 1:
			layer = gzipped(t, data)
		}
		opts := fuzzLimits
		opts.SkipLinks, opts.PortableNames, opts.AllowVersionControl = skip, mode&8 != 0, mode&16 != 0
		src, manifest := artifactOf(t, mediaType, layer)

		outside := t.TempDir()
		parent := filepath.Join(outside, "parent")
		dir := filepath.Join(parent, "out")
		require.NoError(t, os.Mkdir(parent, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(outside, "canary"), []byte("mine"), 0o644))
		unpacked, err := unpacker.Unpack(t.Context(), src, manifest, dir, opts)

		require.Equal(t, []string{"canary", "parent"}, namesIn(t, outside))
		canary, readErr := os.ReadFile(filepath.Join(outside, "canary"))
		require.NoError(t, readErr)
		require.Equal(t, "mine", string(canary))

		fsys, inMemory, memErr := unpacker.UnpackFS(t.Context(), src, manifest, opts)
		require.Equal(t, unpacked, inMemory)
		want, naiveErr := naiveRead(layer, mediaType)
		if err != nil {
			require.Empty(t, namesIn(t, parent))
			require.EqualError(t, memErr, err.Error())
			require.True(t, slices.ContainsFunc(unpackKinds, func(kind error) bool { return errors.Is(err, kind) }), "%v", err)
			return
		}
		require.NoError(t, memErr)
		require.NoError(t, naiveErr, "an unreadable archive was unpacked")
		require.Equal(t, []string{"out"}, namesIn(t, parent))
		require.False(t, want.redefines)
		require.True(t, skip || len(want.links) == 0)
		require.Len(t, unpacked.SkippedLinks, len(want.links))
		require.Equal(t, want.files, allFiles(t, dir))
		require.Equal(t, want.files, filesOfFS(t, fsys))
		requireDirs(t, want, os.DirFS(dir))
		requireDirs(t, want, fsys)
		requireWithinLimits(t, want, opts)
	})
}

// naiveTree holds the entries that a trusting reader finds in an archive.
type naiveTree struct {
	files map[string]string
	dirs  map[string]bool
	links []string
	size  int64
	// redefines is set if a global header changes entries.
	redefines bool
}

func naiveRead(layer []byte, mediaType string) (naiveTree, error) {
	tree := naiveTree{files: map[string]string{}, dirs: map[string]bool{".": true}}
	if mediaType != plainType {
		reader, err := gzip.NewReader(bytes.NewReader(layer))
		if err != nil {
			return tree, err
		}
		if layer, err = io.ReadAll(io.LimitReader(reader, fuzzLimits.MaxSize+1)); err != nil {
			return tree, err
		}
	}
	tree.size = int64(len(layer))
	for reader := tar.NewReader(bytes.NewReader(layer)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return tree, nil
		}
		if err != nil {
			return tree, err
		}
		name := path.Clean(header.Name)
		switch header.Typeflag {
		case tar.TypeDir:
			tree.dirs[name] = true
		case tar.TypeXGlobalHeader:
			delete(header.PAXRecords, "comment")
			tree.redefines = tree.redefines || len(header.PAXRecords) > 0
		case tar.TypeSymlink, tar.TypeLink:
			tree.links = append(tree.links, name)
		default:
			text, err := io.ReadAll(reader)
			if err != nil {
				return tree, err
			}
			tree.files[name] = string(text)
		}
		for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
			tree.dirs[dir] = true
		}
	}
}

// requireDirs compares the directories, including those without files.
func requireDirs(t *testing.T, want naiveTree, fsys fs.FS) {
	t.Helper()
	dirs := map[string]bool{}
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs[name] = true
		}
		return err
	}))
	require.Equal(t, want.dirs, dirs)
}

func requireWithinLimits(t *testing.T, tree naiveTree, opts unpacker.Options) {
	t.Helper()
	require.LessOrEqual(t, tree.size, opts.MaxSize)
	require.LessOrEqual(t, len(tree.files)+len(tree.links)+len(tree.dirs)-1, opts.MaxEntries)
	folded := map[string]string{}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(tree.files)), slices.Collect(maps.Keys(tree.dirs)), tree.links) {
		require.True(t, fs.ValidPath(name), "%q", name)
		require.NotContains(t, name, `\`)
		require.NotContains(t, name, "../")
		require.NotRegexp(t, `[\x00-\x1f\x7f]`, name)
		require.LessOrEqual(t, len(name), opts.MaxPathLength)
		require.LessOrEqual(t, strings.Count(name, "/"), opts.MaxDepth)
		require.LessOrEqual(t, int64(len(tree.files[name])), opts.MaxFileSize)
		lower := strings.ToLower(name)
		require.Empty(t, folded[lower], "%q", name)
		folded[lower] = name
	}
}
