package kustomize

import (
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/redact"
)

// rule collects the facts in one value.
type rule func(p *parser, v value)

// kustomization is the rule for the fields that matter, in lower case.
var kustomization = mapping(map[string]rule{
	"resources":                   list(path(FileOrDirectory)),
	"bases":                       list(path(FileOrDirectory)),
	"components":                  set(renames, list(path(Directory))),
	"crds":                        list(path(File)),
	"configurations":              list(path(File)),
	"generators":                  set(generates, list(inlineOr(path(FileOrDirectory)))),
	"transformers":                set(renames, list(inlineOr(path(FileOrDirectory)))),
	"validators":                  list(inlineOr(path(FileOrDirectory))),
	"patchesstrategicmerge":       set(renames, list(inlineOr(path(File)))),
	"patches":                     set(renames, list(withPath)),
	"patchesjson6902":             set(renames, list(withPath)),
	"replacements":                set(renames, list(withPath)),
	"nameprefix":                  set(renames, nothing),
	"namesuffix":                  set(renames, nothing),
	"namespace":                   set(renames, namespace),
	"vars":                        set(renames, nothing),
	"kind":                        kind,
	"openapi":                     withPath,
	"configmapgenerator":          set(generates, list(generator)),
	"secretgenerator":             set(generates, list(generator)),
	"helmglobals":                 mapping(map[string]rule{"charthome": path(Tree)}),
	"helmcharts":                  set(generates, list(mapping(map[string]rule{"valuesfile": path(File), "additionalvaluesfiles": list(path(File))}))),
	"helmchartinflationgenerator": set(generates, list(mapping(map[string]rule{"values": path(File), "charthome": path(Tree)}))),
})

var withPath = mapping(map[string]rule{"path": path(File)})

var generator = mapping(map[string]rule{"files": list(source), "envs": list(path(File)), "env": path(File)})

// set applies a rule to a field, and records a fact if the field has a value.
func set(fact func(*Kustomization), read rule) rule {
	return func(p *parser, v value) {
		if !v.empty() {
			fact(&p.found)
		}
		read(p, v)
	}
}

func renames(k *Kustomization) { k.Renames = true }

func generates(k *Kustomization) { k.Generates = true }

func nothing(*parser, value) {}

func namespace(p *parser, v value) { p.found.Namespace = p.text(v) }

func kind(p *parser, v value) { p.found.Component = v.node.Value == "Component" }

// mapping applies rules to the fields of a mapping.
func mapping(rules map[string]rule) rule {
	return func(p *parser, v value) {
		p.fields(v, map[string]bool{}, func(name string, field value) {
			if read, ok := rules[strings.ToLower(name)]; ok {
				read(p, field)
			}
		})
	}
}

func list(read rule) rule {
	return func(p *parser, v value) {
		if v.null() {
			return
		}
		if v.node.Kind != yaml.SequenceNode {
			p.fail(v, ErrNotList)
			return
		}
		for i, node := range v.node.Content {
			item := p.value(fmt.Sprintf("%s[%d]", v.field, i), node)
			if p.err != nil {
				return
			}
			if item.node.Kind == yaml.ScalarNode && (item.null() || item.node.Value == "") {
				p.fail(item, ErrEmptyEntry)
				return
			}
			read(p, item)
		}
	}
}

func path(kind Kind) rule {
	return func(p *parser, v value) {
		if text := p.text(v); text != "" {
			p.add(v, text, kind)
		}
	}
}

func inlineOr(read rule) rule {
	return func(p *parser, v value) {
		if text := p.text(v); text != "" && !isInline(text) {
			read(p, v)
		}
	}
}

// source collects a path, with or without a key and an equals sign before it.
func source(p *parser, v value) {
	text := p.text(v)
	if p.err != nil {
		return
	}
	key, file, keyed := strings.Cut(text, "=")
	if !keyed {
		key, file = "", text
	}
	if file == "" || keyed && (key == "" || strings.Contains(file, "=")) {
		p.fail(v, ErrSource)
		return
	}
	if strings.ContainsAny(key, "/:") { // a URL whose query was cut, and no key
		file = redact.URLs(text)
	}
	p.add(v, file, File)
}

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

type parser struct {
	budget  int // nodes and bytes that may still be visited
	merging int // nested merges
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

// text returns the string, or "" for null.
func (p *parser) text(v value) string {
	if v.null() || p.err != nil {
		return ""
	}
	switch tag := v.node.ShortTag(); {
	case v.node.Kind == yaml.ScalarNode && (tag == "!!str" || tag == "!!timestamp"):
		return v.node.Value
	default:
		p.fail(v, ErrNotString)
		return ""
	}
}

// fields visits the fields of a mapping, and then the merged fields that it does not
// override.
func (p *parser) fields(v value, seen map[string]bool, visit func(name string, field value)) {
	if v.null() {
		return
	}
	if v.node.Kind != yaml.MappingNode {
		p.fail(v, ErrNotMapping)
		return
	}
	var merged []value
	own := map[string]bool{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key := p.value(v.field, v.node.Content[i])
		name := key.node.Value
		field := p.value(strings.TrimPrefix(v.field+"."+shorten(name), "."), v.node.Content[i+1])
		switch {
		case p.err != nil:
			return
		case key.node.ShortTag() == "!!merge":
			field.field = v.field
			merged = append(merged, field)
		case !seen[name]:
			own[name] = true
			visit(name, field)
		}
	}
	maps.Copy(seen, own)
	for _, from := range merged {
		p.merge(from, seen, visit)
	}
}

// merge visits one mapping, or a list of them of which the first takes precedence. A
// mapping may merge itself.
func (p *parser) merge(from value, seen map[string]bool, visit func(name string, field value)) {
	if p.merging++; p.merging > maxDepth {
		p.fail(from, ErrAliases)
		return
	}
	defer func() { p.merging-- }()
	if from.node.Kind != yaml.SequenceNode {
		p.fields(from, seen, visit)
		return
	}
	for _, node := range from.node.Content {
		if p.err != nil {
			return
		}
		p.fields(p.value(from.field, node), seen, visit)
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
