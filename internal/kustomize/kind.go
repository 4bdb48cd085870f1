package kustomize

import "strings"

// versions are those that kustomize wants of each kind that it reads.
var versions = map[string]string{
	"Kustomization": "kustomize.config.k8s.io/v1beta1",
	"Component":     "kustomize.config.k8s.io/v1alpha1",
}

// checkKind refuses what says that it is something else, such as a Kustomization
// of Flux, and what says no more than what it is. What does not say what it is is a
// Kustomization.
func checkKind(top value) *Error {
	p := parser{budget: 2 * MaxSize} // the fields are gone through once more
	said, empty := map[string]value{}, true
	p.fields(top, map[string]bool{}, func(name string, field value) {
		if name = strings.ToLower(name); name == "kind" || name == "apiversion" {
			said[name] = field
		} else {
			empty = empty && field.null()
		}
	})
	text := func(name string) string {
		if field, ok := said[name]; ok {
			return p.text(field)
		}
		return ""
	}
	kind := text("kind")
	if kind == "" {
		kind = "Kustomization"
	}
	version, known := versions[kind]
	switch given := text("apiversion"); {
	case !known:
		p.fail(said["kind"], ErrKind)
	case given != "" && given != version:
		p.fail(said["apiversion"], ErrKind)
	case empty:
		p.fail(top, ErrEmpty)
	}
	return p.err
}
