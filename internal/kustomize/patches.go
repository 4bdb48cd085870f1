package kustomize

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/objects"
)

// check returns a rule that applies another one to a mapping, and records a fault unless
// its values are right. Null for the mapping is right.
func check(read rule, right func(given map[string]yaml.Node) bool, otherwise Fault) rule {
	return func(p *parser, v value) {
		if read(p, v); p.err == nil && v.node.Kind == yaml.MappingNode && !right(p.given(v)) {
			p.fault(v, otherwise)
		}
	}
}

func hasReplacement(given map[string]yaml.Node) bool {
	_, source := given["source"]
	_, text := given["sourcevalue"]
	targets := len(given["targets"].Content) > 0
	if given["path"].Value != "" {
		return !source && !targets
	}
	return source != text && targets
}

func hasSelect(given map[string]yaml.Node) bool {
	_, found := given["select"]
	return found
}

// hasOrder reports whether kustomize knows an order, which may have options.
func hasOrder(given map[string]yaml.Node) bool {
	_, options := given["legacysortoptions"]
	return given["order"].Value == "legacy" || given["order"].Value == "fifo" && !options
}

// patchOf returns the rule for a patch with a target, which may have to name an object.
func patchOf(read rule, named bool) rule {
	return func(p *parser, v value) {
		before := len(p.found.References)
		p.inline = value{}
		if read(p, v); p.err != nil || v.node.Kind != yaml.MappingNode {
			return
		}
		given, inline := p.given(v), p.inline
		target, targeted := given["target"]
		for i := range p.found.References[before:] {
			p.found.References[before+i].Targeted = targeted
		}
		switch {
		case (given["path"].Value == "") == (strings.TrimSpace(given["patch"].Value) == ""):
			p.fault(v, Fault{Err: ErrPathOrPatch})
		case named && p.given(value{at: &target, node: &target})["name"].Value == "":
			p.fault(v, Fault{Err: ErrNoTargetName})
		case given["path"].Value == "":
			p.patch(inline, targeted)
		}
	}
}

// inline keeps the text of a patch until its target is known.
func inline(p *parser, v value) {
	inlinePatch(p, v)
	p.inline = v
}

// strategic reads a patch or the path of one.
func strategic(p *parser, v value) {
	inlinePatch(p, v)
	if text := p.textOf(v); isInline(text) {
		p.patch(v, false)
	} else if text != "" {
		path(File)(p, v)
	}
}

// patch records a fault unless kustomize accepts a text as a patch. Kustomize reads it as
// JSON if it begins like a list of JSON, and as YAML otherwise.
func (p *parser) patch(v value, targeted bool) {
	text := []byte(v.node.Value)
	isJSON := json.Valid(text)
	root, err := load(text)
	switch {
	case err != nil && errors.Is(err, ErrSyntax) && !err.Limit && !isJSON:
		p.fault(v, Fault{Err: ErrSyntax})
	case err == nil && root.Kind == yaml.ScalarNode && root.ShortTag() != "!!null":
		p.fault(v, Fault{Err: ErrNotPatch})
	case err == nil && root.Kind == yaml.SequenceNode && len(root.Content) > 0 && text[0] == '[' && !isJSON:
		p.fault(v, Fault{Err: ErrNotJSON})
	case err == nil || errors.Is(err, ErrEmpty):
		file, _ := objects.Parse(context.Background(), "", text, objects.Limits{Parsing: maxMemory, Objects: maxMemory})
		if len(file.Problems) > 0 || file.Template {
			return
		}
		if err := FaultOfPatch(v.field, file.Objects, targeted); err != nil {
			p.fault(v, Fault{Err: err})
		} else if !targeted {
			for _, names := range Patched(file.Objects) {
				p.target(v, names)
			}
		}
	}
}

// Patched returns the names of the objects that a patch without a target is for.
func Patched(docs []objects.Object) (all []objects.Names) {
	for i := range docs {
		if o := &docs[i]; o.Name() != "" && isNamed(o) && !strings.HasSuffix(o.Kind(), "List") {
			all = append(all, objects.Names{APIVersion: o.APIVersion(), Kind: o.Kind(), Name: o.Name(), Namespace: o.Namespace()})
		}
	}
	return all
}

// replicas returns a rule that also records the object of which the replicas are.
func replicas(read rule) rule {
	return func(p *parser, v value) {
		if read(p, v); p.err == nil && v.node.Kind == yaml.MappingNode {
			p.target(v, objects.Names{Name: p.given(v)["name"].Value})
		}
	}
}

func (p *parser) target(v value, names objects.Names) {
	if len(p.found.Targets) < maxMarks {
		p.found.Targets = append(p.found.Targets, Target{v.mark(), names})
	}
}

// FaultOfPatch returns the reason for which kustomize refuses a patch in a field, or nil. It
// may have a target.
func FaultOfPatch(field string, docs []objects.Object, targeted bool) error {
	field, _, _ = strings.Cut(strings.ToLower(field), "[")
	named, count := true, 0
	for i := range docs {
		if o := &docs[i]; !o.Empty && !o.Blank {
			named = named && isNamed(o)
			count++
		}
	}
	switch {
	case field == "patchesjson6902" && (count == 0 || docs[0].Mapping):
		return ErrNotOperations
	case field == "patchesjson6902" || count == 0:
	case !named && (docs[0].Mapping || field == "patchesstrategicmerge"):
		return ErrNotObject
	case !named && !docs[0].Empty && !docs[0].Blank && !targeted:
		return ErrNoTarget
	case named && targeted && count > 1:
		return ErrSeveralPatches
	}
	return nil
}

// isNamed reports whether kustomize takes a document for an object.
func isNamed(o *objects.Object) bool {
	return o.Kind() != "" && (o.Name() != "" || o.Has(objects.Numeric) || strings.HasSuffix(o.Kind(), "List"))
}
