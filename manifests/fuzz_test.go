package manifests_test

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/manifests"
)

// FuzzCollectFS builds a tree of the paths in a listing and compares the result with
// an independent implementation of the rules.
func FuzzCollectFS(f *testing.F) {
	for _, listing := range []string{
		"", "a.yaml", "a.yaml\nb/c.YML\nb/d/e.json\nREADME.md", "b.yaml\na/b.yaml\na-b.yaml\na.yaml\na/b/c.yaml", ".git/a.yaml\na/.git\n.hg/x",
		"app.yaml/a.json\napp.yaml/app.yaml/b.yml", "x/a..yaml\nx../a.yaml", "a\\b.yaml", "a\x7f.yaml\nb.yaml", "é.yaml\nz.yaml\nZ.yaml",
		"CVS/a.yaml\n_darcs/b.yaml\ncvs/c.yaml\n.jj\n.svn.yaml\n.bzr/a", strings.Repeat("d/", 101) + "a.yaml", strings.Repeat("n", 251) + ".yaml",
		"a/Kustomization\na/b", "Kustomization/Kustomization\nkustomization",
		"\n\n", ".", "..", "/", "a//b.yaml", "../a.yaml", "\x00.yaml", "\xff.yaml", "-1.yaml\n0.yaml\n2147483648.yaml\n9223372036854775807.yaml", ".yaml\n..yaml\n...yaml",
		strings.Repeat("n", 250) + ".yaml", strings.Repeat("d", 255) + "/" + strings.Repeat("n", 256) + ".yaml",
		strings.Repeat(strings.Repeat("d", 255)+"/", 16)[1:] + ".yaml", strings.Repeat(strings.Repeat("d", 255)+"/", 16) + "a.yaml",
		strings.Repeat("d/", 100) + "a.yaml", strings.Repeat("d/", 100) + "d/a.txt", strings.Repeat("a.yaml\n", 100),
	} {
		f.Add(listing)
	}
	f.Fuzz(func(t *testing.T, listing string) {
		texts := treeOf(listing)
		fsys := texts.mapFS()
		set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{SkipIgnoreFiles: true})

		want, wrong := expect(texts)
		if wrong != nil {
			require.Nil(t, set)
			require.True(t, slices.ContainsFunc(wrong, func(e error) bool { return errors.Is(err, e) }), "%v is none of %v", err, wrong)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, paths(set), "not exactly the manifests in the order of their bytes")
		var size int64
		for _, f := range set.Files() {
			size += f.Size
			require.EqualValues(t, len(texts[f.Path]), f.Size, f.Path)
		}
		require.Equal(t, size, set.Size())
		for name, text := range contents(t, set) {
			data, err := fs.ReadFile(fsys, name)
			require.NoError(t, err)
			require.Equal(t, string(data), text, name)
		}

		// Every other file is reported, or is in a directory that is.
		for name := range texts {
			listed := slices.ContainsFunc(set.Skipped(), func(s manifests.Skipped) bool {
				return s.Path == name || strings.HasSuffix(s.Path, "/") && strings.HasPrefix(name, s.Path)
			})
			require.Equal(t, !slices.Contains(want, name), listed, name)
		}
	})
}

// treeOf returns a tree of the paths in listing, one a line, except those that
// collide with others. Some files are empty.
func treeOf(listing string) tree {
	texts, directories := tree{}, map[string]bool{".": true}
	for _, name := range strings.Split(listing, "\n") {
		inFile := false
		for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
			_, isFile := texts[dir]
			inFile = inFile || isFile
		}
		if !fs.ValidPath(name) || directories[name] || inFile {
			continue
		}
		texts[name] = strings.Repeat("x", len(name)%5)
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			directories[dir] = true
		}
	}
	return texts
}

// expect returns the files of a tree that are collected, or the possible errors.
func expect(texts tree) (want []string, wrong []error) {
	for name := range texts {
		directories := strings.Split(name, "/")
		file := directories[len(directories)-1]
		directories = directories[:len(directories)-1]

		hidden := slices.IndexFunc(directories, filename.IsVersionControl)
		if hidden >= 0 {
			directories = directories[:hidden]
		}
		if slices.ContainsFunc(directories, func(directory string) bool { return unfit(directory) || strings.HasSuffix(directory, "..") }) {
			wrong = append(wrong, manifests.ErrInvalidName)
		}
		if len(directories) > 100 {
			wrong = append(wrong, manifests.ErrLimitExceeded)
		}
		lower := strings.ToLower(file)
		named := file == "Kustomization" // has no extension
		if hidden >= 0 || filename.IsVersionControl(file) || !named && !strings.HasSuffix(lower, ".yaml") && !strings.HasSuffix(lower, ".yml") && !strings.HasSuffix(lower, ".json") {
			continue
		}
		want = append(want, name)
		if unfit(file) || len(name) > 4096 {
			wrong = append(wrong, manifests.ErrInvalidName)
		}
	}
	if len(want) == 0 && wrong == nil {
		wrong = append(wrong, manifests.ErrNoManifestFiles)
	}
	slices.Sort(want)
	return want, wrong
}

func unfit(name string) bool {
	return strings.Contains(name, `\`) || strings.ContainsFunc(name, unicode.IsControl) || len(name) > 255
}
