package manifests

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/kubeoci/oci/internal/filename"
)

// Lengths that file systems (NAME_MAX, PATH_MAX on Linux) can hold.
const (
	maxNameLength = 255
	maxPathLength = 4096
)

// place is an entry under its own name, and where that really is.
type place struct {
	path string
	real string // path with its symbolic links resolved
}

func (p place) child(name string) place {
	below := path.Join(p.path, name)
	if p.real == p.path { // as it mostly is
		return place{below, below}
	}
	return place{below, path.Join(p.real, name)}
}

// walker walks the trees of a Set, one after another.
type walker struct {
	opts    Options
	set     *Set
	reader  *Reader
	skips   []int // how many entries were left out before each tree
	entries int   // in all, since links can make many of few

	tree    int      // the one at hand
	fsys    fs.FS    // that of the tree
	lister  *lister  // the same
	folders []string // the real paths of the folders that are being walked
}

// enterTree makes tree i the one at hand.
func (w *walker) enterTree(i int) { w.tree, w.fsys = i, w.reader.trees[i].fsys }

// walk goes through tree i.
func (w *walker) walk(ctx context.Context, i int) error {
	w.enterTree(i)
	t := w.set.trees[i]
	w.skips = append(w.skips, len(w.set.skipped))
	w.lister = newLister(w.fsys, !w.opts.SkipIgnoreFiles)
	defer w.lister.close()
	return w.folder(ctx, place{path: t.path, real: "."}, w.opts.rules.in(t.path))
}

func (w *walker) folder(ctx context.Context, at place, r rules) error {
	if w.set.trees[w.tree].depth()+len(w.folders) > w.opts.MaxDepth {
		return &PathError{Path: at.path, Err: &LimitError{"MaxDepth", int64(w.opts.MaxDepth)}}
	}
	w.folders = append(w.folders, at.real)
	defer func() { w.folders = w.folders[:len(w.folders)-1] }()

	entries, err := w.lister.read(at.real)
	if errors.Is(err, fs.ErrNotExist) && at.real != "." {
		return &PathError{Path: at.path, Err: ErrFileChanged}
	}
	if err != nil {
		return &PathError{Path: at.path, Err: systemError(err)}
	}
	if r, err = w.withIgnoreFile(at, entries, r); err != nil {
		return err
	}
	for i, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.entries++; w.entries > w.opts.MaxEntries {
			return &PathError{Path: at.path, Err: &LimitError{"MaxEntries", int64(w.opts.MaxEntries)}}
		}
		if entry.IsDir() {
			w.expect(at, entries[i+1:], r)
		}
		if err := w.entry(ctx, at.child(entry.Name()), entry, r); err != nil {
			return err
		}
	}
	return nil
}

// expect lets the folders that follow be read while one is walked.
func (w *walker) expect(at place, entries []fs.DirEntry, r rules) {
	for _, entry := range entries {
		if w.lister.busy() {
			return
		}
		if !entry.IsDir() {
			continue
		}
		if sub := at.child(entry.Name()); r.enters(sub.path) {
			w.lister.expect(sub, r)
		}
	}
}

func (w *walker) entry(ctx context.Context, at place, entry fs.DirEntry, r rules) error {
	name, kind, info := entry.Name(), entry.Type(), entry.Info
	link := kind&fs.ModeSymlink != 0
	if isVersionControl(name) && (kind.IsDir() || link) {
		w.skip(at.path+"/", ReasonVersionControl)
		return nil
	}
	// What is ignored as a file and as a folder need not be resolved.
	if p := r.ignoring(at.path, kind.IsDir()); p != nil && (!link || r.ignoring(at.path, true) != nil) {
		w.ignore(at.path, kind.IsDir(), p)
		return nil
	}
	if link {
		if err := checkName(at.path, false); err != nil {
			return err
		}
		real, target, err := w.follow(at)
		if reason := w.opts.Symlinks.passOver(err); reason != "" {
			w.skip(at.path, reason)
			return nil
		}
		if err != nil {
			return err
		}
		if slices.ContainsFunc(strings.Split(real, "/"), isVersionControl) {
			w.skip(at.path, ReasonVersionControl)
			return nil
		}
		at.real, kind = real, target.Mode().Type()
		info = func() (fs.FileInfo, error) { return target, nil }
		if p := r.ignoring(at.path, kind.IsDir()); p != nil {
			w.ignore(at.path, kind.IsDir(), p)
			return nil
		}
		if kind.IsDir() && w.opts.Symlinks == SymlinksFiles {
			w.skip(at.path+"/", ReasonSymlinkDirectory)
			return nil
		}
	}
	switch {
	case kind.IsDir():
		if err := checkName(at.path, true); err != nil {
			return err
		}
		return w.folder(ctx, at, r)
	case !filename.IsManifest(name) && !w.opts.included(name):
		reason := ReasonExtension
		if !kind.IsRegular() {
			reason = ReasonSpecial
		}
		w.skip(at.path, reason)
		return nil
	case !kind.IsRegular() && w.opts.SkipSpecial:
		w.skip(at.path, ReasonSpecial)
		return nil
	case !kind.IsRegular():
		return &PathError{Path: at.path, Err: ErrSpecialFile}
	}
	if err := checkName(at.path, false); err != nil {
		return err
	}
	return w.file(at, info)
}

func (w *walker) skip(path string, reason Reason) {
	w.set.skipped = append(w.set.skipped, Skipped{Path: path, Reason: reason})
}

func (w *walker) file(at place, stat func() (fs.FileInfo, error)) error {
	info, err := stat()
	if errors.Is(err, fs.ErrNotExist) {
		return &PathError{Path: at.path, Err: ErrFileChanged}
	}
	if err != nil {
		return &PathError{Path: at.path, Err: systemError(err)}
	}
	w.set.size += info.Size()
	switch {
	case info.Size() == 0 && !w.opts.AllowEmptyFiles && filename.IsManifest(at.path):
		return &PathError{Path: at.path, Err: ErrEmptyFile}
	case info.Size() > w.opts.MaxFileSize:
		return &PathError{Path: at.path, Err: &LimitError{"MaxFileSize", w.opts.MaxFileSize}}
	case w.set.size > w.opts.MaxTotalSize:
		return &PathError{Path: at.path, Err: &LimitError{"MaxTotalSize", w.opts.MaxTotalSize}}
	case len(w.set.files) >= w.opts.MaxFiles:
		return &PathError{Path: at.path, Err: &LimitError{"MaxFiles", int64(w.opts.MaxFiles)}}
	}
	w.set.files = append(w.set.files, File{at.path, info.Size(), &found{w.tree, at.real, info.ModTime()}})
	return nil
}

// checkName refuses what one consumer or another cannot unpack: Flux refuses
// backslashes, and ".." before a slash even inside a longer name; the rest does
// not survive every file system, terminal and log.
func checkName(p string, folder bool) error {
	name := path.Base(p)
	bad := !fs.ValidPath(p) || // not UTF-8, or an fs.FS that makes names up
		strings.ContainsRune(name, '\\') ||
		strings.ContainsFunc(name, unicode.IsControl) ||
		folder && strings.HasSuffix(name, "..") ||
		len(name) > maxNameLength || len(p) > maxPathLength
	if bad {
		return &PathError{Path: p, Err: ErrInvalidName}
	}
	return nil
}
