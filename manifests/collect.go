package manifests

import (
	"context"
	"io/fs"
	"path"
	"slices"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/kustomize"
)

// Collect finds the manifest files in dir and its subdirectories: regular files that
// end in .yaml, .yml or .json, in upper or lower case, those that the options
// include, those that a kustomization among them refers to, such as inputs of its
// generators, and kustomizations called Kustomization. The data of version-control
// systems, such as a directory or file called .git, is never included.
//
// Files that match the rules in .sourceignore files and in the options are skipped,
// whatever their name, and ignored directories are not entered. The rules are those
// of gitignore(5): a file applies to its directory and those below, the last rule
// that matches decides, an inner file precedes an outer one, and nothing below an
// ignored directory can be included again. Rules are case-sensitive. A rule that ends
// in a slash also applies to a link to a directory, because that becomes a directory.
// A .sourceignore may be a link inside dir, unlike git's own files. One that is
// unreadable, too large or not a regular file is an error, and one that changes meanwhile
// is [ErrFileChanged].
//
// A symbolic link is treated as the file or directory in dir that it leads to; see
// [SymlinkPolicy] for alternatives. Nothing outside dir is ever read, wherever links
// lead or whatever replaces a file during the walk: all access goes through an
// [os.Root].
//
// A ConfigMap, Secret or projected volume that Kubernetes mounted, in dir or anywhere below,
// is treated as the files in it: those of the version that its link ..data leads to, under
// their names in the volume. The link and the directories of versions are skipped and
// reported with [ReasonMountedVolume], and the names of versions have no influence on the
// Set. If the volume is updated meanwhile, the error is [ErrFileChanged]. A link ..data that
// leads to anything but a directory beside it whose name starts with two dots, and a
// directory of such a name without that link, are entries like any other.
//
// Collect includes everything or fails. Its error is a [*PathError] with one of the
// package's sentinels or the file system's own error, or that of ctx.
func Collect(ctx context.Context, dir string, opts Options) (*Set, error) {
	return CollectRoots(ctx, []Root{{Dir: dir}}, opts)
}

// CollectFS is [Collect] for the tree in fsys, which is as [Root.FS] describes. Symbolic links
// are followed if fsys is an [fs.ReadLinkFS] and are [ErrSymlinkEscapes] if it is not.
//
// CollectFS returns when ctx ends even if a method of fsys blocks. That method then runs
// on in a goroutine until it returns. If it panics, so does CollectFS.
func CollectFS(ctx context.Context, fsys fs.FS, opts Options) (*Set, error) {
	return CollectRoots(ctx, []Root{{FS: fsys}}, opts)
}

// CollectRoots is [Collect] for several trees, each of which becomes a directory of
// one Set. Ignore rules apply to each tree as if it were alone, limits to all of them
// together. Links stay inside their tree; kustomizations may refer to files in
// another.
//
// Each root must contribute a file, and one of them a manifest. Two files with the
// same path, or a file where another root has a directory, are a [*CollisionError].
// The other errors are those of Collect and of [Root.Resolve].
func CollectRoots(ctx context.Context, roots []Root, opts Options) (*Set, error) {
	if err := calls.Check(ctx); err != nil {
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
	if !slices.ContainsFunc(roots, func(r Root) bool { return r.FS != nil }) {
		return collect(ctx, trees, opts)
	}
	return calls.Await(ctx, func(ctx context.Context) (*Set, error) { return collect(ctx, trees, opts) })
}

func collect(ctx context.Context, trees []tree, opts Options) (*Set, error) {
	set := &Set{name: trees[0].name(), trees: trees, portable: opts.PortableNames}
	reader, err := set.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }() // only read from
	w := &walker{opts: opts, trees: trees, reader: reader, listing: new(listing)}
	for i := range trees {
		if err := w.walk(ctx, i); err != nil {
			return nil, w.explain(ctx, err)
		}
	}
	if err := checkCollisions(ctx, trees, w.listing.files); err != nil {
		return nil, err
	}
	c := newClosure(opts, trees, reader, w.listing)
	if !opts.SkipReferences {
		if err := c.complete(ctx, w.follow); err != nil {
			return nil, w.explain(ctx, err)
		}
	}
	if err := w.settled(ctx); err != nil {
		return nil, err
	}
	if err := set.fill(ctx, w.listing, c); err != nil {
		return nil, err
	}
	if opts.PortableNames {
		if err := checkPortable(set.files); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// fill completes the Set with the listing. It refuses a tree without files, and
// collisions with the files that the closure added.
func (s *Set) fill(ctx context.Context, l *listing, c *closure) (err error) {
	s.files, s.size = l.files, l.size
	if s.skipped, err = l.sortedSkipped(ctx, func(o omission) bool { return !c.includes(o) }); err != nil {
		return err
	}
	if empty := findEmptyTree(s.trees, s.files); empty != nil {
		return noFiles(*empty, s.skipped)
	}
	if err := sortFiles(ctx, s.files); err != nil {
		return err
	}
	s.problems, s.parsed = c.problems, c.parsed
	return checkCollisions(ctx, s.trees, s.files)
}

// findEmptyTree returns a tree without files, or the first if there is no manifest
// in any. Otherwise it returns nil.
func findEmptyTree(trees []tree, files []File) *tree {
	found := false
	gave := make([]bool, len(trees))
	for _, f := range files {
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
	return &trees[empty]
}
