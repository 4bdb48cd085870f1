package kustomize

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// localConfig is the annotation of objects that are not in the output of a build.
const localConfig = "config.kubernetes.io/local-config"

func affixes(k *Kustomization, _ Mark) { k.Affixes = true }

func rewrites(k *Kustomization, _ Mark) { k.Rewrites = true }

func patches(k *Kustomization, _ Mark) { k.Patched = true }

// both applies two rules to a value.
func both(first, second rule) rule {
	return func(p *parser, v value) {
		first(p, v)
		second(p, v)
	}
}

// annotations are texts, of which one keeps objects local.
func annotations(p *parser, v value) {
	p.fields(v, false, func(f field) {
		text(p, f.value)
		if f.name == localConfig && !f.empty() {
			rewrites(&p.found, v.mark())
		}
	})
}

// inlinePatch records a patch that may rename or delete objects.
func inlinePatch(p *parser, v value) {
	if IsRewrite([]byte(v.node.Value)) {
		rewrites(&p.found, v.mark())
	}
}

// replaced applies the rule of the target of a replacement, which is the names of objects by
// default.
func replaced(read rule) rule {
	return func(p *parser, v value) {
		if read(p, v); p.err != nil || v.node.Kind != yaml.MappingNode {
			return
		}
		paths := p.given(v)["fieldpaths"]
		if len(paths.Content) == 0 || slices.ContainsFunc(paths.Content, func(n *yaml.Node) bool { return n.Kind != yaml.ScalarNode || isIdentity(n.Value) }) {
			rewrites(&p.found, v.mark())
		}
	}
}

// isIdentity reports whether a path within objects may lead to their kind, name or namespace,
// or to the annotation that keeps them local.
func isIdentity(path string) bool {
	field, rest, _ := strings.Cut(strings.TrimLeft(path, "."), ".")
	part, key, _ := strings.Cut(rest, ".")
	switch {
	case field == "metadata" && part == "annotations":
		return key == "" || strings.Contains(key, "*") || strings.Contains(key, "local-config")
	case field == "metadata":
		return part != "labels"
	}
	return slices.Contains([]string{"", "apiVersion", "kind", "items"}, field) || strings.ContainsAny(field, `*[]\/'"`)
}

// IsRewrite reports whether a patch may change the kind, name or namespace of an object,
// or delete the object. Kustomize restores all of them after a strategic merge patch that
// contains no directive, and after no JSON patch. The answer for an unusual patch is true.
func IsRewrite(patch []byte) bool {
	contains := func(texts ...string) bool {
		for _, text := range texts {
			if bytes.Contains(patch, []byte(text)) {
				return true
			}
		}
		return false
	}
	return contains("$patch") || contains("op") && contains("/metadata", "/kind", "/apiVersion", `\`, `path: ""`, `path: ''`, `"path":""`, `"path": ""`)
}
