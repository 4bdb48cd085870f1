package kustomize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	pathpkg "path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/redact"
)

// set applies a rule to a field, and records a fact if the field has a value.
func set(fact func(*Kustomization, Mark), read rule) rule {
	return func(p *parser, v value) {
		if !v.empty() {
			fact(&p.found, v.mark())
		}
		read(p, v)
	}
}

func generates(k *Kustomization, _ Mark) { k.Generates = true }

func configures(k *Kustomization, _ Mark) { k.Configured = true }

func inflates(k *Kustomization, at Mark) {
	k.Generates = true
	keep(&k.Charts, at)
}

func anything(*parser, value) {}

func kind(p *parser, v value) { p.found.Component = v.node.Value == "Component" }

func version(p *parser, v value) {
	embedded(p, v)
	p.found.Versioned = !v.null()
}

// into is text that is kept.
func into(field func(*Kustomization) *string) rule {
	return func(p *parser, v value) {
		text(p, v)
		if v.node.Kind == yaml.ScalarNode && !v.null() {
			*field(&p.found) = v.node.Value
		}
	}
}

// list applies a rule to each entry of a list.
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
			read(p, item)
		}
	}
}

// entries is list for entries that must have a value.
func entries(read rule) rule {
	return list(func(p *parser, v value) {
		if v.node.Kind == yaml.ScalarNode && (v.null() || v.node.Value == "") {
			p.fail(v, ErrEmptyEntry)
			return
		}
		read(p, v)
	})
}

// text requires a string. Flux takes a number or boolean for one in the kustomization at
// its path.
func text(p *parser, v value) { p.require(v, isText, ErrNotString, true) }

// embedded is text for a field of a type that kustomize embeds in another. The decoder
// that Flux uses does not look for it there, and takes a string only.
func embedded(p *parser, v value) { p.require(v, isText, ErrNotString, false) }

func boolean(p *parser, v value) { p.require(v, isBoolean, ErrNotBoolean, false) }

func number(p *parser, v value) { p.require(v, isNumber, ErrNotNumber, false) }

// require records a scalar of another type. A mapping or list in its place is an error.
func (p *parser) require(v value, is func(*yaml.Node) bool, otherwise error, lenient bool) {
	switch {
	case v.null():
	case v.node.Kind != yaml.ScalarNode:
		p.fail(v, otherwise)
	case !is(v.node):
		p.fault(v, Fault{Err: otherwise, Lenient: lenient})
	}
}

// isText reports whether a scalar may be a string. Kustomize reads YAML 1.1, in which yes
// and no are booleans.
func isText(n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!int", "!!float", "!!bool":
		return false
	case "!!str":
		return n.Style != 0 || !isWord(n.Value, "y", "n", "yes", "no", "on", "off")
	}
	return true
}

func isBoolean(n *yaml.Node) bool {
	return n.ShortTag() == "!!bool" || n.ShortTag() == "!!str" && n.Style == 0 && !isText(n)
}

func isNumber(n *yaml.Node) bool {
	number, err := strconv.ParseFloat(n.Value, 64)
	return n.ShortTag() == "!!int" || n.ShortTag() == "!!float" && err == nil && number == math.Trunc(number)
}

// isWord reports whether text is one of some words, in lower or upper case or with a
// capital letter.
func isWord(text string, words ...string) bool {
	for _, word := range words {
		if text == word || text == strings.ToUpper(word) || text == strings.ToUpper(word[:1])+word[1:] {
			return true
		}
	}
	return false
}

// texts requires a mapping of strings.
func texts(text rule) rule {
	return func(p *parser, v value) {
		p.fields(v, false, func(f field) { text(p, f.value) })
	}
}

// openAPI reads a mapping of strings, with a path among them.
func openAPI(p *parser, v value) {
	p.fields(v, false, func(f field) {
		if f.name == "path" {
			path(File)(p, f.value)
		} else {
			text(p, f.value)
		}
	})
}

