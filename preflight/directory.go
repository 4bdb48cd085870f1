package preflight

import "path"

// byDirectory holds a value for each directory, which depends on that of the directory
// above it. It is computed once for all files in the directory.
type byDirectory[T any] struct {
	of    func(dir string, above T) T
	known map[string]T
}

func (b *byDirectory[T]) at(dir string) T {
	value, known := b.known[dir]
	if known {
		return value
	}
	var above T
	if parent := path.Dir(dir); parent != dir {
		above = b.at(parent)
	}
	value = b.of(dir, above)
	if b.known == nil {
		b.known = map[string]T{}
	}
	b.known[dir] = value
	return value
}

// outermost finds the outermost of some directories at or above another, "." included,
// or "".
func outermost(among map[string]bool) *byDirectory[string] {
	return &byDirectory[string]{of: func(dir, above string) string {
		if above == "" && among[dir] {
			return dir
		}
		return above
	}}
}
