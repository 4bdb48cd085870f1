package manifests

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/ignore"
)

// entryPath is the path of an entry in the Set, and in its tree.
type entryPath struct {
	path   string
	real   string // in the tree, with symbolic links resolved
	linked bool   // reached through a symbolic link that is not one of a volume
}

func (p entryPath) child(name string) entryPath {
	below := path.Join(p.path, name)
	if p.real == p.path { // the usual case
		return entryPath{below, below, p.linked}
	}
	return entryPath{below, path.Join(p.real, name), p.linked}
}

// directory is a directory that is walked. It does not change once its entries are
// visited, so a link in it can be followed later.
type directory struct {
	entryPath
	rules rules
	above *directory // nil at the top of a tree
	depth int
}

func (d *directory) below(at entryPath) *directory {
	return &directory{at, d.rules, d, d.depth + 1}
}

// sizeOf returns the bytes in the paths of an entry.
func (d *directory) sizeOf(name string) int {
	size := len(name)
	if d.path != "." {
		size += len(d.path) + len("/")
	}
	if d.real != d.path {
		size += len(d.real) + len("/") + len(name)
	}
	return size
}

// isWithin reports whether d, or a directory above it, is the one at real.
func (d *directory) isWithin(real string) bool {
	for ; d != nil; d = d.above {
		if d.real == real {
			return true
		}
	}
	return false
}

// walker walks trees, one after another, and adds their entries to a listing.
type walker struct {
	opts    Options
	trees   []tree
	reader  *Reader
	listing *listing
	entries int // in all trees; links can turn few into many

	ignoreFiles map[treePath]ignoreRules
	ignoreSize  int64 // of all ignore files

	tree   int // the current one
	fsys   fs.FS
	lister *lister

	resolvers []*resolver // by tree
	twice     bool        // a link to a directory was followed, which may be there twice now
}

// walk walks all of a tree.
func (w *walker) walk(ctx context.Context, tree int) error {
	t := w.trees[tree]
	top := &directory{entryPath{path: t.path, real: "."}, w.opts.rules.in(t.path), nil, t.depth()}
	return w.enter(ctx, tree, top)
}

// follow walks the directory that a skipped link leads to.
func (w *walker) follow(ctx context.Context, l directoryLink) error {
	if l.in.isWithin(l.real) {
		return &PathError{Path: l.path, Target: l.target, Err: ErrSymlinkLoop}
	}
	if err := checkName(l.path, true); err != nil {
		return err
	}
	return w.enter(ctx, l.tree, l.in.below(l.entryPath))
}

func (w *walker) enter(ctx context.Context, tree int, d *directory) error {
	w.tree, w.fsys = tree, w.reader.trees[tree].fsys
	w.lister = newLister(w.fsys, !w.opts.SkipIgnoreFiles)
	defer w.lister.close()
	return w.directory(ctx, d)
}

func (w *walker) directory(ctx context.Context, d *directory) error {
	if d.depth > w.opts.MaxDepth {
		return &PathError{Path: d.path, Err: &LimitError{"MaxDepth", int64(w.opts.MaxDepth)}}
	}
	entries, err := w.list(ctx, d)
	if err != nil {
		return err
	}
	version, err := w.version(d, entries)
	if err != nil {
		return err
	}
	if version != nil {
		return w.volume(ctx, d, version, entries)
	}
	if err := w.addIgnoreFile(ctx, d, entries); err != nil {
		return err
	}
	return w.visit(ctx, d, entries)
}

// visit visits entries of a directory.
func (w *walker) visit(ctx context.Context, d *directory, entries []fs.DirEntry) error {
	ahead := 0
	for i, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries[i] = nil // a directory can have many, and long names
		if e.IsDir() {
			ahead = w.readAhead(d, entries, max(ahead, i+1))
		}
		if err := w.entry(ctx, d, e); err != nil {
			return err
		}
	}
	return nil
}