// textOf returns the string, or "" for null.
func (p *parser) textOf(v value) string {
	if v.null() || p.err != nil {
		return ""
	}
	switch tag := v.node.ShortTag(); {
	case v.node.Kind == yaml.ScalarNode && (tag == "!!str" || tag == "!!timestamp") && isText(v.node):
		return v.node.Value
	default:
		p.fail(v, ErrNotString)
		return ""
	}
}

func path(kind Kind) rule {
	return func(p *parser, v value) {
		if text := p.textOf(v); text != "" {
			p.add(v, text, kind)
		}
	}
}

// source collects a path, with or without a key and an equals sign before it.
func source(p *parser, v value) {
	text := p.textOf(v)
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
	p.addKey(v, cmp.Or(key, pathpkg.Base(file)))
	p.add(v, file, File)
}

// literal requires a key and a value.
func literal(p *parser, v value) {
	embedded(p, v)
	if v.node.Kind != yaml.ScalarNode || !isText(v.node) {
		return
	}
	if key, _, _ := strings.Cut(v.node.Value, "="); key == "" || key == v.node.Value {
		p.fault(v, Fault{Err: ErrLiteral})
	} else {
		p.addKey(v, key)
	}
}

// secretLiteral is literal for a value that should not be readable.
func secretLiteral(p *parser, v value) {
	literal(p, v)
	if _, text, _ := strings.Cut(v.node.Value, "="); isPlaintext(text) {
		keep(&p.found.Secrets, v.mark())
	}
}

// isPlaintext reports whether a value has anything but variables that Flux replaces and
// text that SOPS encrypted.
func isPlaintext(text string) bool {
	text = strings.Trim(text, "\"' \t\r\n")
	return text != "" && !strings.HasPrefix(text, "ENC[") && !flux.IsPlaceholder(text)
}

// isInline reports whether text is content instead of a path, in a field that takes
// both: kustomize first tries to read objects from it. Invalid YAML of several lines
// is not a path either.
func isInline(text string) bool {
	if strings.Contains(strings.TrimSpace(text), "\n") {
		return true
	}
	root, err := load([]byte(text))
	if err != nil {
		return errors.Is(err, ErrEmpty)
	}
	return root.Kind == yaml.MappingNode
}

// plugin reads a path, or the configuration of plugins.
func plugin(p *parser, v value) {
	text := p.textOf(v)
	switch {
	case text == "":
	case !isInline(text):
		path(FileOrDirectory)(p, v)
	default:
		p.configurations(v, text)
	}
}

// configurations looks for a plugin that is not built into kustomize, or is Helm, and
// records the first. It records a generator of Secrets too.
func (p *parser) configurations(v value, text string) {
	loader, err := boundyaml.NewLoader(context.Background(), []byte(text), limits)
	for err == nil {
		var document yaml.Node
		if err = loader.Load(&document); err != nil || len(document.Content) == 0 {
			continue
		}
		names := map[string]string{}
		if top := document.Content[0]; top.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(top.Content); i += 2 {
				names[top.Content[i].Value] = top.Content[i+1].Value
			}
		}
		switch {
		case IsProgram(names["apiVersion"]):
			keep(&p.found.Programs, v.mark())
			return
		case IsChart(names["kind"]):
			keep(&p.found.Charts, v.mark())
			return
		case names["kind"] == SecretGenerator:
			keep(&p.found.Secrets, v.mark())
		}
	}
}

// SecretGenerator is the kind of the plugin, built into kustomize, that writes Secrets.
const SecretGenerator = "SecretGenerator"

// IsProgram reports whether the plugin of a configuration is a program or container, and
// not built into kustomize.
func IsProgram(apiVersion string) bool { return apiVersion != "" && apiVersion != "builtin" }

// IsChart reports whether the plugin of this kind, which is built into kustomize, runs
// Helm.
func IsChart(kind string) bool { return kind == "HelmChartInflationGenerator" }
