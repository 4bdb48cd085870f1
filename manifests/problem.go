package manifests

import (
	"errors"
	"fmt"
	"slices"
)

// What can be wrong with what kustomizations name. Each arrives in a [Problem].
var (
	// ErrKustomizationInvalid reports a file that kustomize could not read.
	ErrKustomizationInvalid = errors.New("not a valid kustomization")
	// ErrKustomizationTwice reports a folder with several kustomizations, under
	// names of which kustomize takes one only.
	ErrKustomizationTwice = errors.New("folder has a kustomization already")
	// ErrKustomizationMissing reports a folder without a kustomization.
	ErrKustomizationMissing = errors.New("names a folder without a kustomization")
	// ErrKustomizationLoop reports a kustomization that leads back to itself, or
	// to that of a folder which holds it.
	ErrKustomizationLoop = errors.New("leads in a circle")
	// ErrReferenceMissing reports a path to nothing.
	ErrReferenceMissing = errors.New("names what does not exist")
	// ErrReferenceEscapes reports a path that is absolute or leads out of the
	// source directory.
	ErrReferenceEscapes = errors.New("names what is outside the source directory")
	// ErrReferenceLeftOut reports a path to what is among [Set.Skipped].
	ErrReferenceLeftOut = errors.New("names what was left out")
	// ErrReferenceNotFile reports a folder where a file is needed.
	ErrReferenceNotFile = errors.New("names a folder where a file is needed")
	// ErrReferenceNotFolder reports a file where a folder is needed.
	ErrReferenceNotFolder = errors.New("names a file where a folder is needed")
)

// Problem is something in a kustomization that lets its build fail wherever the
// Set is unpacked. It does not keep a Set from being collected.
type Problem struct {
	// File is the kustomization, a path in the Set.
	File string
	// Line and Column are those of the value, from 1, or 0 for all of the file.
	Line, Column int
	// Field is where in the file, such as "configMapGenerator[0].files[1]", or "".
	Field string
	// Path is what is named there, as written, or "". For
	// [ErrKustomizationTwice] it is the other file's path in the Set.
	Path string
	// Err is one of the package's sentinels, or wraps one with what is known.
	Err error
}

// String is the problem in one line.
func (p Problem) String() string {
	text := p.File
	if p.Line > 0 {
		text += fmt.Sprintf(":%d:%d", p.Line, p.Column)
	}
	if p.Field != "" {
		text += ": " + p.Field
	}
	text += ": " + p.Err.Error()
	if p.Path != "" {
		text += fmt.Sprintf(": %q", p.Path)
	}
	return text
}

// Problems lists what is wrong with the kustomizations of the Set and what they
// name, in the order of file, line and column, up to 10,000 of them. It is empty
// under [Options.NoClosure].
func (s *Set) Problems() []Problem { return slices.Clone(s.problems) }
