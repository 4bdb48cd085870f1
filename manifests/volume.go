package manifests

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// dataLink is the name of the symbolic link by which Kubernetes updates a mounted
// ConfigMap, Secret or projected volume at once:
//
//	..2026_11_27_10_00_00.1234/app.yaml     the files, in a directory for each version
//	..data -> ..2026_11_27_10_00_00.1234    the version in force
//	app.yaml -> ..data/app.yaml             for each file and directory at the top
//
// The links to names that are new, or gone, are added and removed at another moment than
// ..data is replaced. A version itself never changes, and is removed at the end. So the
// files of a volume are those of the version in force, whose directory is listed, and
// ..data must be the same after all files were found.
const dataLink = "..data"

// isReserved reports whether a name is one that no file of a volume can have.
func isReserved(name string) bool { return strings.HasPrefix(name, "..") && len(name) > len("..") }

// version returns the directory of the version in force if d is a mounted volume, or nil.
// Its files have the paths of those in d.
func (w *walker) version(d *directory, entries []fs.DirEntry) (*directory, error) {
	if w.opts.Symlinks == SymlinksRefuse || !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isReserved(e.Name()) }) {
		return nil, nil
	}
	data := path.Join(d.real, dataLink)
	target, err := fs.ReadLink(w.fsys, data)
	if err != nil { // whatever it is, the walk meets it as well
		return nil, nil
	}
	name := path.Clean(filepath.ToSlash(target))
	if !isReserved(name) || strings.Contains(name, "/") {
		return nil, nil
	}
	if err := w.resolver().pin(data, target); err != nil {
		return nil, &PathError{Path: path.Join(d.path, dataLink), Err: err}
	}
	real := path.Join(d.real, name)
	if info, err := lstat(w.fsys, real); err != nil || !info.IsDir() {
		return nil, nil
	}
	return &directory{entryPath{d.path, real, d.linked}, d.rules, d, d.depth}, nil
}

// volume walks a mounted volume, of which entries are there besides a version.
func (w *walker) volume(ctx context.Context, d, version *directory, entries []fs.DirEntry) error {
	files, err := w.list(ctx, version)
	if err != nil {
		return err
	}
	published := map[string]bool{}
	for _, e := range files {
		published[e.Name()] = true
	}
	hidden := map[string]bool{} // by entries that are not the volume's
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		if w.isOfVolume(d, e, published) {
			return true
		}
		hidden[e.Name()] = true
		return false
	})
	files = slices.DeleteFunc(files, func(e fs.DirEntry) bool { return hidden[e.Name()] })

	if err := w.addIgnoreFile(ctx, d, entries); err != nil {
		return err
	}
	version.rules = d.rules
	if err := w.addIgnoreFile(ctx, version, files); err != nil {
		return err
	}
	d.rules = version.rules
	if err := w.visit(ctx, d, entries); err != nil {
		return err
	}
	return w.visit(ctx, version, files)
}

// isOfVolume reports whether an entry of a volume is part of how Kubernetes mounts it. It
// skips the entry unless it is the link to a file or directory that is published.
func (w *walker) isOfVolume(d *directory, e fs.DirEntry, published map[string]bool) bool {
	at, isLink := d.child(e.Name()), e.Type()&fs.ModeSymlink != 0
	if isReserved(e.Name()) {
		if !isLink && !e.IsDir() {
			return false
		}
		w.skip(at, at.path+"/", ReasonMountedVolume)
		return true
	}
	if !isLink {
		return false
	}
	target, err := fs.ReadLink(w.fsys, at.real)
	if err != nil || filepath.ToSlash(target) != path.Join(dataLink, e.Name()) {
		return false
	}
	if !published[e.Name()] {
		w.skip(at, at.path, ReasonMountedVolume)
	}
	return true
}

// settled returns an error if a volume has another version than it had when a link led
// through its ..data, or an ignore file was written to since it was read: a program that
// replaces the text may have left it empty for a moment.
func (w *walker) settled(ctx context.Context) error {
	for tree, r := range w.resolvers {
		if r == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(r.pinned)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if target, err := fs.ReadLink(r.fsys, name); err != nil || target != r.pinned[name] {
				return &PathError{Path: path.Join(w.trees[tree].path, name), Err: ErrFileChanged}
			}
		}
	}
	for at, file := range w.ignoreFiles {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := lstat(w.reader.trees[at.tree].fsys, at.real)
		if err == nil && (info.Size() != int64(len(file.text)) || !info.ModTime().Equal(file.modTime)) {
			err = ErrFileChanged
		}
		if err != nil {
			return &PathError{Path: path.Join(w.trees[at.tree].path, at.real), Err: accessError(err)}
		}
	}
	return nil
}

// pin remembers the target of the ..data of a volume. Another target than before is an
// error.
func (r *resolver) pin(name, target string) error {
	before, found := r.pinned[name]
	if found && before != target {
		return ErrFileChanged
	}
	if found {
		return nil
	}
	r.pinned[name] = target
	return r.count(name)
}
