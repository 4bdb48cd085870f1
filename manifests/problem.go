package manifests

import (
	"cmp"
	"fmt"
	"slices"
)

// ProblemCode classifies a [Problem]. The values do not change between versions.
type ProblemCode string

const (
	// ProblemInvalid reports a file that kustomize cannot read.
	ProblemInvalid ProblemCode = "kustomization-invalid"
	// ProblemDuplicate reports a directory with kustomizations under several names,
	// of which kustomize accepts one only.
	ProblemDuplicate ProblemCode = "kustomization-duplicate"
	// ProblemNoKustomization reports a reference to a directory without a
	// kustomization.
	ProblemNoKustomization ProblemCode = "kustomization-missing"
	// ProblemLoop reports a kustomization that refers back to itself, or to that of
	// a directory that contains it.
	ProblemLoop ProblemCode = "reference-loop"
	// ProblemMissing reports a reference to a path that does not exist.
	ProblemMissing ProblemCode = "reference-missing"
	// ProblemOutside reports a path that is absolute or leaves the source directory.
	ProblemOutside ProblemCode = "reference-outside"
	// ProblemSkipped reports a reference to an entry of [Set.Skipped].
	ProblemSkipped ProblemCode = "reference-skipped"
	// ProblemWrongType reports a reference to a directory where a file is needed,
	// to a file where a directory is needed, or to a FIFO, socket or device.
	ProblemWrongType ProblemCode = "reference-type"
)

// Problem describes a defect in a kustomization that makes its build fail wherever the [Set]
// is unpacked, except for a [ProblemOutside] that leads to another copy of the Set. Problems
// do not prevent a Set from being collected.
type Problem struct {
	// Code classifies the problem.
	Code ProblemCode
	// File is the kustomization, a path in the Set.
	File string
	// Line and Column locate the value, counted from 1. Both are 0 if the problem
	// concerns the whole file.
	Line, Column int
	// Field locates the value in the document, such as
	// "configMapGenerator[0].files[1]". It may be empty.
	Field string
	// Path is the reference as written, if there is one, without the credentials and
	// the query of a URL, and cut at 1,000 bytes. For [ProblemDuplicate] it is the path
	// of the other kustomization in the Set.
	Path string
	// Message describes the problem without the fields above.
	Message string
	// Hint advises what to do.
	Hint string
}

// String returns the problem in one line.
func (p Problem) String() string {
	text := cmp.Or(p.File, "?")
	if p.Line > 0 {
		text += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if p.Field != "" {
		text += ": " + p.Field
	}
	text += ": " + cmp.Or(p.Message, string(p.Code), "unknown problem")
	if p.Path != "" {
		text += fmt.Sprintf(": %q", p.Path)
	}
	return text
}

// Problems lists the defects in the kustomizations of the Set and in their
// references, ordered by file, line and column. After 10,000 entries it holds only the
// first two of each kustomization. It is empty if [Options.SkipReferences] is set.
func (s *Set) Problems() []Problem { return slices.Clone(s.problems) }

// fault is a problem without its position.
type fault struct {
	code    ProblemCode
	message string
	hint    string
}

var (
	faultDuplicate       = &fault{ProblemDuplicate, "the directory has another kustomization", "keep one of them"}
	faultNoKustomization = &fault{ProblemNoKustomization, "refers to a directory without a kustomization", "add a kustomization.yaml to the directory, or refer to the files in it"}
	faultLoop            = &fault{ProblemLoop, "creates a reference loop", "remove one of the references that form the loop"}
	faultMissing         = &fault{ProblemMissing, "refers to a missing file", "add the file, or remove the reference"}
	faultOutside         = &fault{ProblemOutside, "refers to a path outside the source directory", "copy the file into the source directory, and refer to it by a relative path"}
	faultSkipped         = &fault{ProblemSkipped, "refers to a skipped file", "remove the rule in Collect.Ignore or a .sourceignore file that skips it, set Collect.Symlinks to follow if it is behind a link, or remove the reference"}
	faultDirectory       = &fault{ProblemWrongType, "refers to a directory where a file is needed", "refer to a file in the directory"}
	faultFile            = &fault{ProblemWrongType, "refers to a file where a directory is needed", "refer to a directory"}
	faultSpecial         = &fault{ProblemWrongType, "refers to a FIFO, socket or device", "replace it with a regular file"}
)
