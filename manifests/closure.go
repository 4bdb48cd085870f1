package manifests

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
)

// maxProblems bounds what a file that is no kustomization can fill memory with.
const maxProblems = 10_000

// closure takes along what the kustomizations of a Set name and the extension
// filter dropped, and notes what they name in vain. It goes by the paths in the
// Set, where links are resolved: that is the tree which the consumer unpacks.
type closure struct {
	*walker
	files   map[string]File
	folders map[string]bool    // that hold anything, taken or not
	skipped map[string]leftOut // with a trailing slash for folders
	whole   map[string]bool    // folders that are taken whole
	named   map[string][]reference
}

// leftOut is an entry that was left out.
type leftOut struct {
	reason Reason
	trees  []int // that have it
}

// reference is where one kustomization's folder is named in that of another.
type reference struct {
	folder string
	at     Problem
}

// closeOver completes the Set. The error is that of a file which is taken along
// or read and breaks the rules for every file of a Set, or that of ctx.
func (w *walker) closeOver(ctx context.Context) error {
	var found []string
	for _, f := range w.set.files {
		if kustomize.IsName(path.Base(f.Path)) {
			found = append(found, f.Path)
		}
	}
	var dropped []string // kustomizations that have no extension
	for _, s := range w.set.skipped {
		if s.Reason == ReasonExtension && kustomize.IsName(path.Base(s.Path)) {
			dropped = append(dropped, s.Path)
		}
	}
	if len(found)+len(dropped) == 0 {
		return nil
	}
	c := w.newClosure()
	for _, name := range dropped {
		if err := c.take(name); err != nil {
			return err
		}
	}
	found = append(found, dropped...)
	slices.Sort(found)
	for _, name := range found {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.read(name); err != nil {
			return err
		}
	}
	if err := c.takeTrees(); err != nil {
		return err
	}
	c.findLoops(found)
	w.set.skipped = slices.DeleteFunc(w.set.skipped, func(s Skipped) bool { return c.has(s.Path) })
	slices.SortStableFunc(w.set.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	return nil
}

func (w *walker) newClosure() *closure {
	c := &closure{
		walker: w,
		files:  map[string]File{}, folders: map[string]bool{}, skipped: map[string]leftOut{}, whole: map[string]bool{},
		named: map[string][]reference{},
	}
	hold := func(name string) {
		for dir := path.Dir(name); !c.folders[dir]; dir = path.Dir(dir) {
			c.folders[dir] = true
		}
	}
	for _, f := range w.set.files {
		c.files[f.Path] = f
		hold(f.Path)
	}
	tree := 0
	for i, s := range w.set.skipped {
		for tree+1 < len(w.skips) && i >= w.skips[tree+1] {
			tree++
		}
		c.skipped[s.Path] = leftOut{s.Reason, append(c.skipped[s.Path].trees, tree)}
		hold(strings.TrimSuffix(s.Path, "/"))
	}
	return c
}

// read follows all that one kustomization names.
func (c *closure) read(name string) error {
	at := Problem{File: name}
	if other := c.kustomization(path.Dir(name)); other != name {
		c.note(at, other, faultDuplicate)
	}
	file := c.files[name]
	// Of what is too large to be one, no more than that is read.
	text := make([]byte, min(file.Size, kustomize.MaxSize+1))
	if file.Size <= kustomize.MaxSize {
		if err := c.reader.ReadFile(file, text); err != nil {
			return err
		}
	}
	references, err := kustomize.Parse(text)
	if wrong, ok := errors.AsType[*kustomize.Error](err); ok {
		at.Line, at.Column, at.Field = wrong.Line, wrong.Column, wrong.Field
		c.note(at, "", &fault{ProblemInvalid, "not a valid kustomization: " + wrong.Reason()})
	}
	for _, r := range references {
		at.Line, at.Column, at.Field = r.Line, r.Column, r.Field
		wrong, err := c.follow(at, r)
		if err != nil {
			return err
		}
		if wrong != nil {
			c.note(at, r.Path, wrong)
		}
	}
	return nil
}

func (c *closure) note(at Problem, path string, f *fault) {
	at.Path, at.Code, at.Message = path, f.code, f.message
	if len(c.set.problems) < maxProblems {
		c.set.problems = append(c.set.problems, at)
	}
}

// kustomization is the first in a folder, or "".
func (c *closure) kustomization(folder string) string {
	for _, base := range kustomize.Names() {
		if name := path.Join(folder, base); c.has(name) {
			return name
		}
	}
	return ""
}

// follow makes sure that what is named is in the Set, or says what is wrong.
func (c *closure) follow(at Problem, r kustomize.Reference) (wrong *fault, err error) {
	target := path.Join(path.Dir(at.File), r.Path)
	entry, skipped := c.skipped[target]
	file := c.has(target) || skipped && entry.reason == ReasonExtension
	switch {
	case path.IsAbs(r.Path) || target == ".." || strings.HasPrefix(target, "../"):
		return faultOutside, nil
	case len(target) > maxPathLength:
		return faultMissing, nil
	case target == at.File:
		return faultLoop, nil
	case file && (r.Kind == kustomize.Folder || r.Kind == kustomize.Tree):
		return faultFile, nil
	case file:
		return nil, c.take(target)
	case c.folders[target] && r.Kind == kustomize.Tree:
		c.whole[target] = true
		return nil, nil
	case c.folders[target] && r.Kind == kustomize.File:
		return faultDirectory, nil
	case c.folders[target]:
		return c.enter(at, r.Path, target), nil
	case skipped && entry.reason == ReasonSpecial:
		return faultSpecial, nil
	case skipped || c.inLeftOut(target):
		return faultSkipped, nil
	case r.Kind == kustomize.Tree:
		return nil, nil
	}
	return faultMissing, nil
}

// enter looks at the folder of another kustomization. What is below it is walked
// in any case.
func (c *closure) enter(at Problem, written, folder string) *fault {
	if holds(folder, path.Dir(at.File)) { // as kustomize has it
		return faultLoop
	}
	if c.kustomization(folder) != "" {
		at.Path = written
		from := path.Dir(at.File)
		c.named[from] = append(c.named[from], reference{folder, at})
		return nil
	}
	for _, base := range kustomize.Names() {
		if _, skipped := c.skipped[path.Join(folder, base)]; skipped {
			return faultSkipped
		}
	}
	return faultNoKustomization
}

// holds reports whether name is folder or below it.
func holds(folder, name string) bool {
	return folder == "." || name == folder || strings.HasPrefix(name, folder+"/")
}

// inLeftOut reports whether name is, or is in, a folder that was not entered.
func (c *closure) inLeftOut(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if _, skipped := c.skipped[name+"/"]; skipped {
			return true
		}
	}
	return false
}

