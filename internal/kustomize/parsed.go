package kustomize

// maxParsed bounds the references that Parsed keeps, because a kustomization of 1 MiB
// can contain 200,000. No handwritten tree comes near it.
const maxParsed = 200_000

// Parsed holds the references of kustomizations that were parsed before. The zero
// value is empty. References is safe for concurrent use, Add is not.
type Parsed struct {
	references map[string][]Reference
	size       int
}

// Add keeps the result of [Parse] for the kustomization at path, unless that exceeds
// the bound.
func (p *Parsed) Add(path string, references []Reference) {
	if p.size+len(references) > maxParsed {
		return
	}
	p.size += len(references)
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
