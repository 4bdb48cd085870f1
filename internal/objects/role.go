package objects

// role is the meaning of a node for an object.
type role byte

const (
	other       role = iota
	root             // an object
	metadata         // its metadata, or its sops
	annotations      // of its metadata
	data             // its data or stringData, of which the values may be secret
	secret           // a value of those, and all in it
	items            // the items of a list
)

// of returns the role of a value in a mapping, by its key, or in a sequence.
func (r role) of(key string) role {
	switch r {
	case root:
		switch key {
		case "metadata", "sops":
			return metadata
		case "data", "stringData":
			return data
		case "items":
			return items
		}
	case metadata:
		if key == "annotations" {
			return annotations
		}
	case data, secret:
		return secret
	case items:
		return root
	}
	return other
}

// needs reports whether an object needs the value of a key in a mapping.
func (r role) needs(key string) bool {
	switch r {
	case root:
		return r.of(key) != other || key == "apiVersion" || key == "kind"
	case metadata:
		return key == "name" || key == "generateName" || key == "namespace" || key == "annotations"
	case annotations:
		return key == localConfig
	}
	return r == data
}
