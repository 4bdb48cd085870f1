// Package kustomize lists the local files and directories that a kustomization refers
// to, and describes what else it does. It parses the text of one file, opens no others,
// and renders nothing.
package kustomize

import (
	"bytes"
	"context"
	"errors"
	"io"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/internal/redact"
)

// Limits of [Parse]. No handwritten kustomization comes near them.
const (
	MaxSize   = 1 << 20  // bytes
	maxDepth  = 100      // nested YAML nodes
	maxMemory = 72 << 20 // for the nodes, which is enough for a list of all that fit into the text
)

// Names returns the file names of kustomizations. They are case-sensitive, and a
// directory has at most one of them.
func Names() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

// IsName reports whether name is one of [Names].
func IsName(name string) bool {
	switch name {
	case "kustomization.yaml", "kustomization.yml", "Kustomization":
		return true
	}
	return false
}

// Kind is the type of entry that a [Reference] must lead to.
type Kind uint8

const (
	// File is a regular file.
	File Kind = iota
	// Directory is a directory with a kustomization.
	Directory
	// FileOrDirectory is either of the above.
	FileOrDirectory
	// Tree is a directory that is needed with everything in it, if it exists: kustomize
	// fetches the charts that are missing in a chart home.
	Tree
)

// Kustomization describes the content of a kustomization or component. A field that is
// empty counts as one that is not set.
type Kustomization struct {
	References []Reference // in the order of the file
	Namespace  string      // that all objects get, or ""
	Component  bool        // for use in other kustomizations only
	Versioned  bool        // it has an apiVersion, which may be empty
	// Empty reports that no field is set besides kind and apiVersion.
	Empty bool
	// Remote reports that some paths are fetched, and not in References. The objects in
	// them are not known.
	Remote bool
	// Generators are in the order of each of the two fields.
	Generators []Generator
	// Generates reports that there may be objects that neither the resources have nor the
	// Generators make: there is a plugin that generates, or a chart.
	Generates bool
	// Charts are the positions of charts, Programs those of plugins that are not built
	// into kustomize, and Secrets those of literals of generated Secrets that anyone can
	// read, and of generators of Secrets in text. The first 100 of each are listed, and
	// none that are in other files.
	Charts, Programs, Secrets []Mark
	Faults                    []Fault // the first 100
	// Targets are the objects for which there are patches in the text, or numbers of replicas.
	// The first 100 are listed.
	Targets []Target
	// Affixes reports a prefix or suffix for names.
	Affixes        bool
	Prefix, Suffix string
	// Configured reports that it has configurations, which select the objects and fields
	// that others of its fields change.
	Configured bool
	// Rewrites reports that objects may be renamed, moved to another namespace or deleted
	// by other means than Affixes and Namespace. Components are not considered, and
	// neither are patches in files, which [IsRewrite] judges.
	Rewrites bool
	Patched  bool // it has patches
}

// Unplaced returns the number of ConfigMaps and Secrets that are generated without a
// namespace.
func (k *Kustomization) Unplaced() (n int) {
	for _, g := range k.Generators {
		if g.Namespace == "" && !g.Changes {
			n++
		}
	}
	return n
}

// Generator makes a ConfigMap or Secret, or changes one that there is before it.
type Generator struct {
	Mark
	Kind, Namespace, Name string // empty if they are not set, which is a fault for the name
	Changes               bool   // its behavior is merge or replace
}

// Mark is a position in a kustomization.
type Mark struct {
	Field        string // such as "patches[0].target", without credentials of URLs
	Line, Column int    // of the value or, for an unknown field, of the key, from 1
}

// Target is an object that has to be among the resources.
type Target struct {
	Mark
	objects.Names // without an apiVersion and kind for any of those that have replicas
}

// Fault is a value that kustomize refuses or ignores.
type Fault struct {
	Mark
	Err error // one of the package's sentinels
	// Closest is the field that an unknown one may have been meant to be, or "".
	Closest string
	// Kept is the line of the value that replaces one that is ignored.
	Kept int
	// Lenient reports that Flux does not refuse the kustomization at its path for it. It
	// ignores an unknown field, and converts a number or boolean to a string.
	Lenient bool
	// Top reports that kustomize refuses the kustomization only at the path of an engine.
	Top bool
}

