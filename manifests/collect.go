package manifests

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/kubeoci/oci/internal/kustomize"
)

// Default limits of [Options].
const (
	DefaultMaxFiles     = 100_000
	DefaultMaxFileSize  = 1_000_000_000 // what Argo CD unpacks of one artifact
	DefaultMaxTotalSize = 1_000_000_000 // the same
	DefaultMaxDepth     = 100
	DefaultMaxEntries   = 500_000
)

// Options are what a caller may change about collecting. The zero value is the
// default.
type Options struct {
	// AllowEmptyFiles takes manifest files of no bytes, which are an error
	// otherwise: nearly always something went wrong when they were written.
	AllowEmptyFiles bool

	// Include takes further files, besides .yaml, .yml and .json: patterns of
	// [path.Match] for the name of a file in any folder, like "*.properties".
	// Those may be empty.
	Include []string

	// NoClosure leaves kustomizations unread. Otherwise local files that one
	// names are taken along, whatever their extension, and [Set.Problems] says
	// which are not to be had.
	NoClosure bool
	// Ignore leaves files and folders out: rules as in a .sourceignore file at
	// the root, one each, like "charts/" or "!keep.yaml". They win over those of
	// files.
	Ignore []string
	// IgnoreFluxDefaults leaves out what Flux leaves out of an artifact that has
	// no rules of its own: [FluxDefaults]. All other rules win over them.
	IgnoreFluxDefaults bool
	// NoIgnoreFiles makes .sourceignore files mean nothing.
	NoIgnoreFiles bool

	// Symlinks says what to do about symbolic links that nothing ignores. Empty is
	// SymlinksFollow.
	Symlinks SymlinkPolicy
	// SkipSpecial reports FIFOs, sockets and devices with a manifest's name as
	// left out. They are an error otherwise.
	SkipSpecial bool

	// Limits. Zero is the default named beside each; a negative number is
	// refused.

	MaxFiles     int   // files that are taken; DefaultMaxFiles
	MaxFileSize  int64 // bytes in one file; DefaultMaxFileSize
	MaxTotalSize int64 // bytes in all files; DefaultMaxTotalSize
	MaxDepth     int   // folders below one another; DefaultMaxDepth
	MaxEntries   int   // files, folders and others, taken or not; DefaultMaxEntries
}

// Validate reports whether the options can be used. The error is a [*PathError]
// with [ErrInvalidLimit], [ErrInvalidPattern], [ErrInvalidIgnore],
// [ErrIgnoreFileTooLarge] or [ErrUnknownSymlinkPolicy].
func (o Options) Validate() error {
	if o.MaxFiles < 0 || o.MaxFileSize < 0 || o.MaxTotalSize < 0 || o.MaxDepth < 0 || o.MaxEntries < 0 {
		return &PathError{Err: ErrInvalidLimit}
	}
	for _, pattern := range o.Include {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || strings.Contains(pattern, "/") {
			return &PathError{Path: pattern, Err: ErrInvalidPattern}
		}
	}
	if _, err := o.rules("."); err != nil {
		return err
	}
	return o.Symlinks.validate()
}

func (o Options) withDefaults() Options {
	o.MaxFiles = cmp.Or(o.MaxFiles, DefaultMaxFiles)
	o.MaxFileSize = cmp.Or(o.MaxFileSize, DefaultMaxFileSize)
	o.MaxTotalSize = cmp.Or(o.MaxTotalSize, DefaultMaxTotalSize)
	o.MaxDepth = cmp.Or(o.MaxDepth, DefaultMaxDepth)
	o.MaxEntries = cmp.Or(o.MaxEntries, DefaultMaxEntries)
	return o
}

// SourceDir checks that dir is an existing directory and returns its absolute
// path. Symbolic links in the path are followed and left as written.
//
// The error is a [*PathError] with [ErrPathRequired], [ErrPathNotFound],
// [ErrPathNotDirectory], or the file system's own error.
func SourceDir(dir string) (string, error) {
	if strings.TrimSpace(dir) == "" {
		return "", &PathError{Err: ErrPathRequired}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // below a file
		return "", &PathError{Path: dir, Err: ErrPathNotFound}
	case err != nil:
		return "", &PathError{Path: dir, Err: systemError(err)}
	case !info.IsDir():
		return "", &PathError{Path: dir, Err: ErrPathNotDirectory}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", &PathError{Path: dir, Err: err}
	}
	return abs, nil
}

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
// The other errors are those of Collect and of [Root.Validate].
func CollectRoots(ctx context.Context, roots []Root, opts Options) (*Set, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	trees, err := treesOf(roots)
	if err != nil {
		return nil, err
	}
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	w := &walker{opts: opts.withDefaults(), set: &Set{name: trees[0].name(), trees: trees}}
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
	if !w.opts.NoClosure {
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
		found = found || IsManifest(f.Path) || kustomize.IsName(path.Base(f.Path))
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

// IsManifest reports whether a file of this name is collected by default: its
// extension is .yaml, .yml or .json in upper or lower case.
func IsManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// included reports whether a pattern of the options takes the file.
func (o Options) included(name string) bool {
	return slices.ContainsFunc(o.Include, func(pattern string) bool {
		matched, _ := path.Match(pattern, name) // its form is checked
		return matched
	})
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
