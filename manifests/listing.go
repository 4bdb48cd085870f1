package manifests

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
)

// listing is the result of walking trees. Entries are only ever appended.
type listing struct {
	files   []File
	skipped []omission
	links   []directoryLink // among skipped, under [SymlinksFiles]
	size    int64
}

// omission is an entry that was skipped.
type omission struct {
	Skipped
	tree int
	real string // path in the tree of a file with another extension
}

// directoryLink is a symbolic link to a directory that was not followed.
type directoryLink struct {
	entryPath
	target string // as written
	tree   int
	in     *directory
}

func newFile(at entryPath, t tree, index int, info fs.FileInfo) File {
	return File{at.path, info.Size(), &found{index, at.real, info.ModTime(), t.below(at.path) != at.real}}
}

func (l *listing) skip(o omission) { l.skipped = append(l.skipped, o) }

// add appends a file, unless that exceeds a limit.
func (l *listing) add(f File, opts Options) error {
	l.size += f.Size
	switch {
	case f.Size == 0 && !opts.AllowEmptyFiles && filename.IsManifest(f.Path):
		return &PathError{Path: f.Path, Err: ErrEmptyFile}
	case f.Size > opts.MaxFileSize:
		return &PathError{Path: f.Path, Err: &LimitError{"MaxFileSize", opts.MaxFileSize}}
	case l.size > opts.MaxTotalSize:
		return &PathError{Path: f.Path, Err: &LimitError{"MaxTotalSize", opts.MaxTotalSize}}
	case len(l.files) >= opts.MaxFiles:
		return &PathError{Path: f.Path, Err: &LimitError{"MaxFiles", int64(opts.MaxFiles)}}
	}
	l.files = append(l.files, f)
	return nil
}

// addSkipped adds a file that the walk skipped because of its extension.
func (l *listing) addSkipped(o omission, t tree, fsys fs.FS, opts Options) error {
	info, err := fs.Lstat(fsys, o.real)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() { // it was a file before
		return &PathError{Path: o.Path, Err: ErrFileChanged}
	}
	if err != nil {
		return &PathError{Path: o.Path, Err: systemError(err)}
	}
	return l.add(newFile(entryPath{o.Path, o.real}, t, o.tree, info), opts)
}

func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

// sortedSkipped returns the skipped entries for which keep returns true.
func (l *listing) sortedSkipped(keep func(omission) bool) []Skipped {
	var skipped []Skipped
	for _, o := range l.skipped {
		if keep(o) {
			skipped = append(skipped, o.Skipped)
		}
	}
	slices.SortFunc(skipped, func(a, b Skipped) int { return strings.Compare(a.Path, b.Path) })
	return skipped
}
