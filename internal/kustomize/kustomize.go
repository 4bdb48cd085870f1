// Package kustomize lists the local files and directories that a kustomization refers
// to. It parses the text of one file, opens no others, and renders nothing.
package kustomize

import (
	"context"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
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
type Kind int

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

// Reference is a local path in a kustomization.
type Reference struct {
	Field        string // such as "configMapGenerator[0].files[1]"
	Line, Column int    // of the value, from 1
	Path         string // as written, relative to the kustomization's directory, not empty
	Kind         Kind
}

// Parse lists the local paths in a kustomization or component, in the order of the
// file. It follows kustomize's own rules: field names are case-insensitive, only the
// first document counts, aliases and merge keys are resolved. Remote paths and inline
// content are not listed, and unknown fields are ignored. Paths are neither cleaned
// nor looked up on disk.
//
// The error is an [*Error]. The work is bounded, however far aliases expand.
func Parse(data []byte) ([]Reference, error) {
	if len(data) > MaxSize {
		return nil, &Error{Line: 1, Column: 1, Err: ErrTooLarge}
	}
	root, invalid := load(data)
	if invalid != nil {
		return nil, invalid.within(string(data))
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
	if p.err != nil {
		return nil, p.err.within(string(data))
	}
	return p.references, nil
}

// load returns the top node of the first document.
func load(data []byte) (*yaml.Node, *Error) {
	loader, err := boundyaml.NewLoader(context.Background(), data, boundyaml.Limits{Depth: maxDepth, Memory: maxMemory}, yaml.WithSingleDocument())
	if err != nil {
		return nil, &Error{Line: 1, Column: 1, Detail: err.Error(), Err: ErrSyntax}
	}
	var document yaml.Node
	err = loader.Load(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, &Error{Line: 1, Column: 1, Err: ErrEmpty}
	}
	if err != nil {
		return nil, syntaxError(err)
	}
	return document.Content[0], nil
}

func syntaxError(err error) *Error {
	invalid := &Error{Line: 1, Column: 1, Err: ErrSyntax}
	if at, ok := errors.AsType[*yaml.LoadError](err); ok {
		invalid.Line, invalid.Column, invalid.Detail = max(at.Mark.Line, 1), max(at.Mark.Column, 1), redact.URLs(at.Message)
	}
	if at, ok := errors.AsType[*boundyaml.Error](err); ok {
		invalid.Line, invalid.Column, invalid.Detail = at.Line, at.Column, at.Err.Error()
	}
	return invalid
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
