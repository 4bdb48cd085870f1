package kustomize

import (
	"encoding/json"
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"
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

func hasPathOrPatch(given map[string]yaml.Node) bool {
	return (given["path"].Value == "") != (strings.TrimSpace(given["patch"].Value) == "")
}

func hasReplacement(given map[string]yaml.Node) bool {
	_, source := given["source"]
	_, text := given["sourcevalue"]
	targets := len(given["targets"].Content) > 0
	if given["path"].Value != "" {
		return !source && !targets
	}
	return (source || text) && targets
}

// hasOrder reports whether kustomize knows an order, which may have options.
func hasOrder(given map[string]yaml.Node) bool {
	_, options := given["legacysortoptions"]
	return given["order"].Value == "legacy" || given["order"].Value == "fifo" && !options
}

// content requires a patch, if there is a text. Kustomize reads it as JSON and as YAML.
func content(p *parser, v value) {
	if v.node.Kind != yaml.ScalarNode || v.empty() {
		return
	}
	text := []byte(v.node.Value)
	switch root, err := load(text); {
	case err == nil && root.Kind == yaml.ScalarNode && root.ShortTag() != "!!null":
		p.fault(v, Fault{Err: ErrNotPatch})
	case err != nil && errors.Is(err, ErrSyntax) && !err.Limit && !json.Valid(text):
		p.fault(v, Fault{Err: ErrSyntax})
	}
}

// contentOfLines is content in a field that takes a path as well. A path has one line.
func contentOfLines(p *parser, v value) {
	if strings.Contains(strings.TrimSpace(v.node.Value), "\n") {
		content(p, v)
	}
}
