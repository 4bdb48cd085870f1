package kustomize

// maxParsed bounds the references that Parsed keeps, since a kustomization of 1 MiB
// can hold 200,000. No tree that people write comes near it.
const maxParsed = 200_000

// Parsed holds the references of kustomizations that were parsed before. The zero
// value is empty. It is not safe for concurrent use until the last Add.
type Parsed struct {
	references map[string][]Reference
	size       int
}

// Add keeps what [Parse] returned for the kustomization at path, unless that is too
// much to keep.
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

// References returns the references of the kustomization at path, and whether it was
// kept. There are none for a file that Parse refused. The caller must not change
// them.
func (p *Parsed) References(path string) ([]Reference, bool) {
	references, found := p.references[path]
	return references, found
}
