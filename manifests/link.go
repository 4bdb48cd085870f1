package manifests

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

// SymlinkPolicy determines how symbolic links are treated. Links that are ignored,
// or have the name of a version-control directory, are skipped under each policy.
type SymlinkPolicy string

const (
	// SymlinksFollow treats a link as the file or directory it leads to. A link that
	// leaves the tree, leads to nothing or forms a loop is an error.
	SymlinksFollow SymlinkPolicy = "follow"
	// SymlinksFiles follows links to files. Links to directories are skipped and
	// reported with [ReasonSymlinkDirectory], unless a kustomization refers to the
	// directory or something below it: such a link is followed. The errors are those
	// of SymlinksFollow.
	SymlinksFiles SymlinkPolicy = "files"
	// SymlinksSkip follows links, but skips and reports those that are an error under
	// SymlinksFollow. An ignore file is never skipped: that would include the files
	// that it ignores.
	SymlinksSkip SymlinkPolicy = "skip"
	// SymlinksRefuse makes every link an error, [ErrSymlinkRefused].
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

// skipReason returns the reason to skip a link that cannot be followed because of
// err, or "".
func (p SymlinkPolicy) skipReason(err error) Reason {
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

// link is a symbolic link that was resolved.
type link struct {
	target string      // as written in the link
	real   string      // path of the entry it leads to, without links
	info   fs.FileInfo // of that entry
}

// resolveLink follows the symbolic link at at, whose directory is already resolved.
// It does by hand what the file system could do, so that a link out of the tree, a
// loop, and a link to nothing can be told apart on every platform and in every
// [fs.FS]. The error is a [*PathError].
func resolveLink(fsys fs.FS, at entryPath, policy SymlinkPolicy) (link, error) {
	if policy == SymlinksRefuse {
		target, _ := fs.ReadLink(fsys, at.real) // for the message
		return link{}, &PathError{Path: at.path, Target: target, Err: ErrSymlinkRefused}
	}
	linkFS, ok := fsys.(fs.ReadLinkFS)
	if !ok {
		return link{}, &PathError{Path: at.path, Err: ErrSymlinkEscapes}
	}
	var l link
	err := l.follow(linkFS, at.real)
	if err != nil {
		return link{}, &PathError{Path: at.path, Target: l.target, Err: err}
	}
	return l, nil
}

func (l *link) follow(fsys fs.ReadLinkFS, name string) error {
	var done []string
	links := 0
	for todo := strings.Split(name, "/"); len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(done) == 0 {
				return ErrSymlinkEscapes
			}
			done = done[:len(done)-1]
			continue
		}
		step := path.Join(path.Join(done...), part)
		info, err := fsys.Lstat(step)
		if errors.Is(err, fs.ErrNotExist) {
			return ErrSymlinkDangling
		}
		if err != nil {
			return systemError(err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if len(todo) > 0 && !info.IsDir() {
				return ErrSymlinkDangling
			}
			done = append(done, part)
			continue
		}
		if links++; links > maxLinks {
			return ErrSymlinkLoop
		}
		target, err := fsys.ReadLink(step)
		if err != nil {
			return systemError(err)
		}
		if l.target == "" {
			l.target = target
		}
		target = filepath.ToSlash(target)
		if path.IsAbs(target) || filepath.VolumeName(target) != "" {
			return ErrSymlinkEscapes
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	l.real = path.Join(append([]string{"."}, done...)...)
	// The last element may have been "..", so the last entry looked up need not be the
	// one that the link leads to.
	var err error
	if l.info, err = fsys.Lstat(l.real); err != nil {
		return systemError(err)
	}
	return nil
}
