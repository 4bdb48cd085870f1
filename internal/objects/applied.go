package objects

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Limits of the API server. Both count bytes.
const (
	// MaxApplied is how large the annotations of an object may be in total. Client-side
	// apply keeps the whole object, as JSON, in one of them.
	MaxApplied = 256 << 10
	// MaxData is how large the values in the data of a ConfigMap or Secret may be in
	// total. Those of a Secret count without their base64 encoding.
	MaxData = 1 << 20
)

// syncOptions is the annotation for settings of Argo CD.
const syncOptions = "argocd.argoproj.io/sync-options"

// isAppliedOtherwise reports whether Argo CD applies an object with this annotation without
// a copy of the object in another annotation.
func isAppliedOtherwise(options string) bool {
	for option := range strings.SplitSeq(options, ",") {
		if option = strings.TrimSpace(option); option == "ServerSideApply=true" || option == "Replace=true" {
			return true
		}
	}
	return false
}

// measure finds out whether an object is too large for the API server. The sizes that it
// compares are never larger than the real ones.
func (r *reader) measure(o *Object, n *yaml.Node, top fields, options *yaml.Node) {
	if r.size(n) <= MaxApplied {
		return
	}
	o.set(Large, options == nil || !isAppliedOtherwise(options.Value))
	if o.APIVersion() != "v1" || o.Encrypted {
		return
	}
	switch o.Kind() {
	case "ConfigMap":
		o.set(Huge, r.bytesOf(top.get("data"), nil, textLen)+r.bytesOf(top.get("binaryData"), nil, decodedLen) > MaxData)
	case "Secret":
		instead := map[string]bool{}
		for i, key := range r.fields(top.get("stringData")) {
			if i%2 == 0 {
				instead[key.Value] = true
			}
		}
		o.set(Huge, r.bytesOf(top.get("stringData"), nil, textLen)+r.bytesOf(top.get("data"), instead, decodedLen) > MaxData)
	}
}

// bytesOf returns the bytes of the values of a mapping, except those of some keys.
func (r *reader) bytesOf(part *yaml.Node, except map[string]bool, length func(string) int64) (size int64) {
	found := r.fields(part)
	for i := 0; i+1 < len(found); i += 2 {
		if value := found[i+1]; !except[found[i].Value] && value.Kind == yaml.ScalarNode {
			size += length(value.Value)
		}
	}
	return size
}

func textLen(s string) int64 { return int64(len(s)) }

// decodedLen returns the length of base64 that is decoded.
func decodedLen(s string) int64 {
	n := len(s)
	for _, c := range []string{"\n", "\r", " ", "="} {
		n -= strings.Count(s, c)
	}
	return int64(n) * 3 / 4
}

// sizer returns the bytes of values as JSON, with aliases expanded.
type sizer map[*yaml.Node]int64 // those with an anchor

func (z sizer) of(n *yaml.Node) (size int64) {
	switch n.Kind {
	case yaml.AliasNode:
		return z[n.Alias]
	case yaml.ScalarNode:
		if tag := n.ShortTag(); tag == "!!int" || tag == "!!float" || tag == "!!bool" {
			return 1
		}
		size = stringSize(n.Value)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			size += stringSize(n.Content[i].Value) + z.of(n.Content[i+1]) + 2 // and a colon and a comma
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			size += z.of(item) + 1
		}
	}
	if n.Anchor != "" {
		z[n] = size
	}
	return min(size, 1<<40)
}

// stringSize returns the bytes of a text as JSON. Encoders in Go write some characters of
// HTML as six.
func stringSize(s string) int64 {
	size := len(s) + 2
	for i := range len(s) {
		switch c := s[i]; {
		case c == '<' || c == '>' || c == '&':
			size += 5
		case c == '"' || c == '\\' || c < ' ':
			size++
		}
	}
	return int64(size)
}

// compactSize returns the bytes of JSON without the white space between its tokens.
func compactSize(text []byte) (size int64) {
	for quoted, i := false, 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
			size++
		case c == '"':
			quoted = !quoted
		case !quoted && c <= ' ':
			continue
		}
		size++
	}
	return size
}
