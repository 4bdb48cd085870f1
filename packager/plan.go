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

	"github.com/kubeoci/oci/internal/collision"
	"github.com/kubeoci/oci/manifests"
)

var (
	// ErrCollision reports two entries of one name, or a file where a folder
	// has to be. The error in the chain is a [*CollisionError], or an
	// [*EntryError] where an archive is unpacked.
	ErrCollision = manifests.ErrCollision
	// ErrInvalidPrefix reports a prefix that is not the name of a folder.
	ErrInvalidPrefix = errors.New("invalid prefix")
)

// CollisionError names two files that cannot both be in the archive, as they are
// named in the Set. It matches [ErrCollision].
type CollisionError = manifests.CollisionError

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

// checkCollisions refuses entries, sorted by path, that cannot be in one archive.
func checkCollisions(entries []Entry) error {
	paths := make([]string, len(entries))
	for i, e := range entries {
		paths[i] = e.Path
	}
	if c := collision.Find(paths); c != nil {
		return &CollisionError{Path: c.Path, First: entries[c.First].File.Path, Second: entries[c.Second].File.Path}
	}
	return nil
}

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
