package manifests

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// SymlinkPolicy says what to do about symbolic links. Those that are ignored, or
// have the name of a version-control folder, are left out under each.
type SymlinkPolicy string

const (
	// SymlinksFollow takes a link for what it leads to. One that leads out of the
	// tree, to nothing or in a circle is an error.
	SymlinksFollow SymlinkPolicy = "follow"
	// SymlinksFiles includes links to files. Links to directories are skipped and
	// reported with [ReasonSymlinkDirectory], unless a kustomization refers to
	// something behind one: that link is followed. All other links are treated as by
	// SymlinksFollow.
	SymlinksFiles SymlinkPolicy = "files"
	// SymlinksSkip does the same, but reports what is an error there as left out.
	// An ignore file is still not left out: that would let in what it ignores.
	SymlinksSkip SymlinkPolicy = "skip"
	// SymlinksRefuse makes each link an error, [ErrSymlinkRefused].
	SymlinksRefuse SymlinkPolicy = "refuse"
)

// resolve returns the policy without blanks around it, or the default.
func (p SymlinkPolicy) resolve() (SymlinkPolicy, error) {
	switch p := SymlinkPolicy(strings.TrimSpace(string(p))); p {
	case "":
		return SymlinksFollow, nil
	case SymlinksFollow, SymlinksFiles, SymlinksSkip, SymlinksRefuse:
		return p, nil
	}
	return "", &PathError{Path: string(p), Err: ErrUnknownSymlinkPolicy}
}

// passOver returns the reason to leave a link out that could not be followed
// because of err, or "".
func (p SymlinkPolicy) passOver(err error) Reason {
	switch {
	case p != SymlinksSkip:
		return ""
	case errors.Is(err, ErrSymlinkEscapes):
		return ReasonSymlinkEscapes
	case errors.Is(err, ErrSymlinkDangling):
		return ReasonSymlinkDangling
	case errors.Is(err, ErrSymlinkLoop):
		return ReasonSymlinkLoop
	}
	return ""
}

// maxLinks is how many symbolic links one name may lead through, as on Linux.
const maxLinks = 40

// follow is resolve where links may be followed.
func (w *walker) follow(at place) (string, fs.FileInfo, error) {
	if w.opts.Symlinks == SymlinksRefuse {
		target, _ := fs.ReadLink(w.fsys, at.real) // for the message
		return "", nil, &PathError{Path: at.path, Target: target, Err: ErrSymlinkRefused}
	}
	return w.resolve(at)
}

// resolve follows the symbolic link at at, whose folder is already resolved,
// to a path without links. It does by hand what the file system could do, so
// that a link out of the tree, a loop, and a link to nothing can be told apart
// on every platform and in every [fs.FS].
func (w *walker) resolve(at place) (string, fs.FileInfo, error) {
	fail := func(target string, err error) (string, fs.FileInfo, error) {
		return "", nil, &PathError{Path: at.path, Target: target, Err: err}
	}
	fsys, ok := w.fsys.(fs.ReadLinkFS)
	if !ok {
		return fail("", ErrSymlinkEscapes)
	}
	var first string // what the link itself says, for messages
	var info fs.FileInfo
	var done []string
	links := 0
	for todo := strings.Split(at.real, "/"); len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(done) == 0 {
				return fail(first, ErrSymlinkEscapes)
			}
			done = done[:len(done)-1]
			continue
		}
		name := path.Join(path.Join(done...), part)
		var err error
		info, err = fsys.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return fail(first, ErrSymlinkDangling)
		}
		if err != nil {
			return fail(first, systemError(err))
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if len(todo) > 0 && !info.IsDir() {
				return fail(first, ErrSymlinkDangling)
			}
			done = append(done, part)
			continue
		}
		if links++; links > maxLinks {
			return fail(first, ErrSymlinkLoop)
		}
		target, err := fsys.ReadLink(name)
		if err != nil {
			return fail(first, systemError(err))
		}
		if first == "" {
			first = target
		}
		target = filepath.ToSlash(target)
		if path.IsAbs(target) || filepath.VolumeName(target) != "" {
			return fail(first, ErrSymlinkEscapes)
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	real := path.Join(done...)
	if real == "" { // the root itself, which is among w.folders
		return fail(first, ErrSymlinkLoop)
	}
	// The last element may have been "..", so what was looked at last need not
	// be what the link leads to.
	info, err := fsys.Lstat(real)
	if err != nil {
		return fail(first, systemError(err))
	}
	if slices.Contains(w.folders, real) {
		return fail(first, ErrSymlinkLoop)
	}
	return real, info, nil
}