// take adds a file to the Set that the extension filter dropped.
func (c *closure) take(name string) error {
	if c.has(name) {
		return nil
	}
	if err := checkName(name, false); err != nil {
		return err
	}
	trees := c.skipped[name].trees
	if len(trees) > 1 {
		return &CollisionError{Path: name, First: c.origin(trees[0], name), Second: c.origin(trees[1], name)}
	}
	c.enterTree(trees[0])
	real, info, err := c.look(name)
	if errors.Is(err, ErrSymlinkDangling) || err == nil && !info.Mode().IsRegular() { // it was a file before
		return &PathError{Path: name, Err: ErrFileChanged}
	}
	if err != nil {
		return err
	}
	if err := c.file(place{path: name, real: real}, func() (fs.FileInfo, error) { return info, nil }); err != nil {
		return err
	}
	c.files[name] = c.set.files[len(c.set.files)-1]
	return nil
}

func (c *closure) has(name string) bool {
	_, ok := c.files[name]
	return ok
}

// look finds a file again that the walk came by.
func (c *closure) look(name string) (string, fs.FileInfo, error) {
	below := c.set.trees[c.tree].below(name)
	if _, ok := c.fsys.(fs.ReadLinkFS); ok {
		return c.resolve(place{path: name, real: below})
	}
	info, err := fs.Stat(c.fsys, below) // without links, or the walk had failed
	if err != nil {
		return "", nil, &PathError{Path: name, Err: systemError(err)}
	}
	return below, info, nil
}

// takeTrees takes what is left in the folders of which all is needed.
func (c *closure) takeTrees() error {
	if len(c.whole) == 0 {
		return nil
	}
	for _, s := range c.set.skipped {
		for dir := path.Dir(s.Path); s.Reason == ReasonExtension; dir = path.Dir(dir) {
			if c.whole[dir] {
				if err := c.take(s.Path); err != nil {
					return err
				}
			}
			if dir == "." {
				break
			}
		}
	}
	return nil
}

// findLoops notes each reference that closes a circle of kustomizations.
func (c *closure) findLoops(kustomizations []string) {
	const entered, left = 1, 2
	state := map[string]int{}
	var visit func(folder string)
	visit = func(folder string) {
		state[folder] = entered
		for _, r := range c.named[folder] {
			switch state[r.folder] {
			case entered:
				c.note(r.at, r.at.Path, faultLoop)
			case left:
			default:
				visit(r.folder)
			}
		}
		state[folder] = left
	}
	for _, name := range kustomizations {
		if folder := path.Dir(name); state[folder] == 0 {
			visit(folder)
		}
	}
}
