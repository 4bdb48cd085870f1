package manifests

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/filename"
)

// ErrNoMatch reports a pattern of [Directories] that no directory matches.
var ErrNoMatch = errors.New("no directory matches the pattern")

// Directories returns the directories of a root that match one of the patterns: their
// slash-separated paths relative to the root, sorted and each of them once.
//
// A pattern is a relative path such as "apps/*" or "clusters/*/apps/*". Each of its segments
// is a pattern of [path.Match] for one name. A name that begins with a dot is matched only
// by a segment that does too, and a directory of a version-control system by none. Ignore
// rules have no effect.
//
// Symbolic links that match are treated as opts.Symlinks determines: by default a link to a
// directory of the root is that directory, and one that leaves the root, leads to nothing or
// forms a loop is an error. Entries that are looked at count against opts.MaxEntries and
// opts.MaxNamesSize. root.Path and the other options have no effect.
//
// The error is that of [Root.Resolve], [Options.Resolve] or ctx, or a [*PathError] with the
// pattern and [ErrInvalidPattern] or [ErrNoMatch], or with the path of an entry and an error
// of [Collect]. Without patterns it has ErrInvalidPattern.
func Directories(ctx context.Context, root Root, patterns []string, opts Options) ([]string, error) {
	if err := calls.Check(ctx); err != nil {
		return nil, err
	}
	t, err := root.tree()
	if err != nil {
		return nil, err
	}
	if opts, err = opts.Resolve(); err != nil {
		return nil, err
	}
	if err := checkPatterns(patterns); err != nil {
		return nil, err
	}
	if root.FS == nil {
		return findDirectories(ctx, t, patterns, opts)
	}
	return calls.Await(ctx, func(ctx context.Context) ([]string, error) { return findDirectories(ctx, t, patterns, opts) })
}

// checkPatterns refuses patterns that could match nothing. With "**" a match of any depth
// would be expected, which path.Match does not have.
func checkPatterns(patterns []string) error {
	if len(patterns) == 0 {
		return &PathError{Err: errNoPattern}
	}
	for _, pattern := range patterns {
		if strings.Contains(pattern, "**") {
			return &PathError{Path: pattern, Err: errAnyDepth}
		}
		valid := pattern != "." && fs.ValidPath(pattern)
		for segment := range strings.SplitSeq(pattern, "/") {
			_, err := path.Match(segment, "")
			valid = valid && err == nil
		}
		if !valid {
			return &PathError{Path: pattern, Err: errDirectoryPattern}
		}
	}
	return nil
}

// finder finds directories by patterns.
type finder struct {
	*walker
	listed map[string][]fs.DirEntry // by path, so that each directory counts once
}

func findDirectories(ctx context.Context, t tree, patterns []string, opts Options) ([]string, error) {
	set := &Set{trees: []tree{t}}
	reader, err := set.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }() // only read from
	f := finder{
		&walker{opts: opts, trees: set.trees, reader: reader, listing: new(listing), fsys: reader.trees[0].fsys},
		map[string][]fs.DirEntry{},
	}
	f.lister = newLister(f.fsys, false)
	defer f.lister.close()
	found := map[string]bool{}
	for _, pattern := range patterns {
		matches, err := f.match(ctx, pattern)
		if err != nil {
			return nil, err
		}
		if len(matches) == 0 {
			return nil, &PathError{Path: pattern, Err: ErrNoMatch}
		}
		for _, d := range matches {
			found[d.path] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// match returns the directories that match a pattern.
func (f *finder) match(ctx context.Context, pattern string) ([]*directory, error) {
	level := []*directory{{entryPath: entryPath{path: ".", real: "."}}}
	for segment := range strings.SplitSeq(pattern, "/") {
		var below []*directory
		for _, d := range level {
			matches, err := f.below(ctx, d, segment)
			if err != nil {
				return nil, err
			}
			below = append(below, matches...)
		}
		level = below
	}
	return level, nil
}

// below returns the directories in d whose names match a segment of a pattern.
func (f *finder) below(ctx context.Context, d *directory, segment string) ([]*directory, error) {
	entries, found := f.listed[d.path]
	if !found {
		var err error
		if entries, err = f.list(ctx, d); err != nil {
			return nil, err
		}
		f.listed[d.path] = entries
	}
	var matches []*directory
	for _, e := range entries {
		name := e.Name()
		matched, _ := path.Match(segment, name) // the pattern is valid
		hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(segment, ".")
		if !matched || hidden || filename.IsVersionControl(name) {
			continue
		}
		at, isDir, err := f.kindOf(ctx, d, e)
		if err == nil && isDir {
			err = checkName(at.path, true)
		}
		if err != nil {
			return nil, err
		}
		if isDir {
			matches = append(matches, d.below(at))
		}
	}
	return matches, nil
}

// kindOf returns the path of an entry of d, and whether it is a directory or a link to one
// that the policy follows.
func (f *finder) kindOf(ctx context.Context, d *directory, e fs.DirEntry) (at entryPath, isDir bool, err error) {
	at = d.child(e.Name())
	if e.Type()&fs.ModeSymlink == 0 {
		return at, e.IsDir(), nil
	}
	l, err := f.resolve(ctx, d, at)
	if f.opts.Symlinks.skipReason(err) != "" {
		return at, false, nil
	}
	if err != nil {
		return at, false, err
	}
	at.real = l.real
	return at, l.info.IsDir() && f.opts.Symlinks != SymlinksFiles && !slices.ContainsFunc(strings.Split(l.real, "/"), filename.IsVersionControl), nil
}
