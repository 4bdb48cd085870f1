package kustomize

import "unsafe"

// maxParsed bounds the memory of the references that Parsed keeps, because a
// kustomization of 1 MiB can contain 200,000. No handwritten tree comes near it.
const maxParsed = 24 << 20

// Parsed holds the results of parsing kustomizations. The zero value
// is empty. Its methods are safe for concurrent use, unless they add something.
type Parsed struct {
	references map[string][]Reference
	size       int64
	omitted    int
}

// Add keeps the result of [Parse] for the kustomization at path, unless that exceeds
// the bound.
func (p *Parsed) Add(path string, references []Reference) {
	size := Size(references)
	if p.size+size > maxParsed {
		return
	}
	p.size += size
	if p.references == nil {
		p.references = map[string][]Reference{}
	}
	p.references[path] = references
}

// References returns the references of the kustomization at path, and whether they were
// kept. A file that Parse refused has none. The caller must not modify them.
func (p *Parsed) References(path string) ([]Reference, bool) {
	references, found := p.references[path]
	return references, found
}

// OmitProblem counts a problem that is not listed.
func (p *Parsed) OmitProblem() { p.omitted++ }

// OmittedProblems returns how many problems are not listed.
func (p *Parsed) OmittedProblems() int { return p.omitted }

// Size returns the bytes that references take in memory.
func Size(references []Reference) (size int64) {
	for _, r := range references {
		size += int64(unsafe.Sizeof(r)) + int64(len(r.Field)+len(r.Path))
	}
	return size
}
