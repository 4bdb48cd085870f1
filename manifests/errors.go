package manifests

import (
	"errors"
	"fmt"
	"io/fs"
)

// What can be wrong with the source directory as a whole. Each arrives wrapped
// in a [*PathError].
var (
	// ErrPathRequired reports that no source directory was given.
	ErrPathRequired = errors.New("source path is required")
	// ErrPathNotFound reports a source directory that does not exist.
	ErrPathNotFound = errors.New("source path does not exist")
	// ErrPathNotDirectory reports a source path that is not a directory.
	ErrPathNotDirectory = errors.New("source path is not a directory")
	// ErrTwoSources reports a [Root] with both Dir and FS.
	ErrTwoSources = errors.New("source is both a directory and a file system")
	// ErrNoManifestFiles reports a tree without a single manifest file. The error
	// in the chain is a [*NoFilesError].
	ErrNoManifestFiles = errors.New("no manifest files (.yaml, .yml, .json)")
)

// What can be wrong with one entry of the tree. Each arrives wrapped in a
// [*PathError] that names the entry.
var (
	// ErrSymlinkEscapes reports a symbolic link that is absolute, leads out of
	// the tree, or cannot be shown not to.
	ErrSymlinkEscapes = errors.New("symbolic link leaves the source directory")
	// ErrSymlinkDangling reports a symbolic link to nothing.
	ErrSymlinkDangling = errors.New("symbolic link leads to nothing")
	// ErrSymlinkLoop reports a symbolic link that leads back to itself, or to a
	// directory that holds it.
	ErrSymlinkLoop = errors.New("symbolic link leads in a circle")
	// ErrSymlinkRefused reports a symbolic link under [SymlinksRefuse].
	ErrSymlinkRefused = errors.New("symbolic links are not allowed")
	// ErrUnknownSymlinkPolicy reports a [SymlinkPolicy] that does not exist.
	ErrUnknownSymlinkPolicy = errors.New("unknown symlink policy")
	// ErrSpecialFile reports a FIFO, socket or device with a manifest's name, or
	// anything but a file with the name .sourceignore.
	ErrSpecialFile = errors.New("not a regular file")
	// ErrEmptyFile reports a manifest file of no bytes.
	ErrEmptyFile = errors.New("file is empty")
	// ErrInvalidName reports a name that not every consumer can unpack.
	ErrInvalidName = errors.New("name cannot be carried in an archive")
	// ErrInvalidPattern reports a malformed pattern in [Options].
	ErrInvalidPattern = errors.New("invalid include pattern")
	// ErrInvalidIgnore reports an ignore rule in [Options] that could never match, or
	// a .sourceignore file, or rules in Options, of more than 64 KiB, or a line of more
	// than 1 KiB.
	ErrInvalidIgnore = errors.New("invalid ignore rule")
	// ErrInvalidLimit reports a negative limit in [Options].
	ErrInvalidLimit = errors.New("negative limit")
	// ErrFileChanged reports a file that is not what it was when it was
	// collected. Collecting again may succeed.
	ErrFileChanged = errors.New("file changed while it was read")
	// ErrLimitExceeded reports a tree beyond one of the limits in [Options].
	// The error in the chain is a [*LimitError].
	ErrLimitExceeded = errors.New("limit exceeded")
)

// variant is an error of its own text and hint that matches a sentinel.
type variant struct {
	sentinel error
	text     string
}

func (v *variant) Error() string        { return v.text }
func (v *variant) Is(target error) bool { return target == v.sentinel }

var (
	errNilReader    = &variant{ErrPathRequired, "source reader is nil"}
	errTooManyRules = &variant{ErrInvalidIgnore, "ignore rules are too long"}
)

// PathError says what is wrong with which path.
type PathError struct {
	// Path is slash-separated and relative to the root of the tree, or, for the
	// errors about the source directory itself, that directory's path.
	Path string
	// Target is where a symbolic link points, as written in the link.
	Target string
	// Err is one of the package's sentinels, or the file system's own error.
	Err error
}

func (e *PathError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	if e.Target != "" {
		return fmt.Sprintf("%v: %q -> %q", e.Err, e.Path, e.Target)
	}
	return fmt.Sprintf("%v: %q", e.Err, e.Path)
}

func (e *PathError) Unwrap() error { return e.Err }

// Hint says what to do about the error, or "".
func (e *PathError) Hint() string {
	if adviser, ok := e.Err.(interface{ Hint() string }); ok {
		return adviser.Hint()
	}
	for _, h := range hints {
		if errors.Is(e.Err, h.err) {
			return h.text
		}
	}
	return ""
}

var hints = []struct {
	err  error
	text string
}{
	{errNilReader, "pass a reader, such as os.Stdin"},
	{ErrPathRequired, "name the directory that holds the manifests"},
	{ErrPathNotFound, "check the path"},
	{ErrPathNotDirectory, "name the directory that holds the file"},
	{ErrTwoSources, "give either the directory or the file system"},
	{ErrSymlinkEscapes, "replace the link with the file, or link relatively to a place inside the directory"},
	{ErrSymlinkDangling, "remove the link, or create what it points to"},
	{ErrSymlinkLoop, "remove the link"},
	{ErrSymlinkRefused, "replace the link with what it leads to, or let links be followed"},
	{ErrUnknownSymlinkPolicy, "use follow, files, skip or refuse"},
	{ErrSpecialFile, "move it out of the directory, or give it another name"},
	{ErrEmptyFile, "remove the file, or allow empty files"},
	{ErrInvalidName, "rename it: UTF-8, without control characters and backslashes, and no directory that ends in two dots"},
	{ErrInvalidPattern, "give a pattern for the name of a file, such as *.properties, without folders"},
	{errTooManyRules, "ignore directories instead of single files: the limits are 64 KiB of rules and 1 KiB a rule"},
	{ErrInvalidIgnore, "give one rule as in a .gitignore file, such as charts/ or *.tmp.yaml, with every bracket closed"},
	{ErrFileChanged, "try again when nothing writes to the directory"},
	{ErrLimitExceeded, "point at a smaller tree, or raise the limit where manifests are collected"},
	{fs.ErrPermission, "give yourself read permission, or move it out of the directory"},
}

// LimitError says which limit of [Options] a tree exceeds. It matches
// [ErrLimitExceeded].
type LimitError struct {
	// Limit is the name of the field in [Options].
	Limit string
	// Max is the value in force.
	Max int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %s %d", e.Limit, e.Max) }

// Is reports whether target is [ErrLimitExceeded].
func (e *LimitError) Is(target error) bool { return target == ErrLimitExceeded }

// systemError strips the path that the file system puts into its errors, since
// a PathError names it already.
func systemError(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