// list returns the entries of a directory, sorted by name. They count against the limits
// even before they are visited, because they are held for as long as the directory is.
func (w *walker) list(ctx context.Context, d *directory) ([]fs.DirEntry, error) {
	entries, err := w.lister.read(d.real, func(more []fs.DirEntry) error {
		if err := w.count(len(more)); err != nil {
			return err
		}
		size := 0
		for _, e := range more {
			size += d.sizeOf(e.Name())
		}
		if err := w.listing.hold(size, w.opts); err != nil {
			return err
		}
		return ctx.Err()
	})
	switch ended := ctx.Err(); {
	case ended != nil:
		return nil, ended
	case err != nil && d.real == ".":
		return nil, &PathError{Path: d.path, Err: systemError(err)}
	case err != nil:
		return nil, &PathError{Path: d.path, Err: accessError(err)}
	}
	if _, disk := w.fsys.(*rootFS); !disk {
		entries = slices.Clone(entries) // the file system may hold them
		return entries, checkEntries(d.path, entries)
	}
	return entries, nil
}

// addIgnoreFile adds the rules of the directory's ignore file, if it has one.
func (w *walker) addIgnoreFile(ctx context.Context, d *directory, entries []fs.DirEntry) error {
	if w.opts.SkipIgnoreFiles {
		return nil
	}
	e := findIgnoreFile(entries)
	if e == nil {
		return nil
	}
	at, kind := d.child(ignoreFile), e.Type()
	if kind&fs.ModeSymlink != 0 {
		l, err := w.resolve(ctx, d, at)
		if err != nil {
			return err
		}
		at.real, kind = l.real, l.info.Mode().Type()
	}
	file, err := w.readIgnoreFile(at.real, kind)
	if err == nil && d.rules.size+len(file.text) > ignore.MaxSize {
		err = errTooManyRules
	}
	if err != nil {
		return &PathError{Path: at.path, Err: err}
	}
	d.rules = d.rules.with(d.path, file, at.path)
	return nil
}

// count counts entries.
func (w *walker) count(entries int) error {
	if w.entries += entries; w.entries > w.opts.MaxEntries {
		return &LimitError{"MaxEntries", int64(w.opts.MaxEntries)}
	}
	return nil
}

// lookUp counts an entry that a link leads through, and its name if that is kept.
func (w *walker) lookUp(name string) error {
	if err := w.count(1); err != nil {
		return err
	}
	return w.listing.hold(len(name), w.opts)
}

// readAhead reads the directories among entries concurrently with the walk, from the
// given position on. It returns the position to go on from, so that each entry is looked
// at once.
func (w *walker) readAhead(d *directory, entries []fs.DirEntry, from int) int {
	for ; from < len(entries) && !w.lister.busy(); from++ {
		if !entries[from].IsDir() {
			continue
		}
		if sub := d.child(entries[from].Name()); d.rules.enters(sub.path) {
			w.lister.expect(sub, d.rules)
		}
	}
	return from
}

func (w *walker) entry(ctx context.Context, d *directory, e fs.DirEntry) error {
	at, kind := d.child(e.Name()), e.Type()
	isLink := kind&fs.ModeSymlink != 0
	if filename.IsVersionControl(e.Name()) {
		listed := at.path
		if kind.IsDir() || isLink {
			listed += "/"
		}
		w.skip(at, listed, ReasonVersionControl)
		return nil
	}
	rule, ignored := d.rules.ignoring(at.path, kind.IsDir())
	if ignored && isLink { // one need not be resolved that is ignored as a directory, too
		_, ignored = d.rules.ignoring(at.path, true)
	}
	if ignored {
		return w.ignore(at, kind.IsDir(), rule)
	}
	if isLink {
		return w.link(ctx, d, at)
	}
	return w.include(ctx, d, at, kind, e.Info)
}

