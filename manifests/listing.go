package manifests

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/ignore"
)

// listing is the result of walking trees. Entries are only ever appended.
type listing struct {
	files   []File
	skipped []omission
	links   []directoryLink // among skipped, under [SymlinksFiles]
	size    int64
	causes  map[cause]*cause // of the skipped entries
	names   int64            // bytes in all paths
}

// hold counts bytes of paths that are kept.
func (l *listing) hold(size int, opts Options) error {
	if l.names += int64(size); l.names > opts.MaxNamesSize {
		return &LimitError{"MaxNamesSize", opts.MaxNamesSize}
	}
	return nil
}

// omission is an entry that was skipped. It is small, because there can be many.
type omission struct {
	path string // with a trailing slash for a directory
	real string // path in the tree of a file with another extension
	why  *cause
	tree int32

	linked bool
}

// cause is the reason why entries were skipped.
type cause struct {
	reason Reason
	rule   ignore.Rule // for [ReasonIgnored]
}

// cause returns the one cause that is equal to c, and whether it is new.
func (l *listing) cause(c cause) (same *cause, added bool) {
	if same, found := l.causes[c]; found {
		return same, false
	}
	if l.causes == nil {
		l.causes = map[cause]*cause{}
	}
	l.causes[c] = &c
	return &c, true
}

// directoryLink is a symbolic link to a directory that was not followed.
type directoryLink struct {
	entryPath
	target string // as written
	tree   int
	in     *directory
}

func newFile(at entryPath, tree int, info fs.FileInfo) File {
	return File{at.path, info.Size(), &found{int32(tree), at.linked, at.real, info.ModTime()}}
}

// add appends a file, unless that exceeds a limit.
func (l *listing) add(f File, opts Options) error {
	switch {
	case f.Size < 0:
		return &PathError{Path: f.Path, Err: errNegativeSize}
	case f.Size > opts.MaxFileSize:
		return &PathError{Path: f.Path, Err: &LimitError{"MaxFileSize", opts.MaxFileSize}}
	case f.Size > opts.MaxTotalSize-l.size:
		return &PathError{Path: f.Path, Err: &LimitError{"MaxTotalSize", opts.MaxTotalSize}}
	case len(l.files) >= opts.MaxFiles:
		return &PathError{Path: f.Path, Err: &LimitError{"MaxFiles", int64(opts.MaxFiles)}}
	}
	l.files, l.size = append(l.files, f), l.size+f.Size
	return nil
}

// addSkipped adds a file that the walk skipped because of its extension.
func (l *listing) addSkipped(o omission, fsys fs.FS, opts Options) error {
	info, err := lstat(fsys, o.real)
	if err == nil && !info.Mode().IsRegular() { // it was a file before
		err = ErrFileChanged
	}
	if err != nil {
		return &PathError{Path: o.path, Err: accessError(err)}
	}
	return l.add(newFile(entryPath{o.path, o.real, o.linked}, int(o.tree), info), opts)
}

func sortFiles(ctx context.Context, files []File) error {
	return sortFunc(ctx, files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

// sortedSkipped returns the skipped entries for which keep returns true. The listing is
// of no use then.
func (l *listing) sortedSkipped(ctx context.Context, keep func(omission) bool) ([]omission, error) {
	skipped := slices.DeleteFunc(l.skipped, func(o omission) bool { return !keep(o) })
	return skipped, sortFunc(ctx, skipped, func(a, b omission) int { return strings.Compare(a.path, b.path) })
}

// sortFunc sorts, unless ctx ends: half a million entries take a while.
func sortFunc[E any](ctx context.Context, s []E, compare func(a, b E) int) error {
	compared, ended := 0, false
	slices.SortFunc(s, func(a, b E) int {
		if compared++; compared%batch == 0 {
			ended = ended || ctx.Err() != nil
		}
		if ended { // all equal, which ends soon
			return 0
		}
		return compare(a, b)
	})
	return ctx.Err()
}

// describe returns what a caller sees of skipped entries.
func describe(omissions []omission) []Skipped {
	if len(omissions) == 0 {
		return nil
	}
	sources := map[*cause]string{} // one text for all entries
	skipped := make([]Skipped, len(omissions))
	for i, o := range omissions {
		skipped[i] = Skipped{Path: o.path, Reason: o.why.reason}
		if o.why.rule.Pattern == nil {
			continue
		}
		source, found := sources[o.why]
		if !found {
			source = sourceOf(o.why.rule)
			sources[o.why] = source
		}
		skipped[i].Pattern, skipped[i].Source = o.why.rule.Text, source
	}
	return skipped
}
