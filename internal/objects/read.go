package objects

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/flux"
)

// visits is how often values may be visited without an alias.
const visits = 8

// maxAliased is how many values are visited again because of aliases in a document,
// so that many aliases to one large mapping cost little.
const maxAliased = 10_000

// reader extracts objects from nodes.
type reader struct {
	left   int   // how many values it may still visit
	memory int64 // how many bytes of objects it may still return

	remarks []Remark
	size    func(n *yaml.Node) int64 // returns the bytes of a value as JSON
}

func (r *reader) document(n *yaml.Node) Object {
	top := n.Content[0]
	if isNull(top) {
		o := newObject(n.Line, n.Column)
		o.Empty = true
		return r.take(o)
	}
	return r.object(top, 0)
}

func (r *reader) object(n *yaml.Node, depth int) Object {
	o := newObject(n.Line, n.Column)
	o.Empty, o.Mapping = isNull(n), n.Kind == yaml.MappingNode
	o.Blank = n.Kind != yaml.ScalarNode && len(n.Content) == 0
	if !o.Mapping {
		return r.take(o)
	}
	top := r.fields(n)
	metadata := r.fields(top["metadata"])
	o.names = Names{text(top["apiVersion"]), text(top["kind"]), text(metadata["name"]), text(metadata["namespace"])}.join()
	o.GenerateName = text(metadata["generateName"]) != ""
	o.set(Numeric, isNumeric(top["apiVersion"]) || isNumeric(metadata["name"]))
	annotations := r.fields(metadata["annotations"])
	o.set(Local, isLocal(annotations[localConfig]))

	o.Encrypted = len(r.fields(top["sops"])) > 0
	if o.Kind() == "Secret" && o.APIVersion() == "v1" {
		if !o.Encrypted {
			o.Secret, o.Encrypted = r.secret(top["data"], top["stringData"])
		}
		o.set(Sealed, o.Encrypted && r.hasSealed(top["data"]))
	}
	items := top["items"]
	o.List = strings.HasSuffix(o.Kind(), "List") && items != nil && (items.Kind == yaml.SequenceNode || isNull(items))
	if !o.List && !o.Has(Local) { // those are input of a build, and may have any form
		r.remark(&o, top)
		r.measure(&o, n, top, annotations[syncOptions])
	}
	o = r.take(o)
	if depth > MaxDepth || !o.List {
		return o
	}
	var list []Object
	for _, item := range items.Content {
		if item.Kind != yaml.AliasNode && r.memory >= 0 {
			list = append(list, r.object(item, depth+1))
		}
	}
	o.setItems(list)
	return o
}

// take counts the memory of an object.
func (r *reader) take(o Object) Object {
	r.memory -= o.size()
	return o
}

// secret reports whether anyone can read a value of a Secret, and whether it has
// values and SOPS encrypted all of them.
func (r *reader) secret(parts ...*yaml.Node) (literal, encrypted bool) {
	encrypted, found := true, false
	for _, part := range parts {
		if part != nil && part.Kind == yaml.ScalarNode && !isNull(part) && part.Value != "" {
			literal, encrypted = true, false // not valid in a Secret, but readable
		}
		for _, value := range r.fields(part) {
			found = true
			isText := value.Kind == yaml.ScalarNode
			empty := isNull(value) || isText && value.Value == ""
			literal = literal || !isSealed(value) && !empty && !(isText && flux.IsPlaceholder(value.Value))
			encrypted = encrypted && isSealed(value)
		}
	}
	return literal, encrypted && found
}

// hasSealed reports whether SOPS encrypted a value of a mapping.
func (r *reader) hasSealed(part *yaml.Node) bool {
	for _, value := range r.fields(part) {
		if isSealed(value) {
			return true
		}
	}
	return false
}

func isSealed(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "ENC[") && strings.HasSuffix(n.Value, "]")
}

// fields returns the values of a mapping by their keys, without aliases and those of
// merge keys included. It returns none if n is not a mapping.
func (r *reader) fields(n *yaml.Node) map[string]*yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	if r.left -= 1 + len(n.Content); r.left < 0 {
		return nil
	}
	found := make(map[string]*yaml.Node, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		_, duplicate := found[key.Value]
		switch {
		case key.Tag == "!!merge" && value.Kind == yaml.SequenceNode:
			merges = append(merges, value.Content...)
		case key.Tag == "!!merge":
			merges = append(merges, value)
		case key.Kind == yaml.ScalarNode && !duplicate:
			found[key.Value] = value
		}
	}
	for _, source := range merges {
		for key, value := range r.fields(resolve(source)) {
			if _, own := found[key]; !own {
				found[key] = value
			}
		}
	}
	return found
}

// localConfig is the annotation of objects that are input of a build only.
const localConfig = "config.kubernetes.io/local-config"

// isLocal reports whether kustomize omits an object with this value of the annotation:
// any but false, be it text or not.
func isLocal(value *yaml.Node) bool {
	return value != nil && (value.Kind != yaml.ScalarNode || value.Value != "false")
}

// isNumeric reports whether a value is a number or a boolean.
func isNumeric(value *yaml.Node) bool {
	if value == nil || value.Kind != yaml.ScalarNode {
		return false
	}
	tag := value.ShortTag()
	return tag == "!!int" || tag == "!!float" || tag == "!!bool"
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// text returns the value of a scalar that decoders read as a string, as they do a
// date.
func text(value *yaml.Node) string {
	if value == nil || value.Kind != yaml.ScalarNode {
		return ""
	}
	if tag := value.ShortTag(); tag != "!!str" && tag != "!!timestamp" {
		return ""
	}
	return value.Value
}
