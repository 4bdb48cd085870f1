package preflight

import (
	"bytes"
	"hash/maphash"
	"maps"
	"sync"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/ignore"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/manifests"
)

// Cache remembers what is in the files of a tree. Who reads them anyway, before
// [Check] does, gives their content to [Cache.Read], and Check reads only the
// others. Who checks a tree again and again has only those parsed that changed.
// What Check finds is the same with and without.
//
// The zero value is ready to use, and safe for concurrent use. It serves one
// tree: another takes its place. Its memory grows with the number of files and
// objects, not with their size.
type Cache struct {
	mu       sync.Mutex // guards all below
	seed     maphash.Seed
	files    map[string]*seen // by path
	scanners []*objects.Scanner
}

// seen is a file that was read. It does not change.
type seen struct {
	file manifests.File // of the last Set in which its content was this
	sum  uint64
	*facts
}

// facts are what the content of a file says by itself. They do not change.
type facts struct {
	content objects.File
	rules   []flux.Rule // of a .sourceignore file
	// references are what a kustomization names, if it can be read.
	references []kustomize.Reference
	// likeObject says that Argo CD takes a file that it cannot parse for a broken
	// manifest, and not for something else.
	likeObject bool
}

// Read takes in the content of a file, of which nothing is kept. It is fit for
// packager.Options.OnFile.
func (c *Cache) Read(f manifests.File, content []byte) {
	if f.Size <= limitOf(f.Path) {
		c.look(f, content)
	}
}

// limitOf is how large a file may be to be looked into, and negative for one that
// nobody looks into.
func limitOf(path string) int64 {
	switch {
	case isSourceIgnore(path):
		return ignore.MaxSize
	case filename.IsManifest(path) || isKustomization(path):
		return objects.MaxBytes
	}
	return -1 // what kustomizations generate from
}

// look returns what is in a file.
func (c *Cache) look(f manifests.File, content []byte) *facts {
	seed, before := c.before(f.Path)
	sum := maphash.Bytes(seed, content)
	now := &seen{file: f, sum: sum}
	if before != nil && before.sum == sum && before.file.Size == f.Size {
		now.facts = before.facts
	} else {
		now.facts = c.scan(f.Path, content)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[f.Path] = now
	return now.facts
}

func (c *Cache) before(path string) (maphash.Seed, *seen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.seed, c.files = maphash.MakeSeed(), map[string]*seen{}
	}
	return c.seed, c.files[path]
}

// find returns what was in a file of this very Set, or nil for one that was not
// read.
func (c *Cache) find(f manifests.File) *facts {
	if _, s := c.before(f.Path); s != nil && s.file == f {
		return s.facts
	}
	return nil
}

// keep forgets all other files.
func (c *Cache) keep(files map[string]*source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.files, func(path string, _ *seen) bool { return files[path] == nil })
}

func (c *Cache) scan(path string, content []byte) *facts {
	if isSourceIgnore(path) {
		return &facts{rules: flux.ParseRules(content)}
	}
	scanner := c.takeScanner()
	f := &facts{content: scanner.Scan(path, content), likeObject: looksLikeObject(content)}
	if isKustomization(path) {
		f.references, _ = kustomize.Parse(content) // the Set knows what is wrong
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scanners = append(c.scanners, scanner)
	return f
}

// takeScanner returns one that nobody else uses.
func (c *Cache) takeScanner() *objects.Scanner {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.scanners) - 1
	if last < 0 {
		return new(objects.Scanner)
	}
	scanner := c.scanners[last]
	c.scanners = c.scanners[:last]
	return scanner
}

func looksLikeObject(data []byte) bool {
	for _, key := range []string{"apiVersion:", "kind:", "metadata:"} {
		if !bytes.Contains(data, []byte(key)) {
			return false
		}
	}
	return true
}
