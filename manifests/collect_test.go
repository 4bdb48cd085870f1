package manifests_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestCollect(t *testing.T) {
	for _, tt := range []struct {
		name    string
		tree    tree
		files   []string
		skipped []manifests.Skipped
	}{
		{
			name:  "each extension",
			tree:  tree{"a.yaml": "a", "b.yml": "b", "c.json": "c"},
			files: []string{"a.yaml", "b.yml", "c.json"},
		},
		{
			name:  "upper and mixed case",
			tree:  tree{"A.YAML": "a", "B.Yml": "b", "C.JsOn": "c"},
			files: []string{"A.YAML", "B.Yml", "C.JsOn"},
		},
		{
			name:  "nothing but an extension",
			tree:  tree{".yaml": "a", ".json": "b"},
			files: []string{".json", ".yaml"},
		},
		{
			name:  "hidden files and directories",
			tree:  tree{".a.yaml": "a", ".github/workflow.yml": "b", "..a.yaml": "c"},
			files: []string{"..a.yaml", ".a.yaml", ".github/workflow.yml"},
		},
		{
			name:  "nested",
			tree:  tree{"a/b/c/d/e.yaml": "a", "a/b.yaml": "b"},
			files: []string{"a/b.yaml", "a/b/c/d/e.yaml"},
		},
		{
			name:  "directory with the name of a manifest",
			tree:  tree{"app.yaml/deployment.yaml": "a", "app.yaml/notes.txt": "b", "empty.json/": ""},
			files: []string{"app.yaml/deployment.yaml"},
			skipped: []manifests.Skipped{
				{Path: "app.yaml/notes.txt", Reason: manifests.ReasonExtension},
			},
		},
		{
			name: "in byte order of the paths, not in the order of the walk",
			tree: tree{"a/x.yaml": "", "a-b.yaml": "", "a.yaml": "", "a0.yaml": "", "a/0/x.yaml": "", "é.yaml": "", "Z.yaml": "", "_.yaml": ""},
			files: []string{
				"Z.yaml", "_.yaml", "a-b.yaml", "a.yaml", "a/0/x.yaml", "a/x.yaml", "a0.yaml", "é.yaml",
			},
		},
		{
			name: "other extensions",
			tree: tree{
				"a.yaml": "a", "README": "", "README.md": "", "b.yaml.bak": "", "c.yamll": "", "d.yaml~": "", "eyaml": "",
				"sub/kustomization": "", "sub/x-y.txt": "", "sub-z.txt": "", "yaml": "",
			},
			files: []string{"a.yaml"},
			skipped: []manifests.Skipped{
				{Path: "README", Reason: manifests.ReasonExtension},
				{Path: "README.md", Reason: manifests.ReasonExtension},
				{Path: "b.yaml.bak", Reason: manifests.ReasonExtension},
				{Path: "c.yamll", Reason: manifests.ReasonExtension},
				{Path: "d.yaml~", Reason: manifests.ReasonExtension},
				{Path: "eyaml", Reason: manifests.ReasonExtension},
				{Path: "sub-z.txt", Reason: manifests.ReasonExtension},
				{Path: "sub/kustomization", Reason: manifests.ReasonExtension},
				{Path: "sub/x-y.txt", Reason: manifests.ReasonExtension},
				{Path: "yaml", Reason: manifests.ReasonExtension},
			},
		},
		{
			name: "directories of version-control systems",
			tree: tree{
				"a.yaml": "a", ".git/config.yaml": "", ".hg/a.yaml": "", ".svn/a.yaml": "", ".bzr/a.yaml": "", ".jj/a.yaml": "",
				"_darcs/a.yaml": "", "CVS/a.yaml": "", "deep/down/.git/a.yaml": "", ".Svn/a.yaml": "",
			},
			files: []string{"a.yaml"},
			skipped: []manifests.Skipped{
				{Path: ".Svn/", Reason: manifests.ReasonVersionControl},
				{Path: ".bzr/", Reason: manifests.ReasonVersionControl},
				{Path: ".git/", Reason: manifests.ReasonVersionControl},
				{Path: ".hg/", Reason: manifests.ReasonVersionControl},
				{Path: ".jj/", Reason: manifests.ReasonVersionControl},
				{Path: ".svn/", Reason: manifests.ReasonVersionControl},
				{Path: "CVS/", Reason: manifests.ReasonVersionControl},
				{Path: "_darcs/", Reason: manifests.ReasonVersionControl},
				{Path: "deep/down/.git/", Reason: manifests.ReasonVersionControl},
			},
		},
		{
			name:  "names that resemble version control",
			tree:  tree{".git": "gitdir: ../x", ".gitignore": "", ".github/a.yaml": "a", "git/a.yaml": "a", ".git.yaml": "a"},
			files: []string{".git.yaml", ".github/a.yaml", "git/a.yaml"},
			skipped: []manifests.Skipped{
				{Path: ".git", Reason: manifests.ReasonVersionControl},
				{Path: ".gitignore", Reason: manifests.ReasonExtension},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.tree, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				assert.Equal(t, tt.files, paths(set))
				assert.Equal(t, tt.skipped, set.Skipped())
				var size int64
				for _, f := range set.Files() {
					assert.Equal(t, int64(len(tt.tree[f.Path])), f.Size, f.Path)
					size += f.Size
				}
				assert.Equal(t, size, set.Size())
			})
		})
	}
}

