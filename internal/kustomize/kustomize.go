// Package kustomize says which local files and folders a kustomization names. It
// reads one file's text and no others, and renders nothing.
package kustomize

import (
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
)

// Limits of what is read. No kustomization that people write comes near them.
const (
	MaxSize  = 1 << 20 // bytes
	maxDepth = 100     // YAML nodes in one another
)

// Names are those by which kustomize knows a kustomization. A folder has at most
// one of them, and the case counts.
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

// Kind is what a [Reference] has to lead to.
type Kind int

const (
	// File is a regular file.
	File Kind = iota
	// Folder is one with a kustomization in it.
	Folder
	// FileOrFolder is either of the above.
	FileOrFolder
	// Tree is a folder that is needed with all that is in it, if it is there:
	// what is missing of a chart's home is fetched.
	Tree
)

// Reference is a local path in a kustomization.
type Reference struct {
	Field        string // such as "configMapGenerator[0].files[1]"
	Line, Column int    // of the value, from 1
	Path         string // as written, relative to the kustomization's folder, not empty
	Kind         Kind
}

// Parse lists the local paths that a kustomization (or component) names, in the
// order of the file. It goes by kustomize's own rules: field names in any case,
// the first document alone, aliases and merge keys resolved. What is remote, or
// written inline in place of a path, is not listed; unknown fields are passed
// over. Paths are neither cleaned nor looked at on disk.
//
// The error is an [*Error]. The work is bounded, whatever aliases unfold to.
func Parse(data []byte) ([]Reference, error) {
	if len(data) > MaxSize {
		return nil, &Error{Line: 1, Column: 1, Err: ErrTooLarge}
	}
	root, wrong := load(data)
	if wrong != nil {
		return nil, wrong.within(string(data))
	}
	// Without aliases there are no more nodes, and no more bytes in them, than
	// there are bytes in the file.
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
	loader, err := boundyaml.NewLoader(data, maxDepth, yaml.WithSingleDocument())
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
	wrong := &Error{Line: 1, Column: 1, Err: ErrSyntax}
	if at, ok := errors.AsType[*yaml.LoadError](err); ok {
		wrong.Line, wrong.Column, wrong.Detail = max(at.Mark.Line, 1), max(at.Mark.Column, 1), at.Message
	}
	if at, ok := errors.AsType[*boundyaml.Error](err); ok {
		wrong.Line, wrong.Column, wrong.Detail = at.Line, at.Column, at.Err.Error()
	}
	return wrong
}

// isInline reports whether text stands for itself in a field that also takes
// paths: kustomize tries to read objects from it first. Broken YAML of several
// lines is no path either.
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