// link treats the symbolic link at at as the file or directory it leads to.
func (w *walker) link(ctx context.Context, d *directory, at entryPath) error {
	if err := checkName(at.path, false); err != nil {
		return err
	}
	l, err := w.resolve(ctx, d, at)
	if reason := w.opts.Symlinks.skipReason(err); reason != "" {
		w.skip(at, at.path, reason)
		return nil
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(strings.Split(l.real, "/"), filename.IsVersionControl) {
		w.skip(at, at.path, ReasonVersionControl)
		return nil
	}
	if err := w.listing.hold(len(l.real), w.opts); err != nil {
		return &PathError{Path: at.path, Err: err}
	}
	at.real, at.linked = l.real, true
	isDir := l.info.IsDir()
	if rule, ignored := d.rules.ignoring(at.path, isDir); ignored {
		return w.ignore(at, isDir, rule)
	}
	if isDir && w.opts.Symlinks == SymlinksFiles {
		w.skip(at, at.path+"/", ReasonSymlinkDirectory)
		w.listing.links = append(w.listing.links, directoryLink{at, l.target, w.tree, d})
		return nil
	}
	w.twice = w.twice || isDir
	return w.include(ctx, d, at, l.info.Mode().Type(), func() (fs.FileInfo, error) { return l.info, nil })
}

// resolver returns the resolver of the current tree.
func (w *walker) resolver() *resolver {
	if w.resolvers == nil {
		w.resolvers = make([]*resolver, len(w.trees))
	}
	r := &w.resolvers[w.tree]
	if *r == nil {
		*r = &resolver{w.fsys, w.opts.Symlinks, w.opts.MaxDepth, w.lookUp, map[string]bool{}, map[string]string{}}
	}
	return *r
}

// resolve resolves a link in d. A link to d, or to a directory above it, is a loop
// unless it is followed later or not at all.
func (w *walker) resolve(ctx context.Context, d *directory, at entryPath) (link, error) {
	l, err := w.resolver().resolve(ctx, at)
	if err == nil && w.opts.Symlinks != SymlinksFiles && d.isWithin(l.real) {
		return l, &PathError{Path: at.path, Target: l.target, Err: ErrSymlinkLoop}
	}
	return l, err
}

// include walks a directory, and adds a file to the listing if its name or the
// options ask for it.
func (w *walker) include(ctx context.Context, d *directory, at entryPath, kind fs.FileMode, stat func() (fs.FileInfo, error)) error {
	name := path.Base(at.path)
	switch {
	case kind.IsDir():
		if err := checkName(at.path, true); err != nil {
			return err
		}
		return w.directory(ctx, d.below(at))
	case !filename.IsManifest(name) && !w.opts.included(name):
		reason := ReasonExtension
		if !kind.IsRegular() {
			reason = ReasonSpecial
		}
		w.skip(at, at.path, reason)
		return nil
	case !kind.IsRegular() && w.opts.SkipSpecial:
		w.skip(at, at.path, ReasonSpecial)
		return nil
	case !kind.IsRegular():
		return &PathError{Path: at.path, Err: ErrSpecialFile}
	}
	if err := checkName(at.path, false); err != nil {
		return err
	}
	info, err := stat()
	if err == nil && info == nil {
		err = errNoInfo
	}
	if err != nil {
		return &PathError{Path: at.path, Err: accessError(err)}
	}
	return w.listing.add(newFile(at, w.tree, info), w.opts)
}

func (w *walker) skip(at entryPath, listed string, reason Reason) {
	why, _ := w.listing.cause(cause{reason: reason})
	w.listing.skipped = append(w.listing.skipped, omission{listed, at.real, why, int32(w.tree), at.linked})
}

// ignore skips an entry because of a rule.
func (w *walker) ignore(at entryPath, isDir bool, rule ignore.Rule) error {
	if isDir {
		at.path += "/"
	}
	why, added := w.listing.cause(cause{ReasonIgnored, rule})
	if added {
		if err := w.listing.hold(len(rule.Source), w.opts); err != nil {
			return &PathError{Path: at.path, Err: err}
		}
	}
	w.listing.skipped = append(w.listing.skipped, omission{path: at.path, why: why, tree: int32(w.tree)})
	return nil
}
