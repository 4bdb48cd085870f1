package manifests

import (
	"slices"
	"time"

	"github.com/kubeoci/oci/internal/kustomize"
)

// File is one manifest file of a [Set].
type File struct {
	// Path is slash-separated, clean and relative to the root of the Set.
	Path string `json:"path"`
	// Size is the size in bytes.
	Size int64 `json:"size"`

	found *found // nil for a File that no Set returned
}

// found holds the location of a file and the facts that reveal later changes. It is
// kept apart from the File because that is copied often.
type found struct {
	tree    int32  // index of the tree; small, so that linked takes no space of its own
	linked  bool   // as in entryPath
	real    string // path in the tree, with symbolic links resolved
	modTime time.Time
}

// Linked reports whether the file, or a directory above it, is a symbolic link in
// its tree. The Set may then contain the same content under another path. The links by
// which Kubernetes mounts a volume do not count, because the Set contains their targets
// under no other path.
func (f File) Linked() bool { return f.found != nil && f.found.linked }

// Reason is the reason why an entry was skipped.
type Reason string

const (
	// ReasonExtension is for files that are not .yaml, .yml or .json, and that no
	// pattern of the options includes.
	ReasonExtension Reason = "extension"
	// ReasonVersionControl is for the data of version-control systems: directories and,
	// such as .git in a worktree, files.
	ReasonVersionControl Reason = "version-control"
	// ReasonIgnored is for files and directories that match an ignore rule.
	ReasonIgnored Reason = "ignored"
	// ReasonSpecial is for FIFOs, sockets and devices without a manifest's name, and
	// for all of them under [Options.SkipSpecial].
	ReasonSpecial Reason = "special"
	// ReasonSymlinkEscapes, ReasonSymlinkDangling and ReasonSymlinkLoop are for
	// symbolic links that [SymlinksSkip] skips: see [ErrSymlinkEscapes],
	// [ErrSymlinkDangling] and [ErrSymlinkLoop].
	ReasonSymlinkEscapes  Reason = "symlink-escapes"
	ReasonSymlinkDangling Reason = "symlink-dangling"
	ReasonSymlinkLoop     Reason = "symlink-loop"
	// ReasonSymlinkDirectory is for symbolic links to directories that
	// [SymlinksFiles] skips.
	ReasonSymlinkDirectory Reason = "symlink-directory"
	// ReasonMountedVolume is for the directories in which Kubernetes keeps the versions
	// of a mounted volume, and the links to them: see [Collect].
	ReasonMountedVolume Reason = "mounted-volume"
)

// Skipped is an entry that was not included in a [Set]. A directory is listed once,
// with a trailing slash, and stands for everything in it.
type Skipped struct {
	Path   string `json:"path"`
	Reason Reason `json:"reason"`
	// Pattern is the rule that the entry matches, as written. Source is the origin of
	// the rule: file and line, as in "base/.sourceignore:3", "options", or
	// "flux-defaults". Both are empty unless Reason is [ReasonIgnored].
	Pattern string `json:"pattern,omitempty"`
	Source  string `json:"source,omitempty"`
}

// Sources of rules that do not come from a file.
const (
	sourceOptions      = "options"
	sourceFluxDefaults = "flux-defaults"
)

// parsed adds methods to Set, by which package preflight avoids parsing kustomizations
// again and counts the problems that are not listed. They are not part of the documented
// API.
type parsed = kustomize.Parsed

// Set lists the files that were found in one or more trees. It is immutable and safe
// for concurrent use. Files may change meanwhile; reading a changed file fails.
type Set struct {
	parsed
	name     string
	files    []File
	skipped  []omission
	problems []Problem
	size     int64
	trees    []tree
	portable bool
}

// Name returns the base name of the first directory that the Set was collected from,
// as the caller wrote it, or "" for an [fs.FS].
func (s *Set) Name() string { return s.name }

// PortableNames reports whether the names were checked under [Options.PortableNames].
// Package packager then refuses a prefix that is not portable either.
func (s *Set) PortableNames() bool { return s.portable }

// Files returns the files in byte order of their paths.
func (s *Set) Files() []File { return slices.Clone(s.files) }

// Skipped returns the skipped entries in byte order of their paths.
func (s *Set) Skipped() []Skipped { return describe(s.skipped) }

// Size returns the sum of the file sizes in bytes.
func (s *Set) Size() int64 { return s.size }

// Open gives access to the content of the files. The caller must close the Reader.
//
// The error is a [*PathError]: a directory is missing ([ErrPathNotFound]), was replaced
// ([ErrPathNotDirectory]), or cannot be opened.
func (s *Set) Open() (*Reader, error) {
	r := &Reader{trees: make([]*treeReader, 0, len(s.trees)), parsed: &s.parsed}
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