func TestCollectContent(t *testing.T) {
	texts := tree{
		"bom.yaml":     "\ufeffkind: List\n",
		"crlf.yaml":    "kind: List\r\nitems: []\r\n",
		"cr.yaml":      "a\rb",
		"no-end.yaml":  "kind: List",
		"comment.yaml": "# nothing here\n",
		"docs.yaml":    "---\n---\n...\n---\na: b\n",
		"template.yml": "{{ .Values }} ${VAR}\n",
		"binary.json":  "\x00\xff\x1b[31m\n",
		"large.json":   strings.Repeat("0123456789abcdef", 1<<14),
	}
	collectEachWay(t, texts, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
		require.NoError(t, err)
		assert.Equal(t, map[string]string(texts), contents(t, set))
	})
}

func TestCollectHardLinks(t *testing.T) {
	dir := tree{"a.yaml": "text", "notes.txt": "notes"}.dir(t)
	require.NoError(t, os.Link(filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")))
	require.NoError(t, os.Link(filepath.Join(dir, "notes.txt"), filepath.Join(dir, "notes.yaml")))

	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "text", "b.yaml": "text", "notes.yaml": "notes"}, contents(t, set))
	assert.EqualValues(t, 13, set.Size())
}

func TestCollectEmptyFile(t *testing.T) {
	texts := tree{"a.yaml": "a", "empty.yaml": "", "empty.txt": ""}
	collectEachWay(t, texts, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"a.yaml": "a", "empty.yaml": ""}, contents(t, set))
	})
}

func TestCollectNothing(t *testing.T) {
	for _, tt := range []struct {
		name    string
		tree    tree
		skipped map[manifests.Reason]int
	}{
		{"empty", tree{}, map[manifests.Reason]int{}},
		{"directories only", tree{"a/b/": "", "c.yaml/": ""}, map[manifests.Reason]int{}},
		{"other files only", tree{"README.md": "a", "a/values.txt": "b"}, map[manifests.Reason]int{manifests.ReasonExtension: 2}},
		{"ignored files only", tree{"a.yaml": "a", "b/c.yaml": "b", ".sourceignore": "*.yaml"}, map[manifests.Reason]int{manifests.ReasonIgnored: 2, manifests.ReasonExtension: 1}},
		{"manifests in a version-control directory only", tree{".git/a.yaml": "a"}, map[manifests.Reason]int{manifests.ReasonVersionControl: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := manifests.CollectFS(t.Context(), tt.tree.mapFS(), manifests.Options{})
			requirePathError(t, err, manifests.ErrNoManifestFiles, "")

			dir := tt.tree.dir(t)
			_, err = manifests.Collect(t.Context(), dir, manifests.Options{})
			requirePathError(t, err, manifests.ErrNoManifestFiles, dir)
			nothing := new(manifests.NoFilesError)
			require.ErrorAs(t, err, &nothing)
			assert.Equal(t, tt.skipped, nothing.Skipped)
		})
	}
}

func TestCollectCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := manifests.Collect(ctx, tree{"a.yaml": "a"}.dir(t), manifests.Options{})
	require.ErrorIs(t, err, context.Canceled)

	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err = manifests.CollectFS(late, tree{"a.yaml": "a"}.mapFS(), manifests.Options{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// The context ends while an endless tree is walked.
func TestCollectCancelledMeanwhile(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	endless := endlessFS{visit: func(depth int) {
		if depth == 20 {
			cancel()
		}
	}}
	_, err := manifests.CollectFS(ctx, endless, manifests.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// endlessFS has a directory in every directory.
type endlessFS struct{ visit func(depth int) }

func (e endlessFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (e endlessFS) ReadDir(name string) ([]fs.DirEntry, error) {
	e.visit(strings.Count(name, "/"))
	return fs.ReadDir(fstest.MapFS{"sub": {Mode: fs.ModeDir | 0o755}}, ".")
}
