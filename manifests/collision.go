package manifests

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/kubeoci/oci/internal/collision"
)

// ErrCollision reports two files with the same path, or a file where a directory has
// to be. The error in the chain is a [*CollisionError].
var ErrCollision = errors.New("two entries collide in the archive")

// CollisionError names two files that cannot be in one tree. It matches
// [ErrCollision].
type CollisionError struct {
	// Path is the path that both need.
	Path string
	// First and Second are the files: their paths on disk, or their paths in the Set
	// if that is unknown. Second is empty if it is the whole copy of a tree under a
	// prefix.
	First, Second string
}

func (e *CollisionError) Error() string {
	if e.Second == "" {
		return fmt.Sprintf("%v: %q and the copy of the tree both need %q", ErrCollision, e.First, e.Path)
	}
	return fmt.Sprintf("%v: %q and %q both need %q", ErrCollision, e.First, e.Second, e.Path)
}

// Is reports whether target is [ErrCollision].
func (e *CollisionError) Is(target error) bool { return target == ErrCollision }

// Hint returns advice on the error.
func (e *CollisionError) Hint() string {
	if e.Second == "" {
		return "choose another prefix, or one engine, so that the tree is laid out only once"
	}
	return "give one of the two another name, or its root another path"
}

// checkCollisions looks for collisions between files of several trees. The files of
// one tree have none.
func checkCollisions(trees []tree, files []File) error {
	if len(trees) == 1 {
		return nil
	}
	files = slices.Clone(files)
	sortFiles(files)
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
