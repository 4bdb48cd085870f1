package objects

import "go.yaml.in/yaml/v4"

// role is the meaning of a node for an object.
type role byte

const (
	other       role = iota
	root             // an object
	metadata         // its metadata, or its sops
	data             // its data, stringData or binaryData, of which the values may be secret
	secret           // a value of those, and all in it
	items            // the items of a list
	spec             // its spec, or that of a template in it
	template         // a template of objects
	inner            // the metadata of those
	selector         // a selector: texts, or matchLabels with texts
	annotations      // those of the object itself
	texts            // labels, or annotations of a template: the values have to be text
	value            // one of those, and all in it
)

// of returns the role of a value in a mapping, by its key, or in a sequence.
func (r role) of(key string) role {
	switch r {
	case root:
		switch key {
		case "metadata", "sops":
			return metadata
		case "data", "stringData", "binaryData":
			return data
		case "items":
			return items
		case "spec":
			return spec
		}
	case spec:
		switch key {
		case "selector":
			return selector
		case "template", "jobTemplate":
			return template
		}
	case template:
		switch key {
		case "metadata":
			return inner
		case "spec":
			return spec
		}
	case metadata, inner:
		switch {
		case r == metadata && key == "annotations":
			return annotations
		case key == "labels" || key == "annotations":
			return texts
		}
	case selector:
		if key == "matchLabels" {
			return texts
		}
		if key != "matchExpressions" {
			return value
		}
	case annotations, texts, value:
		return value
	case data, secret:
		return secret
	case items:
		return root
	}
	return other
}

// needs reports whether an object needs a value in a mapping of JSON, by its key.
func (r role) needs(key string, n *yaml.Node) bool {
	switch r {
	case root:
		return r.of(key) != other || key == "apiVersion" || key == "kind" || key == "status"
	case metadata:
		return r.of(key) != other || key == "name" || key == "generateName" || key == "namespace"
	case spec, template, inner:
		return r.of(key) != other
	case selector, annotations, texts:
		return r.of(key) == texts || key == localConfig || key == syncOptions || n.Tag != "!!str"
	}
	return r == data
}
