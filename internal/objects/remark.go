package objects

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/redact"
)

// Remark is a value or key that has to be text, and is not.
type Remark struct {
	Line, Column int
	Part         Part
	Type         Type
	Field        string // such as metadata.labels["app"], cut if it is long, or "" for a key
	Local        bool   // in an object with that trait
}

// Part is where engines treat values alike.
type Part uint8

// The parts of an object.
const (
	Labels         Part = iota // metadata.labels
	Annotations                // metadata.annotations
	Content                    // whatever only the API server reads
	Namespace                  // metadata.namespace
	AllAnnotations             // metadata.annotations itself, which has to be a mapping
	Keys                       // the keys of a mapping within an object
)

// Type describes a value.
type Type string

// The types of values that are not text.
const (
	Number   Type = "a number"
	Boolean  Type = "a boolean"
	Null     Type = "null"
	Mapping  Type = "a mapping"
	Sequence Type = "a list"
	Mappings Type = "a list of mappings"
	Text     Type = "text"
	// Word is text to some parsers, and a boolean to those of YAML 1.1.
	Word Type = "yes, no, on, off, y or n without quotes"
	// Date is text to some parsers, and a time to kustomize, which writes it in another form.
	Date Type = "a date without quotes"
)

// kindsWithText lists the kinds of which the API server requires text in further places.
var kindsWithText = map[string][]string{
	"v1 ConfigMap":             {"data", "binaryData"},
	"v1 Secret":                {"data", "stringData"},
	"v1 Service":               {"spec.selector"},
	"v1 ReplicationController": {"spec.selector", "spec.template.metadata.labels", "spec.template.metadata.annotations"},
	"apps/v1 Deployment":       workload,
	"apps/v1 StatefulSet":      workload,
	"apps/v1 DaemonSet":        workload,
	"apps/v1 ReplicaSet":       workload,
	"batch/v1 Job":             workload,
	"batch/v1 CronJob":         {"spec.jobTemplate.metadata.labels", "spec.jobTemplate.spec.template.metadata.labels", "spec.jobTemplate.spec.template.metadata.annotations"},
}

var workload = []string{"spec.selector.matchLabels", "spec.template.metadata.labels", "spec.template.metadata.annotations"}

// remark finds the values of an object that have to be text, and are not.
func (r *reader) remark(o *Object, top fields) {
	before := len(r.remarks)
	metadata := r.fields(top.get("metadata"))
	r.word("apiVersion", top.get("apiVersion"))
	r.word("kind", top.get("kind"))
	r.word("metadata.name", metadata.get("name"))
	if n := metadata.get("namespace"); n != nil && n.Kind == yaml.ScalarNode && !isNull(n) {
		r.value(Namespace, "metadata.namespace", n)
	}
	if n := metadata.get("annotations"); n != nil && n.Kind != yaml.MappingNode && !isNull(n) {
		t := cmp.Or(typeOf(n), Text)
		if t == Sequence && len(n.Content) > 0 && resolve(n.Content[0]).Kind == yaml.MappingNode {
			t = Mappings
		}
		r.remarks = append(r.remarks, Remark{Line: n.Line, Column: n.Column, Part: AllAnnotations, Type: t, Field: "metadata.annotations"})
	}
	r.text(Labels, "metadata.labels", top)
	annotations := Annotations
	if o.Kind() == "CustomResourceDefinition" { // Argo CD does not read them
		annotations = Content
	}
	r.text(annotations, "metadata.annotations", top)
	for _, field := range kindsWithText[o.APIVersion()+" "+o.Kind()] {
		r.text(Content, field, top)
	}
	earlier, own := r.remarks[:before], r.remarks[before:]
	slices.SortStableFunc(own, func(a, b Remark) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Field, b.Field))
	})
	for _, remark := range own[:min(len(own), MaxProblems)] {
		remark.Local = o.Has(Local)
		if len(earlier) < MaxProblems && !slices.Contains(earlier, remark) { // by another alias
			earlier = append(earlier, remark)
		}
	}
	r.remarks = earlier
}

// text finds them in the mapping of one field.
func (r *reader) text(part Part, field string, in fields) {
	if len(r.remarks) >= MaxProblems {
		return
	}
	name, rest, below := strings.Cut(field, ".")
	for ; below; name, rest, below = strings.Cut(rest, ".") {
		in = r.fields(in.get(name))
	}
	found := r.fields(in.get(name))
	for i := 0; i+1 < len(found); i += 2 {
		key, n := found[i].Value, found[i+1]
		switch t := typeOf(n); {
		case t == Null && n.Value == "" && part != Annotations:
			continue // as good as an empty text
		case t == Date && field == "metadata.annotations":
			continue // which kustomize keeps as they are
		}
		r.value(part, fmt.Sprintf("%s[%q]", field, shorten(redact.URLs(key))), n)
	}
}

// word adds a remark for a value that only some parsers take for text. A [Trait] tells of
// those that none does.
func (r *reader) word(field string, n *yaml.Node) {
	if n == nil {
		return
	}
	if t := typeOf(n); t == Word || t == Date {
		r.value(Content, field, n)
	}
}

// value adds a remark for a value that is not text.
func (r *reader) value(part Part, field string, n *yaml.Node) {
	if t := typeOf(n); t != "" {
		r.remarks = append(r.remarks, Remark{Line: n.Line, Column: n.Column, Part: part, Type: t, Field: field})
	}
}

// typeOf returns the type of a value that is not text, or "".
func typeOf(n *yaml.Node) Type {
	switch {
	case n.Kind == yaml.MappingNode:
		return Mapping
	case n.Kind == yaml.SequenceNode:
		return Sequence
	case isNull(n):
		return Null
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return Number
	case "!!bool":
		return Boolean
	case "!!str":
		if n.Style == 0 && isWord(n.Value) {
			return Word
		}
	case "!!timestamp":
		if n.Style == 0 && isDate(n.Value) {
			return Date
		}
	}
	return ""
}

// isWord reports whether YAML 1.1 takes a text without quotes for a boolean, and later
// versions do not.
func isWord(s string) bool {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return true
	}
	return false
}

// dateFormats are those that YAML parsers in Go take for times.
var dateFormats = []string{"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00", "2006-1-2 15:4:5.999999999", "2006-1-2"}

// isDate reports whether a text without quotes is a date or time that is not in the form in
// which kustomize writes it.
func isDate(s string) bool {
	for _, format := range dateFormats {
		if t, err := time.Parse(format, s); err == nil {
			return t.Format(time.RFC3339Nano) != s
		}
	}
	return false
}
