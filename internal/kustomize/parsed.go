package kustomize

import (
	"crypto/sha256"
	"unsafe"
)

// maxParsed bounds the memory of the kustomizations that Parsed keeps, because one of
// 1 MiB can contain 200,000 references. No handwritten tree comes near it.
const maxParsed = 24 << 20

// Parsed holds the results of parsing kustomizations. The zero value
// is empty. Its methods are safe for concurrent use, unless they add something.
type Parsed struct {
	kustomizations map[string]*Kustomization
	size           int64
	omitted        int
	sum            [sha256.Size]byte
}

// Add keeps the result of [Parse] for the kustomization at path, nil included, unless
// that exceeds the bound.
func (p *Parsed) Add(path string, content []byte, k *Kustomization) {
	size := k.Size()
	if p.size+size > maxParsed {
		return
	}
	p.size += size
	if p.kustomizations == nil {
		p.kustomizations = map[string]*Kustomization{}
	}
	p.kustomizations[path] = k
	own := sha256.Sum256(content)
	p.sum = sha256.Sum256(append(append(p.sum[:], own[:]...), path...))
}

// ParsedSum identifies the paths and the content of the kustomizations that were kept.
func (p *Parsed) ParsedSum() [sha256.Size]byte { return p.sum }

// Kustomization returns the result for the kustomization at path, and whether it was
// kept. The caller must not modify it.
func (p *Parsed) Kustomization(path string) (*Kustomization, bool) {
	k, found := p.kustomizations[path]
	return k, found
}

// OmitProblem counts a problem that is not listed.
func (p *Parsed) OmitProblem() { p.omitted++ }

// OmittedProblems returns how many problems are not listed.
func (p *Parsed) OmittedProblems() int { return p.omitted }

// Size returns the bytes that the kustomization takes in memory. It may be nil.
func (k *Kustomization) Size() (size int64) {
	if k == nil {
		return 0
	}
	size = int64(unsafe.Sizeof(*k)) + int64(len(k.Namespace))
	for _, r := range k.References {
		size += int64(unsafe.Sizeof(r)) + int64(len(r.Field)+len(r.Path))
	}
	for _, marks := range [][]Mark{k.Charts, k.Programs, k.Secrets} {
		for _, m := range marks {
			size += int64(unsafe.Sizeof(m)) + int64(len(m.Field))
		}
	}
	for _, f := range k.Faults {
		size += int64(unsafe.Sizeof(f)) + int64(len(f.Field)+len(f.Closest))
	}
	return size
}
