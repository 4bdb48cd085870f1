package packager

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kubeoci/oci/manifests"
)

var (
	// ErrCollision reports two entries of one name, or a file where a folder
	// has to be. The error in the chain is a [*CollisionError], or an
	// [*EntryError] where an archive is unpacked.
	ErrCollision = errors.New("two entries collide in the archive")
	// ErrInvalidPrefix reports a prefix that is not the name of a folder.
	ErrInvalidPrefix = errors.New("invalid prefix")
)

// CollisionError names two files that cannot both be in the archive. It
// matches [ErrCollision].
type CollisionError struct {
	// Path is the place in the archive that both need.
	Path string
	// First and Second are the files, as they are named in the Set. Second is
	// empty where it is the whole copy of the tree under the prefix.
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

// Hint says what to do about the error.
func (e *CollisionError) Hint() string {
	return "choose another prefix, or one engine, so that the tree is laid out only once"
}

// Entry is a file of the Set and its path in the archive.
type Entry struct {
	Path string         `json:"path"`
	File manifests.File `json:"file"`
}

// Layout is how a Set is laid out in the archive.
type Layout struct {
	// Entries is in the order of the paths' bytes.
	Entries []Entry
	// Paths are what the engines have to be told.
	Paths EnginePaths

	twice bool // there are two copies of the tree
}

// Plan lays files out for engine, before a byte is written. The prefix is the
// folder under which [GitOpsEngineArgoCD] and [GitOpsEngineNone] put the tree;
// [GitOpsEngineFlux] does not use it.
//
// Two paths that would become one are a [*CollisionError]. Paths that differ by
// case only are not. Other errors match [ErrUnknownEngine], [ErrInvalidPrefix],
// or manifests.ErrInvalidName for a path that is not relative and clean.
func Plan(files []manifests.File, engine GitOpsEngine, prefix string) (Layout, error) {
	engine, err := ParseGitOpsEngine(string(engine))
	if err != nil {
		return Layout{}, err
	}
	if engine != GitOpsEngineFlux {
		if err := checkPrefix(prefix); err != nil {
			return Layout{}, err
		}
	}
	for _, f := range files {
		if !fs.ValidPath(f.Path) || f.Path == "." {
			return Layout{}, &manifests.PathError{Path: f.Path, Err: manifests.ErrInvalidName}
		}
	}
	copies := 1
	if engine == GitOpsEngineNone {
		copies = 2
	}
	entries := make([]Entry, 0, copies*len(files))
	for _, f := range files {
		if engine != GitOpsEngineArgoCD {
			entries = append(entries, Entry{f.Path, f})
		}
		if engine != GitOpsEngineFlux {
			entries = append(entries, Entry{path.Join(prefix, f.Path), f})
		}
	}
	if engine == GitOpsEngineNone {
		if err := checkCopies(files, prefix); err != nil {
			return Layout{}, err
		}
	}
	byPath := func(a, b Entry) int { return strings.Compare(a.Path, b.Path) }
	if !slices.IsSortedFunc(entries, byPath) { // as it is for one copy
		slices.SortStableFunc(entries, byPath)
	}
	if err := checkCollisions(entries); err != nil {
		return Layout{}, err
	}
	return Layout{entries, engine.paths(prefix), engine == GitOpsEngineNone}, nil
}

// checkCopies refuses a tree with a child named like the prefix: the copy under
// the prefix would be merged with it, and neither could be rendered alone.
func checkCopies(files []manifests.File, prefix string) error {
	for _, f := range files {
		if first, _, _ := strings.Cut(f.Path, "/"); first == prefix {
			return &CollisionError{Path: prefix, First: f.Path}
		}
	}
	return nil
}

// checkCollisions goes through entries that are sorted, so that two of one path
// follow one another.
func checkCollisions(entries []Entry) error {
	for i := 1; i < len(entries); i++ {
		if a, b := entries[i-1], entries[i]; a.Path == b.Path {
			return &CollisionError{Path: a.Path, First: a.File.Path, Second: b.File.Path}
		}
	}
	folders := map[string]bool{}
	for _, e := range entries {
		for dir := path.Dir(e.Path); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
			if i, found := slices.BinarySearchFunc(entries, dir, comparePath); found {
				return &CollisionError{Path: dir, First: entries[i].File.Path, Second: e.File.Path}
			}
		}
	}
	return nil
}

func comparePath(e Entry, path string) int { return strings.Compare(e.Path, path) }

// checkPrefix accepts what manifests accepts as the name of a folder.
func checkPrefix(prefix string) error {
	bad := strings.TrimSpace(prefix) != prefix || prefix == "" || prefix == "." || strings.HasSuffix(prefix, "..") ||
		strings.ContainsAny(prefix, `/\`) ||
		strings.ContainsFunc(prefix, unicode.IsControl) ||
		!utf8.ValidString(prefix) || len(prefix) > 255
	if bad {
		return &prefixError{prefix}
	}
	return nil
}

type prefixError struct{ prefix string }

func (e *prefixError) Error() string { return fmt.Sprintf("%v: %.80q", ErrInvalidPrefix, e.prefix) }

func (e *prefixError) Unwrap() error { return ErrInvalidPrefix }

func (e *prefixError) Hint() string {
	return "give the tree a prefix of its own, the name of one folder, where that of the source directory does not serve"
}