// Reference is a local path in a kustomization.
type Reference struct {
	Field        string // such as "configMapGenerator[0].files[1]"
	Line, Column int    // of the value, from 1
	Path         string // as written, relative to the kustomization's directory, not empty
	Kind         Kind
	Targeted     bool // it is a patch with a target
}

// Parse describes a kustomization or component. It follows kustomize's own rules: field
// names are case-insensitive, only the first document counts, aliases and merge keys are
// resolved, and the last of several values remains. Remote paths and inline content are
// not listed. Paths are neither cleaned nor looked up on disk.
//
// The error is an [*Error], and the result is then nil, unless the error is [ErrEmpty].
// The work is bounded, however far aliases expand.
func Parse(data []byte) (*Kustomization, error) {
	k, invalid := parse(data)
	switch {
	case invalid == nil:
		return k, nil
	case errors.Is(invalid, ErrEmpty):
		return &Kustomization{Empty: true}, invalid.within(string(data))
	}
	return nil, invalid.within(string(data))
}

func parse(data []byte) (*Kustomization, *Error) {
	if len(data) > MaxSize {
		return nil, &Error{Line: 1, Column: 1, Err: ErrTooLarge}
	}
	root, invalid := load(data)
	if invalid != nil {
		return nil, invalid
	}
	// Without aliases, neither the nodes nor the bytes in them outnumber the bytes of
	// the file.
	p := parser{budget: 2 * MaxSize}
	top := value{at: root, node: root}
	if top.null() {
		p.fail(top, ErrEmpty)
	}
	if p.err == nil {
		p.err = checkKind(top)
	}
	kustomization(&p, top)
	return &p.found, p.err
}

var limits = boundyaml.Limits{Depth: maxDepth, Memory: maxMemory}

// load returns the top node of the first document.
func load(data []byte) (*yaml.Node, *Error) {
	loader, err := boundyaml.NewLoader(context.Background(), data, limits, yaml.WithSingleDocument())
	if err != nil {
		return nil, &Error{Line: 1, Column: 1, Detail: err.Error(), Err: ErrSyntax}
	}
	var document yaml.Node
	err = loader.Load(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, &Error{Line: 1, Column: 1, Err: ErrEmpty}
	}
	if err != nil {
		// The parser reads a few tokens of the next document, unlike that of kustomize.
		if first := FirstDocument(data); len(first) < len(data) && !isUnreadable(err) {
			return load(first)
		}
		return nil, syntaxError(err)
	}
	if line, refused, _ := boundyaml.Refused(context.Background(), data, true); refused {
		return nil, &Error{Line: line, Column: 1, Detail: "a tab, a control character or an escape that kustomize does not accept", Err: ErrSyntax}
	}
	return document.Content[0], nil
}

// isUnreadable reports an error because of characters. Kustomize refuses a file for those
// in any document.
func isUnreadable(err error) bool {
	at, ok := errors.AsType[*yaml.LoadError](err)
	return ok && at.Stage == yaml.ReaderStage
}

// FirstDocument returns the text up to the marker that ends the first document.
func FirstDocument(data []byte) []byte {
	begun, end := false, 0
	for line := range bytes.Lines(data) {
		word, rest := line[:min(3, len(line))], line[min(3, len(line)):]
		marker := (string(word) == "---" || string(word) == "...") && (len(rest) == 0 || bytes.ContainsAny(rest[:1], " \t\r\n"))
		if begun && marker {
			return data[:end]
		}
		text := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
		begun = begun || len(text) > 0 && text[0] != '#' && text[0] != '%'
		end += len(line)
	}
	return data
}

func syntaxError(err error) *Error {
	invalid := &Error{Line: 1, Column: 1, Err: ErrSyntax}
	if at, ok := errors.AsType[*yaml.LoadError](err); ok {
		invalid.Line, invalid.Column, invalid.Detail = max(at.Mark.Line, 1), max(at.Mark.Column, 1), redact.URLs(at.Message)
	}
	if at, ok := errors.AsType[*boundyaml.Error](err); ok {
		invalid.Line, invalid.Column, invalid.Detail = at.Line, at.Column, at.Err.Error()
		invalid.Limit = true
	}
	return invalid
}
