// Package objects parses a manifest file into its objects with their names and
// lines, and the problems of its syntax. It makes no decisions; package preflight
// derives findings from its results.
package objects

import (
	"context"
	"path"
	"strings"
)

// Limits of a file. A file above one of the first three has a Problem, and so has
// YAML in flow style beyond the limits of package boundyaml, unless it is JSON.
const (
	// MaxBytes is far above the 1.5 MiB that Kubernetes stores of an object, and
	// bounds the memory for parsing.
	MaxBytes = 4 << 20
	// MaxDepth is the number of nested mappings and sequences.
	MaxDepth = 1_000
	// MaxExpanded is the number of values that the aliases of a document may
	// expand to. Decoders that expand them refuse at about this number.
	MaxExpanded = 400_000
	// MaxProblems is the number of problems reported of a file. More than that are
	// all of one kind.
	MaxProblems = 100
)

// Object describes one document of a file, or one item of a list.
// Lines and columns count from 1, columns in characters.
type Object struct {
	// Line and Column are the start of the content, or of the document if it is
	// empty.
	Line, Column int32

	names // see Names

	GenerateName bool // metadata.generateName is a string that is not empty

	Empty   bool // null, or nothing but comments
	Mapping bool // the document is a mapping
	Blank   bool // it is a mapping or sequence without entries

	// Secret is set for a v1 Secret with a value in data or stringData that anyone
	// can read: neither empty, nor encrypted by SOPS, nor made of variables that Flux
	// replaces.
	Secret bool
	// Encrypted is set if SOPS encrypted the object: it has a mapping sops at the
	// top, or only ENC[…] in the data of a Secret.
	Encrypted bool

	// List is set for a List, or any kind that ends in List, with items, which may
	// be null.
	List bool

	traits Trait
	items  *[]Object
}

// Trait is a set of further properties of an object.
type Trait uint8

const (
	// Local is set for an object that kustomize reads, and that its output does not have
	// because of the annotation config.kubernetes.io/local-config.
	Local Trait = 1 << iota
	// Numeric is set if metadata.name or apiVersion is a number or boolean. Kustomize
	// takes it for text, and Flux then drops the object.
	Numeric
	// Sealed is set for an encrypted v1 Secret of which a value in data is ENC[…], which
	// is not base64.
	Sealed
	// Large is set for an object of more than [MaxApplied] bytes of JSON, without the
	// annotation because of which Argo CD applies it in a way that has no such limit.
	Large
	// Replaced is set for an object that is not a List and has a list of items: engines
	// apply those in its place.
	Replaced
	// NoItems is set for such an object if the list is empty. It is set without Replaced if
	// items is null, which only Argo CD takes for an empty list.
	NoItems
	// OddItems is set for such an object if an item is not an object with a kind.
	OddItems
	// Huge is set for a v1 ConfigMap or Secret with more than [MaxData] bytes of data.
	Huge
)

// Has reports whether the object has all of some traits.
func (o *Object) Has(t Trait) bool { return o.traits&t == t }

// set adds traits on a condition.
func (o *Object) set(t Trait, on bool) {
	if on {
		o.traits |= t
	}
}

// Items returns the objects of a list. An item that is an alias is an object at the place of
// the alias.
func (o *Object) Items() []Object {
	if o.items == nil {
		return nil
	}
	return *o.items
}

func (o *Object) setItems(list []Object) {
	if list = compact(list); len(list) > 0 {
		o.items = &list
	}
}

// Code classifies a Problem.
type Code string

// The codes of a Problem.
const (
	CodeSyntax    Code = "syntax"        // neither YAML nor JSON
	CodeTab       Code = "tab"           // a tab in the indentation of YAML
	CodeDuplicate Code = "duplicate-key" // a duplicate key in a mapping
	CodeTooDeep   Code = "too-deep"      // above MaxDepth, or the limit for flow style
	CodeTooLarge  Code = "too-large"     // above MaxBytes, the limit for flow style, or Limits
	CodeAlias     Code = "alias"         // an alias to itself, or more than MaxExpanded values
	// CodeStart is a problem only of parsers that split a file at lines before they parse
	// it: a directive, a value beside ---, or an end without a document.
	CodeStart Code = "document-start"
)

// Problem is a reason for a parser to refuse the file.
type Problem struct {
	Line, Column int // from 1, within the file
	Code         Code
	Text         string // one sentence; of the file it quotes at most a key, cut at 60 bytes
	Memory       bool   // one of Limits was exceeded
	Loop         bool   // an alias to a value that contains it, which no parser expands
}

// Limits bound the memory for a file. Beyond them, a file has a Problem and only the
// objects before it.
type Limits struct {
	// Parsing is how many bytes the nodes of a document may take while it is parsed.
	Parsing int64
	// Objects is how many bytes the objects of the file may take.
	Objects int64
}

// File is the content of one file.
type File struct {
	Objects  []Object  // in the order of the file; those before a syntax error, if there is one
	Problems []Problem // in the order found, the first MaxProblems
	Remarks  []Remark  // in the order of the file, the first MaxProblems
	// Template is set if the file is not valid YAML or JSON because of template
	// actions, {{ … }}. It has neither Objects nor Problems then.
	Template bool
	JSON     bool // read as JSON, by its extension; several objects are several values
	// Lost is the line of the first document that parsers do not read if they split a file at
	// lines of ---, because it follows the end of another, or 0. It is not in Objects.
	Lost int
	// Need is the least Limits.Parsing with which the result is this, or the one that
	// was exceeded.
	Need int64
}

// Scanner parses one file after another and reuses its memory. The zero value is
// ready to use by one goroutine.
type Scanner struct{ plain plainScanner }

// Plain parses a file: as JSON if its extension is .json, in any case, and as YAML
// otherwise. It does not use the path for anything else. A file of comments has no
// Objects. Plain does not retain data. It reports false for a file that cannot be read in
// little more memory than its objects take.
func (s *Scanner) Plain(name string, data []byte, limits Limits) (File, bool) {
	isJSON := isJSON(name)
	switch {
	case len(data) > MaxBytes:
		return File{JSON: isJSON, Problems: []Problem{{Line: 1, Column: 1, Code: CodeTooLarge, Text: "the file has more than 4 MiB and was not read"}}}, true
	case isJSON:
		return s.plain.scanJSON(data, limits.Objects)
	}
	return s.plain.scan(data, limits.Objects)
}

// Parse parses a file that [Scanner.Plain] cannot read, in the same way. It expands no
// aliases, and does not retain data. The error is that of ctx.
func Parse(ctx context.Context, name string, data []byte, limits Limits) (File, error) {
	file := File{JSON: isJSON(name)}
	line := 0
	if !file.JSON {
		data = withoutMarks(data)
		data, line = withoutLost(data)
	}
	p := parser{ctx: ctx, data: data, limits: limits}
	err := p.parse(&file)
	file.Lost = line
	return file, err
}

func isJSON(name string) bool { return strings.EqualFold(path.Ext(name), ".json") }
