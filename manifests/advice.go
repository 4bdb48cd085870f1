package manifests

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/closest"
	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/kustomize"
)

// Bounds of the time for comparing names. Whoever has more references to correct gets
// advice on the next ones afterwards.
const (
	maxAdvised  = 20
	maxCompared = 5_000
)

// outside returns the fault of a reference to a path above the source directory. Its hint
// names the trees to collect so that the path is among them.
func (c *closure) outside(target string, kind kustomize.Kind) *fault {
	f := *faultOutside
	above := 1
	for strings.HasPrefix(target, strings.Repeat("../", above+1)) || target == strings.Repeat("../", above)+".." {
		above++
	}
	ancestor := "the directory above"
	if above > 1 {
		ancestor = fmt.Sprintf("the directory %d levels above", above)
	}
	own := c.ownPath(above)
	if own == "" {
		f.hint = "collect " + ancestor + ", and begin Preflight.Path with the name of this one"
		return &f
	}
	f.hint = fmt.Sprintf("set SourcePath to %s and begin Preflight.Path with %s", ancestor, advice.Path(own))
	if kind == kustomize.File || kind == kustomize.FileOrDirectory && filename.IsManifest(target) {
		target = path.Dir(target)
	}
	if name := path.Join(own, target); name != "." && name != own && !strings.HasPrefix(own, name+"/") {
		f.hint += fmt.Sprintf(", or set Roots in place of SourcePath, this directory at %[1]s and its %[2]s at %[3]s, and begin Preflight.Path with %[1]s", advice.Path(own), advice.Path(target), advice.Path(name))
	}
	return &f
}

// ownPath returns the last names of the path of the source directory, or "" if it has not
// so many, or there are several trees.
func (c *closure) ownPath(names int) string {
	if len(c.trees) > 1 || c.trees[0].path != "." || c.trees[0].dir == "" {
		return ""
	}
	own, dir := "", c.trees[0].dir
	for range names {
		if filepath.Dir(dir) == dir {
			return ""
		}
		own, dir = path.Join(filepath.Base(dir), own), filepath.Dir(dir)
	}
	return own
}

// misspelt returns the fault of a reference from a directory to a missing path. Its hint
// names the path that is most like it.
func (c *closure) misspelt(from, target string, kind kustomize.Kind) *fault {
	if c.advised++; c.advised > maxAdvised {
		return faultMissing
	}
	dir := path.Dir(target)
	if !c.index.directories[dir] {
		dir = mostLike(dir, slices.Sorted(maps.Keys(c.index.directories)))
	}
	base := mostLike(path.Base(target), c.namesIn(dir, kind))
	like, err := filepath.Rel(filepath.FromSlash(from), filepath.FromSlash(path.Join(dir, base)))
	if dir == "" || base == "" || err != nil {
		return faultMissing
	}
	f := *faultMissing
	f.hint = "refer to " + advice.Path(filepath.ToSlash(like)) + ", which is spelt almost like it, or add the file"
	return &f
}

func mostLike(misspelt string, names []string) string {
	if len(names) > maxCompared {
		return ""
	}
	return closest.Of(misspelt, slices.Values(names))
}

// namesIn lists the entries of a directory to which a reference of that kind may lead.
func (c *closure) namesIn(dir string, kind kustomize.Kind) []string {
	found := map[string]bool{}
	add := func(name string) {
		if path.Dir(name) == dir && name != dir {
			found[path.Base(name)] = true
		}
	}
	if kind == kustomize.Directory || kind == kustomize.FileOrDirectory {
		for name := range c.index.directories {
			add(name)
		}
	}
	if kind != kustomize.Directory {
		for name := range c.index.files {
			add(name)
		}
		for name, i := range c.index.skipped {
			if c.listing.skipped[i].why.reason == ReasonExtension {
				add(name)
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// notFound returns ErrPathNotFound for a directory on disk. Its hint names the directory
// beside it that is most like it, if there is one.
func notFound(dir string) error {
	dir = filepath.Clean(dir)
	above, err := os.Open(filepath.Dir(dir) + string(filepath.Separator)) // does not block on a FIFO
	if err != nil {
		return ErrPathNotFound
	}
	defer func() { _ = above.Close() }() // only read from
	entries, _ := above.ReadDir(maxCompared)
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	like := closest.Of(filepath.Base(dir), slices.Values(names))
	if like == "" {
		return ErrPathNotFound
	}
	like = filepath.ToSlash(filepath.Join(filepath.Dir(dir), like))
	return &advice.Error{Err: ErrPathNotFound, Text: "check the path: " + advice.Path(like) + " is spelt almost like it"}
}
