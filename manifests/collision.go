package manifests

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/kubeoci/oci/internal/collision"
)

// ErrCollision reports two files with the same path, or a file where a directory has
// to be. The error in the chain is a [*CollisionError].
var ErrCollision = errors.New("two entries collide in the archive")

// CollisionError names two files of different roots that cannot be in one Set. It
// matches [ErrCollision].
type CollisionError struct {
	// Path is the path that both need.
	Path string
	// First and Second are the files: their paths on disk, or their paths in the Set
	// if the root is not on disk.
	First, Second string
	// Copied reports that it is a copy of Second, under a prefix, that needs the path.
	Copied bool
	// CaseOnly reports that the paths differ, but by case only. If Copied is set too, Path
	// is the one of the copy.
	CaseOnly bool
}

func (e *CollisionError) Error() string {
	text := ErrCollision.Error()
	if e.CaseOnly {
		text += " where case does not matter"
	}
	switch {
	case e.Copied:
		return fmt.Sprintf("%s: %q and the copy of %q both need %q", text, e.First, e.Second, e.Path)
	case e.CaseOnly:
		return fmt.Sprintf("%s: %q and %q", text, e.First, e.Second)
	}
	return fmt.Sprintf("%s: %q and %q both need %q", text, e.First, e.Second, e.Path)
}

// Is reports whether target is [ErrCollision].
func (e *CollisionError) Is(target error) bool { return target == ErrCollision }

// Hint returns advice on the error.
func (e *CollisionError) Hint() string {
	switch {
	case e.Copied:
		return "set Pack.Prefix to a name that the tree does not use, or choose LayoutRoot, which needs no copy"
	case e.CaseOnly:
		return "rename one of them, or unset Collect.PortableNames"
	}
	return "rename one of the files, or give its root another Path"
}

// checkCollisions looks for collisions between files of several trees. The files of
// one tree have none.
func checkCollisions(ctx context.Context, trees []tree, files []File) error {
	if len(trees) == 1 {
		return nil
	}
	files = slices.Clone(files)
	if err := sortFiles(ctx, files); err != nil {
		return err
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	c := collision.Find(paths)
	if c == nil {
		return nil
	}
	first, second := files[c.First], files[c.Second]
	return &CollisionError{
		Path:  c.Path,
		First: trees[first.found.tree].origin(first.Path), Second: trees[second.found.tree].origin(second.Path),
	}
}

// origin returns the location on disk of a file with this path in the Set, or the
// path if the tree is not on disk.
func (t tree) origin(name string) string {
	if t.dir == "" {
		return name
	}
	return filepath.Join(t.dir, filepath.FromSlash(t.below(name)))
}
