package preflight

import (
	"bytes"
	"hash/maphash"
	"maps"
	"sync"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/ignore"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/manifests"
)

// Cache remembers the parsed content of the files of a tree. A caller that reads
// the files before [Check] does, such as packager.Plan.Pack, can pass their content
// to [Cache.Observe]; Check then reads only the rest. A Cache that is used again
// parses only changed files. The findings are the same with and without one.
//
// The zero value is ready to use, and safe for concurrent use. It serves one tree:
// another replaces it. Its memory grows with the number of files and objects, not
// with their size.
type Cache struct {
	mu       sync.Mutex // guards all below
	seed     maphash.Seed
	files    map[string]*seen // by path
	scanners []*objects.Scanner
}

// seen is a file that was parsed. It is immutable.
type seen struct {
	file manifests.File // of the last Set in which its content was this
	sum  uint64
	*facts
}

// facts are the parsed content of a file. They are immutable.
type facts struct {
	content objects.File
	rules   []flux.Rule // of an ignore file
	// likeObject reports that Argo CD refuses a file that it cannot parse, because
	// the file looks like a manifest.
	likeObject bool
}

// Observe parses the content of a file, and keeps nothing of the content. It is a
// function for packager.Plan.Pack.
func (c *Cache) Observe(f manifests.File, content []byte) {
	if f.Size <= limitOf(f.Path) {
		c.parse(f, content)
	}
}

// limitOf returns how large a file may be to be parsed. It is negative for a file
// that no rule needs, such as one that kustomizations generate from.
func limitOf(path string) int64 {
	switch {
	case isSourceIgnore(path):
		return ignore.MaxSize
	case filename.IsManifest(path) || isKustomization(path):
		return objects.MaxBytes
	}
	return -1
}

// parse returns the facts of a file, from memory if its content is unchanged.
func (c *Cache) parse(f manifests.File, content []byte) *facts {
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

// find returns the facts of a file of this very Set, or nil if it was not parsed.
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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scanners = append(c.scanners, scanner)
	return f
}

// takeScanner returns a Scanner that no other goroutine uses.
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

// looksLikeObject is the test of Argo CD (getObjsFromYAMLOrJSON there).
func looksLikeObject(data []byte) bool {
	for _, key := range []string{"apiVersion:", "kind:", "metadata:"} {
		if !bytes.Contains(data, []byte(key)) {
			return false
		}
	}
	return true
}
