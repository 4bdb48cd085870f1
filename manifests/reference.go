package manifests

import (
	"context"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
)

// reference is a path in a kustomization, and its position as a Problem.
type reference struct {
	kustomize.Reference
	at Problem
}

// resolve makes sure that what a reference leads to is in the Set, or records why
// it cannot be.
func (c *closure) resolve(ctx context.Context, r reference) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	target := path.Join(path.Dir(r.at.File), r.Path)
	isFile, isDir := c.index.isFile(c.listing, target), c.index.directories[target]
	var f *fault
	switch {
	case path.IsAbs(r.Path):
		f = faultOutside
	case target == ".." || strings.HasPrefix(target, "../"):
		f = c.outside(target, r.Kind)
	case len(target) > maxPathLength:
		f = faultMissing
	case target == r.at.File:
		f = faultLoop
	case c.isBehindLink(target):
		c.waiting = append(c.waiting, r)
	case isFile && (r.Kind == kustomize.Directory || r.Kind == kustomize.Tree):
		f = faultFile
	case isFile:
		return c.include(ctx, target)
	case isDir && r.Kind == kustomize.Tree:
		c.whole.wanted = append(c.whole.wanted, target)
	case isDir && r.Kind == kustomize.File:
		f = faultDirectory
	case isDir:
		f = c.enter(r, target)
	default:
		f = c.absence(path.Dir(r.at.File), target, r.Kind)
	}
	if f != nil {
		c.record(r.at, r.Path, f)
	}
	return nil
}

// isBehindLink reports whether target is a skipped link to a directory, or is below
// one, and has the link followed.
func (c *closure) isBehindLink(target string) bool {
	if len(c.index.links) == 0 {
		return false
	}
	for name := c.shallow(target); name != "."; name = path.Dir(name) {
		if len(c.index.links[name]) > 0 {
			c.following[name] = true
			return true
		}
	}
	return false
}

// enter looks up the kustomization of another directory. It is read in any case,
// because the walk found it.
func (c *closure) enter(r reference, dir string) *fault {
	from := path.Dir(r.at.File)
	if holds(dir, from) { // kustomize's own rule
		return faultLoop
	}
	if c.index.kustomization(dir) != "" {
		r.at.Path = r.Path
		c.edges[from] = append(c.edges[from], edge{dir, r.at})
		return nil
	}
	for _, base := range kustomize.Names() {
		if _, skipped := c.index.skipped[path.Join(dir, base)]; skipped {
			return faultSkipped
		}
	}
	return faultNoKustomization
}

// absence returns the fault of a reference to a path that is neither a file nor a
// directory of the Set.
func (c *closure) absence(from, name string, kind kustomize.Kind) *fault {
	i, skipped := c.index.skipped[name]
	switch {
	case skipped && c.listing.skipped[i].why.reason == ReasonSpecial:
		return faultSpecial
	case skipped || c.index.isInSkipped(c.shallow(name)):
		return faultSkipped
	case kind == kustomize.Tree: // kustomize fetches missing charts
		return nil
	}
	return c.misspelt(from, name, kind)
}

// shallow returns the part of a path that is not too deep to be in the Set, because
// looking up thousands of directories one by one takes long.
func (c *closure) shallow(name string) string {
	slashes := 0
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		if slashes++; slashes > c.opts.MaxDepth {
			return name[:i]
		}
	}
	return name
}
