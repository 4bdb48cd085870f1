// Package objects reads what a manifest file holds: which objects, under which
// names, on which lines, and what is wrong with its syntax. It decides nothing;
// package preflight makes findings of what it returns.
package objects

import (
	"path"
	"strings"
)

// Limits of a file. What is above the first three is a Problem, and so is YAML in
// flow style beyond the limits of package boundyaml, unless it is JSON.
const (
	// MaxBytes is far above what Kubernetes stores of an object, 1.5 MiB, and
	// bounds what parsing takes of memory.
	MaxBytes = 4 << 20
	// MaxDepth is the number of mappings and sequences inside each other.
	MaxDepth = 1_000
	// MaxExpanded is the number of values that the aliases of a document may
	// stand for. Decoders that expand them refuse at about this number.
	MaxExpanded = 400_000
	// MaxProblems is how many are told of a file. Who has more has all of one kind.
	MaxProblems = 100
)

// Object is what is known of one document of a file, or of one item in a list.
// Lines and columns count from 1, columns in characters.
type Object struct {
	// Line and Column are where the content starts, and for an empty document
	// where the document does.
	Line, Column int

	// Empty where absent, or no text: engines take a number or true for none.
	// They may come from an alias or a merge key.
	APIVersion, Kind, Name, GenerateName, Namespace string

	// NameLine and KindLine are where the keys are, 0 where they are absent.
	NameLine, KindLine int

	Empty   bool // null, or nothing but comments
	Mapping bool // the document is a mapping
	Blank   bool // it is a mapping or sequence without entries

	// Secret is set for a Secret of v1 with a value in data or stringData that
	// is there for all to read: neither empty, nor encrypted by SOPS, nor one
	// ${VARIABLE} that Flux replaces.
	Secret bool
	// Encrypted is set where SOPS left its mark: a mapping sops at the top, or
	// nothing but ENC[…] in the data of a Secret.
	Encrypted bool

	// List is set for a List, or any kind that ends so, with items or null for
	// them.
	List bool
	// Items are the objects in a List, or in any kind that ends so. An item that
	// is an alias is left out: it stands where its anchor is.
	Items []Object
}

// Code says what is wrong.
type Code string

// The codes of a Problem.
const (
	CodeSyntax    Code = "syntax"        // neither YAML nor JSON
	CodeTab       Code = "tab"           // no YAML because of a tab in the indentation
	CodeDuplicate Code = "duplicate-key" // a key twice in one mapping
	CodeTooDeep   Code = "too-deep"      // above MaxDepth, or that of flow style
	CodeTooLarge  Code = "too-large"     // above MaxBytes, or what there can be in flow style
	CodeAlias     Code = "alias"         // to itself, or above MaxExpanded
)

// Problem is what a parser would refuse.
type Problem struct {
	Line, Column int // from 1, within the file
	Code         Code
	Text         string // one sentence, with no value of the file but at most a key, cut at 60 bytes
}

// File is what Scan found.
type File struct {
	Objects  []Object  // in the order of the file; those before a syntax error, if there is one
	Problems []Problem // in the order found, the first MaxProblems
	// Template is set where actions of a template, {{ … }}, make a file
	// something other than the YAML or JSON it looks like. There are neither
	// Objects nor Problems then.
	Template bool
	JSON     bool // read as JSON, by its extension; more than one object is more than one value
}

// Scanner reads one file after another, and keeps memory from one to the next. The
// zero value is ready to use, by one goroutine.
type Scanner struct{ plain plainScanner }

// Scan reads a file. The extension .json, in any case, makes it JSON and any
// other YAML; the path is used for nothing else. A file of comments has no
// Objects. Aliases are never expanded, and values stay in data. Scan never
// fails, and keeps nothing of data.
func (s *Scanner) Scan(name string, data []byte) File {
	file := File{JSON: strings.EqualFold(path.Ext(name), ".json")}
	if len(data) > MaxBytes {
		file.Problems = []Problem{{Line: 1, Column: 1, Code: CodeTooLarge, Text: "the file has more than 4 MiB and was not read"}}
		return file
	}
	if !file.JSON {
		if found, ok := s.plain.scan(data); ok {
			file.Objects = found
			return file
		}
	}
	file.parse(data)
	return file
}
