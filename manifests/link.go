package manifests

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// SymlinkPolicy determines how symbolic links are treated. Links that are ignored,
// or have the name of version-control data, are skipped under each policy. The
// links of a mounted volume present its files, see [Collect], under each policy but
// SymlinksRefuse.
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
	// SymlinksRefuse makes every link an error, [ErrSymlinkRefused], those of mounted
	// volumes included.
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

const (
	maxLinks = 40  // symbolic links that one name may lead through, as on Linux
	maxSteps = 500 // elements of all their targets: twice as many as two directories need that are 100 deep
)

// link is a symbolic link that was resolved.
type link struct {
	target string      // as written in the link
	real   string      // path of the entry it leads to, without links
	info   fs.FileInfo // of that entry
}

// resolver follows symbolic links in one tree. It does by hand what the file system could
// do, so that a link out of the tree, a loop, and a link to nothing can be told apart on
// every platform and in every [fs.FS].
type resolver struct {
	fsys     fs.FS
	policy   SymlinkPolicy
	maxDepth int
	// count counts a name that is kept or an entry that is looked up, apart from the
	// link and its target: links can make many lookups of few entries.
	count       func(name string) error
	directories map[string]bool   // known not to be links
	pinned      map[string]string // targets of each ..data
}

// resolve follows the symbolic link at at, whose directory is already resolved. The error
// is a [*PathError], or that of ctx.
func (r *resolver) resolve(ctx context.Context, at entryPath) (link, error) {
	if r.policy == SymlinksRefuse {
		target, _ := fs.ReadLink(r.fsys, at.real) // for the message
		return link{}, &PathError{Path: at.path, Target: target, Err: ErrSymlinkRefused}
	}
	linkFS, ok := r.fsys.(fs.ReadLinkFS)
	if !ok {
		return link{}, &PathError{Path: at.path, Err: ErrSymlinkEscapes}
	}
	var l link
	err := r.follow(ctx, linkFS, at.real, &l)
	if ended := ctx.Err(); ended != nil {
		return link{}, ended
	}
	if err != nil {
		return link{}, &PathError{Path: at.path, Target: l.target, Err: err}
	}
	return l, nil
}

func (r *resolver) follow(ctx context.Context, fsys fs.ReadLinkFS, name string, l *link) (err error) {
	todo, err := r.read(fsys, name, l)
	at, links := path.Dir(name), 1
	for steps := 1; err == nil && len(todo) > 0; steps++ {
		if steps > maxSteps {
			return errTooManySteps
		}
		part := todo[0]
		todo = todo[1:]
		step := path.Join(at, part)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case part == ".." && at == ".":
			return ErrSymlinkEscapes
		case part == "" || part == "." || part == ".." || r.directories[step]:
			at, l.info = step, nil
			continue
		}
		info, err := lstat(fsys, step)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return ErrSymlinkDangling
		case err != nil:
			return accessError(err)
		case info.Mode()&fs.ModeSymlink != 0:
			if links++; links > maxLinks {
				return ErrSymlinkLoop
			}
			more, err := r.read(fsys, step, l)
			if err == nil {
				err = r.count("")
			}
			if err != nil {
				return err
			}
			todo = append(more, todo...)
			continue
		case len(todo) > 0 && !info.IsDir():
			return ErrSymlinkDangling
		case len(todo) > 0:
			if err := r.enter(step); err != nil {
				return err
			}
		}
		at, l.info = step, info
	}
	if l.real = at; err == nil && l.info == nil {
		l.info, err = lstat(fsys, at)
		err = accessError(err)
	}
	return err
}

// enter notes that a path is that of a directory.
func (r *resolver) enter(at string) error {
	if strings.Count(at, "/") >= r.maxDepth {
		return &LimitError{"MaxDepth", int64(r.maxDepth)}
	}
	r.directories[at] = true
	return r.count(at)
}

// read returns the elements of the target of a link.
func (r *resolver) read(fsys fs.ReadLinkFS, name string, l *link) ([]string, error) {
	target, err := fsys.ReadLink(name)
	if _, disk := r.fsys.(*rootFS); !disk && errors.Is(err, fs.ErrInvalid) { // of fs.Sub, over one that cannot
		return nil, ErrSymlinkEscapes
	}
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, fs.ErrInvalid) { // not a link any more
		return nil, ErrFileChanged
	}
	if err != nil {
		return nil, accessError(err)
	}
	if l.target == "" {
		l.target = target
	}
	if path.Base(name) == dataLink {
		if err := r.pin(name, target); err != nil {
			return nil, err
		}
	}
	target = filepath.ToSlash(target)
	switch {
	case path.IsAbs(target) || filepath.VolumeName(target) != "":
		return nil, ErrSymlinkEscapes
	case len(target) > maxPathLength:
		return nil, ErrSymlinkDangling
	}
	return strings.Split(target, "/"), nil
}

// explain returns the error of a walk, or a better one if links are the cause: the version of
// a volume that a link led to was removed, or links to directories make a tree large.
func (w *walker) explain(ctx context.Context, err error) error {
	if errors.Is(err, ErrSymlinkDangling) {
		return cmp.Or(w.settled(ctx), err)
	}
	at, isPath := errors.AsType[*PathError](err)
	limit, isLimit := errors.AsType[*LimitError](err)
	if isPath && isLimit && w.twice && slices.Contains(limitsOfTrees, limit.Limit) {
		return &PathError{Path: at.Path, Target: at.Target, Err: linkLimitError{limit}}
	}
	return err
}

// limitsOfTrees are those that a tree exceeds in which links lead to large directories.
var limitsOfTrees = []string{"MaxFiles", "MaxTotalSize", "MaxDepth", "MaxEntries", "MaxNamesSize"}

// linkLimitError is the limit of a tree in which links to directories were followed.
type linkLimitError struct{ *LimitError }

func (e linkLimitError) Unwrap() error { return e.LimitError }

func (e linkLimitError) Hint() string {
	return "links lead to directories, whose files count again: set Collect.Symlinks to files, which skips such links, or raise Collect." + e.Limit
}
