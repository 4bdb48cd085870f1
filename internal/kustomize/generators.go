package kustomize

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// object identifies what a generator makes.
type object struct{ kind, namespace, name string }

// generator applies the rule of a generator, and finds faults that kustomize finds when it
// runs it.
func generator(kind string, read rule) rule {
	return func(p *parser, v value) {
		p.keys = map[string]bool{}
		if read(p, v); p.err != nil || v.node.Kind != yaml.MappingNode {
			return
		}
		given := p.given(v)
		namespace, behavior := given["namespace"].Value, given["behavior"].Value
		made := object{kind, cmp.Or(namespace, "default"), given["name"].Value}
		changes := behavior == "merge" || behavior == "replace"
		switch {
		case made.name == "":
			p.fault(v, Fault{Err: ErrNoName})
		case p.made[made] && !changes:
			p.fault(v, Fault{Err: ErrSameObject})
		}
		if p.made == nil {
			p.made = map[object]bool{}
		}
		p.made[made] = true
		p.found.Generators = append(p.found.Generators, Generator{v.mark(), kind, namespace, made.name, changes})
	}
}

// given returns the values in a mapping that was read, without null, by the names of its
// fields in lower case.
func (p *parser) given(v value) map[string]yaml.Node {
	values := map[string]yaml.Node{}
	again := parser{budget: p.budget}
	again.fields(v, true, func(f field) {
		if !f.null() {
			values[strings.ToLower(f.name)] = *f.node
		}
	})
	return values
}

// addKey records the key of a file or literal of a generator.
func (p *parser) addKey(v value, key string) {
	if p.keys[key] {
		p.fault(v, Fault{Err: ErrSameKey})
	}
	p.keys[key] = true
}
