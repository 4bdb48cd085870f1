package objects

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxAliased is how many values are visited again because of aliases in a document,
// so that many aliases to one large mapping cost little.
const maxAliased = 10_000

// reader extracts objects from nodes.
type reader struct {
	left   int   // how many values it may still visit
	memory int64 // how many bytes of objects it may still return
}

func (r *reader) document(n *yaml.Node) Object {
	top := n.Content[0]
	if isNull(top) {
		return r.take(Object{Line: n.Line, Column: n.Column, Empty: true})
	}
	return r.object(top, 0)
}

func (r *reader) object(n *yaml.Node, depth int) Object {
	o := Object{Line: n.Line, Column: n.Column, Empty: isNull(n), Mapping: n.Kind == yaml.MappingNode}
	o.Blank = n.Kind != yaml.ScalarNode && len(n.Content) == 0
	if !o.Mapping {
		return r.take(o)
	}
	top := r.fields(n)
	o.APIVersion, o.Kind, o.KindLine = text(top["apiVersion"]), text(top["kind"]), top["kind"].line
	metadata := r.fields(top["metadata"].value)
	o.Name, o.NameLine = text(metadata["name"]), metadata["name"].line
	o.GenerateName, o.Namespace = text(metadata["generateName"]), text(metadata["namespace"])

	o.Encrypted = len(r.fields(top["sops"].value)) > 0
	if o.Kind == "Secret" && o.APIVersion == "v1" && !o.Encrypted {
		o.Secret, o.Encrypted = r.secret(top["data"].value, top["stringData"].value)
	}
	items := top["items"].value
	o.List = strings.HasSuffix(o.Kind, "List") && items != nil && (items.Kind == yaml.SequenceNode || isNull(items))
	o = r.take(o)
	if depth > MaxDepth || !o.List {
		return o
	}
	for _, item := range items.Content {
		if item.Kind != yaml.AliasNode && r.memory >= 0 {
			o.Items = append(o.Items, r.object(item, depth+1))
		}
	}
	o.Items = compact(o.Items)
	return o
}

// take counts the memory of an object.
func (r *reader) take(o Object) Object {
	o.shorten()
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
		for _, f := range r.fields(part) {
			found = true
			value := f.value
			isText := value.Kind == yaml.ScalarNode
			sealed := isText && strings.HasPrefix(value.Value, "ENC[") && strings.HasSuffix(value.Value, "]")
			empty := isNull(value) || isText && value.Value == ""
			literal = literal || !sealed && !empty && !(isText && isVariable(value.Value))
			encrypted = encrypted && sealed
		}
	}
	return literal, encrypted && found
}

// isVariable reports whether a value is exactly ${NAME}. A default would be
// readable.
func isVariable(value string) bool {
	name, isOne := strings.CutPrefix(value, "${")
	name, closed := strings.CutSuffix(name, "}")
	return isOne && closed && name != "" && strings.IndexFunc(name, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) < 0
}

// field is a value in a mapping, and the line of its key.
type field struct {
	value *yaml.Node // not an alias
	line  int
}

// fields returns the values of a mapping by their keys, those of merge keys
// included. It returns none if n is not a mapping.
func (r *reader) fields(n *yaml.Node) map[string]field {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	if r.left -= 1 + len(n.Content); r.left < 0 {
		return nil
	}
	found := make(map[string]field, len(n.Content)/2)
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
			found[key.Value] = field{value, n.Content[i].Line}
		}
	}
	for _, source := range merges {
		for key, f := range r.fields(resolve(source)) {
			if _, own := found[key]; !own {
				found[key] = f
			}
		}
	}
	return found
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// text returns the value of a scalar that decoders read as a string, as they do a
// date.
func text(f field) string {
	if f.value == nil || f.value.Kind != yaml.ScalarNode {
		return ""
	}
	if tag := f.value.ShortTag(); tag != "!!str" && tag != "!!timestamp" {
		return ""
	}
	return f.value.Value
}
