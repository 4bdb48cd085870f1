package manifests

import (
	"slices"
	"time"
)

// File is one manifest file of a [Set].
type File struct {
	// Path is relative to the root of the tree, slash-separated and clean.
	Path string `json:"path"`
	// Size is in bytes.
	Size int64 `json:"size"`

	found *found // nil for one that was put together by hand
}

// found is where a file was, and what shows that it has changed since. It is apart
// from the File, of which there are many copies.
type found struct {
	tree    int    // of the Set's
	real    string // path there, with its symbolic links resolved
	modTime time.Time
}

// Reason says why an entry was left out of a [Set].
type Reason string

const (
	// ReasonExtension is a file that is not .yaml, .yml or .json, and that no
	// pattern of the options includes.
	ReasonExtension Reason = "extension"
	// ReasonVersionControl is the folder of a version-control system.
	ReasonVersionControl Reason = "version-control"
	// ReasonIgnored is a file or folder that a rule ignores.
	ReasonIgnored Reason = "ignored"
	// ReasonSpecial is a FIFO, socket or device without a manifest's name, or with
	// one where the options skip those.
	ReasonSpecial Reason = "special"
	// ReasonSymlinkEscapes, ReasonSymlinkDangling and ReasonSymlinkLoop are
	// symbolic links under [SymlinksSkip]: see [ErrSymlinkEscapes],
	// [ErrSymlinkDangling] and [ErrSymlinkLoop].
	ReasonSymlinkEscapes  Reason = "symlink-escapes"
	ReasonSymlinkDangling Reason = "symlink-dangling"
	ReasonSymlinkLoop     Reason = "symlink-loop"
	// ReasonSymlinkDirectory is a symbolic link to a directory under
	// [SymlinksFiles].
	ReasonSymlinkDirectory Reason = "symlink-directory"
)

// Skipped is an entry of the tree that was left out. A folder is listed once,
// with a trailing slash, and stands for all that is in it.
type Skipped struct {
	Path   string `json:"path"`
	Reason Reason `json:"reason"`
	// Pattern is the rule that ignores it, as written, and Source where that is
	// from: file and line, as in "base/.sourceignore:3", "options", or
	// "flux-defaults". They are empty for other reasons.
	Pattern string `json:"pattern,omitempty"`
	Source  string `json:"source,omitempty"`
}

// Sources of rules that are in no file.
const (
	sourceOptions      = "options"
	sourceFluxDefaults = "flux-defaults"
)

// Set is what was found in a tree. It is immutable and safe for concurrent
// use; the tree it was made from is not locked.
type Set struct {
	name     string
	files    []File
	skipped  []Skipped
	problems []Problem
	size     int64
	trees    []tree
}

// Name is the base name of the directory the Set was collected from, the first
// where there are several, as the caller wrote it, and "" for an [fs.FS].
func (s *Set) Name() string { return s.name }

// Files lists the files in the order of their path's bytes.
func (s *Set) Files() []File { return slices.Clone(s.files) }

// Skipped lists what was left out, in the order of the path's bytes.
func (s *Set) Skipped() []Skipped { return slices.Clone(s.skipped) }

// Size is the sum of the files' sizes, in bytes.
func (s *Set) Size() int64 { return s.size }

// Open gives access to the content of the files. The caller closes the Reader.
//
// The error is a [*PathError]: a directory is gone ([ErrPathNotFound]) or cannot
// be opened.
func (s *Set) Open() (*Reader, error) {
	r := &Reader{trees: make([]*treeReader, 0, len(s.trees))}
	for _, t := range s.trees {
		fsys, closer, err := t.open()
		if err != nil {
			_ = r.Close() // only read from
			return nil, err
		}
		r.trees = append(r.trees, &treeReader{fsys: fsys, closer: closer})
	}
	return r, nil
}
