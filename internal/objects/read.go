package objects

import (
	"iter"
	"slices"
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
	plain  bool  // the nodes have no alias, merge key or duplicate key, and need no limit

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
	o := r.describe(n)
	if depth > MaxDepth || !o.List {
		return o
	}
	items := r.fields(n).get("items")
	if items == nil {
		return o // it may visit no more values
	}
	var list []Object
	for _, item := range items.Content {
		if r.left--; r.left < 0 || r.memory < 0 {
			break
		}
		object := r.object(resolve(item), depth+1)
		if item.Kind == yaml.AliasNode { // so that two of one anchor have two places
			object.moveTo(item.Line, item.Column)
		}
		list = append(list, object)
	}
	o.setItems(list)
	return o
}

// describe is object without the items of a list.
func (r *reader) describe(n *yaml.Node) Object {
	o := newObject(n.Line, n.Column)
	o.Empty, o.Mapping = isNull(n), n.Kind == yaml.MappingNode
	o.Blank = n.Kind != yaml.ScalarNode && len(n.Content) == 0
	if !o.Mapping {
		return r.take(o)
	}
	top := r.fields(n)
	metadata := r.fields(top.get("metadata"))
	o.names = Names{text(top.get("apiVersion")), text(top.get("kind")), text(metadata.get("name")), text(metadata.get("namespace"))}.join()
	o.GenerateName = text(metadata.get("generateName")) != ""
	o.set(Numeric, isNumeric(top.get("apiVersion")) || isNumeric(metadata.get("name")))
	annotations := r.fields(metadata.get("annotations"))
	o.set(Local, isLocal(annotations.get(localConfig)))

	o.Encrypted = len(r.fields(top.get("sops"))) > 0
	if o.Kind() == "Secret" && o.APIVersion() == "v1" {
		if !o.Encrypted {
			o.Secret, o.Encrypted = r.secret(top.get("data"), top.get("stringData"))
		}
		o.set(Sealed, o.Encrypted && r.hasSealed(top.get("data")))
	}
	items := top.get("items")
	o.List = strings.HasSuffix(o.Kind(), "List") && items != nil && (items.Kind == yaml.SequenceNode || isNull(items))
	if !o.List && items != nil && o.Kind() != "" {
		o.set(Replaced, items.Kind == yaml.SequenceNode)
		o.set(NoItems, o.Has(Replaced) && len(items.Content) == 0 || isNull(items) && top.get("spec") == nil && top.get("status") == nil)
		o.set(OddItems, o.Has(Replaced) && slices.ContainsFunc(items.Content, r.hasNoKind))
	}
	if !o.List {
		r.remark(&o, top)
	}
	if !o.List && !o.Has(Local) {
		r.measure(&o, n, top, annotations.get(syncOptions))
	}
	return r.take(o)
}

// hasNoKind reports whether an item of a list is not an object with a kind.
func (r *reader) hasNoKind(item *yaml.Node) bool {
	return text(r.fields(resolve(item)).get("kind")) == "" && r.left >= 0
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
		for value := range r.fields(part).values() {
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
	for value := range r.fields(part).values() {
		if isSealed(value) {
			return true
		}
	}
	return false
}

func isSealed(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "ENC[") && strings.HasSuffix(n.Value, "]")
}

// fields are the keys and values of a mapping, each key once.
type fields []*yaml.Node

// get returns the value of a key, or nil.
func (f fields) get(key string) *yaml.Node {
	for i := 0; i+1 < len(f); i += 2 {
		if f[i].Value == key {
			return f[i+1]
		}
	}
	return nil
}

func (f fields) values() iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		for i := 1; i < len(f) && yield(f[i]); i += 2 {
		}
	}
}

// fields returns the keys and values of a mapping, without aliases and with those of merge
// keys. It returns none if n is not a mapping.
func (r *reader) fields(n *yaml.Node) fields {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	if r.plain {
		return n.Content
	}
	if r.left -= 1 + len(n.Content); r.left < 0 {
		return nil
	}
	own := make(map[string]bool, len(n.Content)/2)
	found := make(fields, 0, len(n.Content))
	add := func(key, value *yaml.Node) {
		if !own[key.Value] {
			own[key.Value] = true
			found = append(found, key, value)
		}
	}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		switch {
		case key.Tag == "!!merge" && value.Kind == yaml.SequenceNode:
			merges = append(merges, value.Content...)
		case key.Tag == "!!merge":
			merges = append(merges, value)
		case key.Kind == yaml.ScalarNode:
			add(key, value)
		}
	}
	for _, source := range merges {
		merged := r.fields(resolve(source))
		for i := 0; i+1 < len(merged); i += 2 {
			add(merged[i], merged[i+1])
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
