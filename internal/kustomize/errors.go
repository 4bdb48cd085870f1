package kustomize

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of [Parse]. Each arrives wrapped in an [*Error].
var (
	// ErrTooLarge reports more than [MaxSize] bytes.
	ErrTooLarge = errors.New("larger than 1 MiB")
	// ErrSyntax reports invalid YAML, or YAML beyond a limit of boundyaml.
	ErrSyntax = errors.New("not valid YAML")
	// ErrEmpty reports a file without fields besides kind and apiVersion.
	ErrEmpty = errors.New("empty document")
	// ErrKind reports a kind or apiVersion that kustomize does not read.
	ErrKind = errors.New("neither a Kustomization nor a Component of kustomize")
	// ErrAliases reports aliases that expand to more than a file can contain.
	ErrAliases = errors.New("aliases expand to too much")
	// ErrNotMapping reports a value that must be a mapping.
	ErrNotMapping = errors.New("not a mapping")
	// ErrNotList reports a value that must be a list.
	ErrNotList = errors.New("not a list")
	// ErrNotString reports a value that must be a string.
	ErrNotString = errors.New("not a string")
	// ErrEmptyEntry reports an entry of a list without a value.
	ErrEmptyEntry = errors.New("empty entry")
	// ErrNotBoolean reports a value that must be true or false.
	ErrNotBoolean = errors.New("neither true nor false")
	// ErrNotNumber reports a value that must be a number.
	ErrNotNumber = errors.New("not a number")
	// ErrSource reports a generator's file that is neither a path nor key=path.
	ErrSource = errors.New("neither a path nor key=path")
	// ErrLiteral reports a generator's literal without a key.
	ErrLiteral = errors.New("not key=value")
)

// Errors of a [Fault] only.
var (
	// ErrUnknownField reports a field that kustomize does not know.
	ErrUnknownField = errors.New("unknown field")
	// ErrNoName reports a generator without a name.
	ErrNoName = errors.New("no name")
	// ErrSameObject reports a generator of an object that one before it generates, unless it
	// changes that.
	ErrSameObject = errors.New("a generator before it makes the same object")
	// ErrSameKey reports a file or literal with the key of another one of the generator.
	ErrSameKey = errors.New("the generator has another value with its key")
	// ErrPathOrPatch reports a patch in two places, or in none.
	ErrPathOrPatch = errors.New("needs either path or patch")
	// ErrNotPatch reports text that is neither a mapping nor a list, such as a path.
	ErrNotPatch = errors.New("neither a mapping nor a list of operations")
	// ErrNotJSON reports a patch that begins like a list of JSON, and is not JSON.
	ErrNotJSON = errors.New("begins with [ and is not valid JSON")
	// ErrNotOperations reports an object in the place of a JSON patch.
	ErrNotOperations = errors.New("not a list of operations")
	// ErrNotObject reports a patch with a document that is not an object.
	ErrNotObject = errors.New("a patch that is not a list of operations needs kind and metadata.name")
	// ErrNoTarget reports a JSON patch for no object.
	ErrNoTarget = errors.New("a JSON patch needs a target")
	// ErrNoTargetName reports a JSON patch for objects of any name, in the field that does not
	// accept those.
	ErrNoTargetName = errors.New("needs a target with a name")
	// ErrSeveralPatches reports more than one object that patches a target.
	ErrSeveralPatches = errors.New("a patch with a target must be a single object")
	// ErrNotDefinitions reports a Kubernetes object in the place of OpenAPI definitions.
	ErrNotDefinitions = errors.New("an object, and not the OpenAPI definitions of types")
	// ErrNoSelect reports a target of a replacement for no object.
	ErrNoSelect = errors.New("needs select")
	// ErrReplacement reports a replacement in two places, or one without a part.
	ErrReplacement = errors.New("needs either path, or source or sourceValue, and targets")
	// ErrOrder reports an order of the result that kustomize does not know.
	ErrOrder = errors.New("neither fifo nor legacy")
	// ErrLost reports a value that kustomize ignores, because another one of the mapping
	// replaces it: a merged one that is behind it, or one whose name differs in case.
	ErrLost = errors.New("value ignored")
)

// Error describes an error in a kustomization and its position.
type Error struct {
	Line, Column int    // from 1
	Field        string // such as "resources[2]", or "", without credentials of URLs
	Detail       string // the parser's message, or "", the same
	Err          error  // one of the package's sentinels
	Limit        bool   // the YAML may be valid, and is beyond a limit
}

func (e *Error) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Reason())
	}
	return fmt.Sprintf("%d:%d: %s: %s", e.Line, e.Column, e.Field, e.Reason())
}

// Reason returns the message without the position.
func (e *Error) Reason() string {
	if e.Detail == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + ": " + e.Detail
}

func (e *Error) Unwrap() error { return e.Err }

// within moves a position beyond the end of the text to the end: the parser counts one
// line too many if the last one has no break.
func (e *Error) within(text string) *Error {
	line, column := 1, 1
	for i, r := range text {
		switch {
		case strings.ContainsRune("\n\u0085\u2028\u2029", r), r == '\r' && !strings.HasPrefix(text[i+1:], "\n"):
			line, column = line+1, 1
		default:
			column++
		}
	}
	if e.Line > line {
		e.Line, e.Column = line, column
	}
	return e
}
