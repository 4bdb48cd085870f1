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
	kustomizations map[string]parsed
	size           int64
	omitted        int
	sum            [sha256.Size]byte
}

// parsed is the result for a file, and the digest of its content.
type parsed struct {
	kustomization *Kustomization
	sum           [sha256.Size]byte
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
		p.kustomizations = map[string]parsed{}
	}
	own := sha256.Sum256(content)
	p.kustomizations[path] = parsed{k, own}
	p.sum = sha256.Sum256(append(append(p.sum[:], own[:]...), path...))
}

// ParsedSum identifies the paths and the content of the kustomizations that were kept.
func (p *Parsed) ParsedSum() [sha256.Size]byte { return p.sum }

// Kustomization returns the result for the kustomization at path, and whether it was
// kept. The caller must not modify it.
func (p *Parsed) Kustomization(path string) (*Kustomization, bool) {
	kept, found := p.kustomizations[path]
	return kept.kustomization, found
}

// MatchesParsed reports whether the result that was kept for the file at path, of size bytes,
// is that of its content, which read returns. It does not call read if no result was kept, or
// for a file that is too large to parse. p may be nil.
func (p *Parsed) MatchesParsed(path string, size int64, read func() ([]byte, error)) (bool, error) {
	if p == nil || size > MaxSize {
		return true, nil
	}
	kept, found := p.kustomizations[path]
	if !found {
		return true, nil
	}
	content, err := read()
	return kept.sum == sha256.Sum256(content), err
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
	size = int64(unsafe.Sizeof(*k)) + int64(len(k.Namespace)+len(k.Prefix)+len(k.Suffix))
	for _, r := range k.References {
		size += int64(unsafe.Sizeof(r)) + int64(len(r.Field)+len(r.Path))
	}
	for _, g := range k.Generators {
		size += int64(unsafe.Sizeof(g)) + int64(len(g.Field)+len(g.Namespace)+len(g.Name))
	}
	for _, marks := range [][]Mark{k.Charts, k.Programs, k.Secrets} {
		for _, m := range marks {
			size += int64(unsafe.Sizeof(m)) + int64(len(m.Field))
		}
	}
	for _, n := range k.Targets {
		size += int64(unsafe.Sizeof(n)) + int64(len(n.Field)+len(n.APIVersion)+len(n.Kind)+len(n.Name)+len(n.Namespace))
	}
	for _, f := range k.Faults {
		size += int64(unsafe.Sizeof(f)) + int64(len(f.Field)+len(f.Closest))
	}
	return size
}
