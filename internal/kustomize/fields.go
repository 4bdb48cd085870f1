package kustomize

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/redact"
)

// value is a node and its position in the document.
type value struct {
	field string
	at    *yaml.Node // as written in the file
	node  *yaml.Node // the same, or the target of an alias
}

func (v value) null() bool { return v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!null" }

// empty reports whether decoding the value leaves a field as it is without one.
func (v value) empty() bool {
	return v.null() || len(v.node.Content) == 0 && v.node.Value == ""
}

// mark returns the position of the value.
func (v value) mark() Mark { return Mark{v.field, v.at.Line, v.at.Column} }

type parser struct {
	budget  int             // nodes and bytes that may still be visited
	merging int             // nested merges
	made    map[object]bool // by the generators before
	keys    map[string]bool // of the generator that is read
	inline  value           // the text of the patch that is read
	found   Kustomization
	err     *Error
}

// value resolves an alias, and charges the budget for the visit.
func (p *parser) value(field string, at *yaml.Node) value {
	v := value{field: field, at: at, node: at}
	if at.Kind == yaml.AliasNode {
		v.node = at.Alias
	}
	if p.budget -= 1 + len(v.node.Value); p.budget < 0 {
		p.fail(v, ErrAliases)
	}
	return v
}

// field is a field of a mapping.
type field struct {
	value
	name  string
	key   *yaml.Node
	own   bool // not merged
	order int
}

// path returns the field with those above it. Until it is visited, its value has only
// those above, since most names of a hostile file are never needed.
func (f field) path() string { return strings.TrimPrefix(f.field+"."+shorten(f.name), ".") }

// fields visits the fields of a mapping as kustomize decodes them. It sets one after the
// other, those of a merge in the place of the merge, so that the last value of a name
// remains. If names are known in any case, those of one name are decoded in their byte
// order.
func (p *parser) fields(v value, anyCase bool, visit func(field)) {
	all := map[string]field{}
	p.collect(v, all, true)
	if p.err != nil {
		return
	}
	last := map[string]string{} // of the names in any case
	if anyCase {
		for name := range all {
			folded := strings.ToLower(name)
			last[folded] = max(last[folded], name)
		}
	}
	for _, f := range slices.SortedFunc(maps.Values(all), func(a, b field) int { return cmp.Compare(a.order, b.order) }) {
		if kept := last[strings.ToLower(f.name)]; anyCase && kept != f.name {
			p.lose(f, all[kept])
		} else if p.err == nil {
			f.field = f.path()
			visit(f)
		}
	}
}

// collect sets the fields of a mapping, own or merged ones.
func (p *parser) collect(v value, all map[string]field, own bool) {
	if v.null() {
		return
	}
	if v.node.Kind != yaml.MappingNode {
		p.fail(v, ErrNotMapping)
		return
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := p.value(v.field, v.node.Content[i])
		name := key.node.Value
		f := field{p.value(v.field, v.node.Content[i+1]), name, key.at, own, -p.budget}
		if p.err != nil {
			return
		}
		if key.node.ShortTag() == "!!merge" {
			p.merge(f.value, all)
			continue
		}
		if before := all[name]; before.own && !own {
			p.lose(before, f)
		}
		all[name] = f
	}
}

// merge sets the fields of one mapping, or of a list of them of which the first takes
// precedence. A mapping may merge itself.
func (p *parser) merge(from value, all map[string]field) {
	if p.merging++; p.merging > maxDepth {
		p.fail(from, ErrAliases)
		return
	}
	defer func() { p.merging-- }()
	if from.node.Kind != yaml.SequenceNode {
		p.collect(from, all, false)
		return
	}
	for _, node := range slices.Backward(from.node.Content) {
		if p.err != nil {
			return
		}
		p.collect(p.value(from.field, node), all, false)
	}
}

// lose records that a value of the file is replaced. That of a key which is there again
// is not recorded, since each parser of YAML finds it.
func (p *parser) lose(f, kept field) {
	if f.own {
		f.at, f.field = f.key, f.path()
		p.fault(f.value, Fault{Err: ErrLost, Kept: kept.key.Line})
	}
}

// maxMarks is how many positions of one kind are kept of a file.
const maxMarks = 100

func keep(marks *[]Mark, m Mark) {
	if len(*marks) < maxMarks {
		*marks = append(*marks, m)
	}
}

// fault records a fault for which the file can be parsed nevertheless.
func (p *parser) fault(v value, f Fault) {
	if len(p.found.Faults) < maxMarks {
		f.Mark = v.mark()
		f.Field = redact.URLs(f.Field)
		p.found.Faults = append(p.found.Faults, f)
	}
}

func (p *parser) add(v value, path string, kind Kind) {
	if isRemote(path, kind) {
		p.found.Remote = true
		return
	}
	p.found.References = append(p.found.References, Reference{Field: v.field, Line: v.at.Line, Column: v.at.Column, Path: path, Kind: kind})
}

func (p *parser) fail(v value, err error) {
	if p.err == nil {
		p.err = &Error{Line: v.at.Line, Column: v.at.Column, Field: redact.URLs(v.field), Err: err}
	}
}

// shorten cuts a name that is longer than that of any field.
func shorten(name string) string {
	const longest = 60
	if len(name) <= longest {
		return name
	}
	name = redact.URLs(name) // before a cut through the middle of one
	return strings.ToValidUTF8(name[:min(longest, len(name))], "") + "…"
}
