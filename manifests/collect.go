package manifests

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/kustomize"
)

// Collect finds the manifest files in dir and the folders below it: regular
// files that end in .yaml, .yml or .json, in upper or lower case, those that the
// options include, and those that a kustomization among them names, such as
// inputs of its generators, as well as kustomizations called Kustomization.
// Folders of version-control systems are never entered.
//
// What the rules in .sourceignore files and in the options ignore is left out,
// whatever its name, and ignored folders are not entered. The rules are those of
// gitignore(5): a file holds for its folder and those below, the last rule that
// matches decides, that of an inner file before that of an outer one, and nothing
// below an ignored folder can be taken back. Their case counts. A rule that ends
// in a slash also holds for a link to a folder, since that becomes a folder.
// A .sourceignore may be a link inside dir, unlike git's own files; one that
// cannot be read, is no regular file or is too large is an error.
//
// A symbolic link that leads to a file or folder inside dir counts as what it
// leads to; [SymlinkPolicy] has what else can be done. Nothing outside dir is ever read, whatever links say or become
// while collecting: all access goes through an [os.Root].
//
// Collect takes everything or nothing. Its error is a [*PathError] with one of
// the package's sentinels or the file system's own error, or that of ctx.
func Collect(ctx context.Context, dir string, opts Options) (*Set, error) {
	return CollectRoots(ctx, []Root{{Dir: dir}}, opts)
}

// CollectFS is [Collect] for the tree in fsys, which has to stay as it is for
// as long as the Set is used. Symbolic links are followed where fsys is an
// [fs.ReadLinkFS] and are [ErrSymlinkEscapes] where it is not.
func CollectFS(ctx context.Context, fsys fs.FS, opts Options) (*Set, error) {
	return CollectRoots(ctx, []Root{{FS: fsys}}, opts)
}

// CollectRoots is [Collect] for several trees, each of which becomes a folder of
// one Set. Rules that ignore hold in each of them as if it were alone, limits for
// all of them together. Links stay inside their tree; what a kustomization names
// may be in another.
//
// Each root has to have a file to give, and one of them a manifest. Two files of
// one path, or a file where another root has a folder, are a [*CollisionError].
// The other errors are those of Collect and of [Root.Resolve].
func CollectRoots(ctx context.Context, roots []Root, opts Options) (*Set, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	trees, err := treesOf(roots)
	if err != nil {
		return nil, err
	}
	opts, err = opts.Resolve()
	if err != nil {
		return nil, err
	}
	w := &walker{opts: opts, set: &Set{name: trees[0].name(), trees: trees}}
	reader, err := w.set.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }() // only read from
	w.reader = reader
	for i := range trees {
		if err := w.walk(ctx, i); err != nil {
			return nil, err
		}
	}
	if err := w.finish(ctx); err != nil {
		return nil, err
	}
	return w.set, nil
}

// finish completes the Set of all trees.
func (w *walker) finish(ctx context.Context) error {
	if err := w.checkCollisions(); err != nil {
		return err
	}
	if !w.opts.SkipReferences {
		if err := w.closeOver(ctx); err != nil {
			return err
		}
	}
	if err := w.checkEmptiness(); err != nil {
		return err
	}
	w.sortFiles()
	slices.SortFunc(w.set.skipped, func(a, b Skipped) int { return strings.Compare(a.Path, b.Path) })
	return w.checkCollisions() // with what the kustomizations took along
}

func (w *walker) sortFiles() {
	slices.SortFunc(w.set.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

// checkEmptiness refuses a tree of which nothing was taken, and a Set without a
// manifest.
func (w *walker) checkEmptiness() error {
	found := false
	gave := make([]bool, len(w.set.trees))
	for _, f := range w.set.files {
		gave[f.found.tree] = true
		found = found || filename.IsManifest(f.Path) || kustomize.IsName(path.Base(f.Path))
	}
	empty := slices.Index(gave, false)
	if empty < 0 && !found {
		empty = 0
	}
	if empty < 0 {
		return nil
	}
	return w.noFiles(w.set.trees[empty])
}

// isVersionControl lists the folders of systems that keep their data beside
// the files. Ignore files such as .gitignore are plain files and not meant.
func isVersionControl(name string) bool {
	switch strings.ToLower(name) { // some file systems know no case
	case ".git", ".hg", ".svn", ".bzr", ".jj", "_darcs":
		return true
	}
	return name == "CVS" // in lower case it is more likely something else
}
