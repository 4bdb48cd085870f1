package kustomize

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// versions lists the kinds that kustomize reads and the apiVersion of each.
var versions = map[string]string{
	"Kustomization": "kustomize.config.k8s.io/v1beta1",
	"Component":     "kustomize.config.k8s.io/v1alpha1",
}

// checkKind refuses documents of another kind, such as a Kustomization of Flux, and
// documents with nothing but apiVersion and kind. Without a kind, a document is a
// Kustomization.
func checkKind(top value) *Error {
	p := parser{budget: 2 * MaxSize} // the fields are visited a second time
	given, empty := map[string]value{}, true
	p.fields(top, true, func(f field) {
		switch name := strings.ToLower(f.name); name {
		case "kind", "apiversion":
			given[name] = f.value
		case "bases", "imagetags", "helmchartinflationgenerator": // added to other fields
			empty = empty && f.empty()
		default:
			empty = empty && f.node.Kind == yaml.ScalarNode && f.empty()
		}
	})
	text := func(name string) string {
		if field, ok := given[name]; ok {
			return p.textOf(field)
		}
		return ""
	}
	kind := text("kind")
	if kind == "" {
		kind = "Kustomization"
	}
	version, known := versions[kind]
	switch apiVersion := text("apiversion"); {
	case !known:
		p.fail(given["kind"], ErrKind)
	case apiVersion != "" && apiVersion != version:
		p.fail(given["apiversion"], ErrKind)
	case empty:
		p.fail(top, ErrEmpty)
	}
	return p.err
}
