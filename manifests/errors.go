package manifests

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Errors that concern the source as a whole. Each arrives wrapped in a [*PathError].
var (
	// ErrPathRequired reports that no source was given.
	ErrPathRequired = errors.New("source path is required")
	// ErrPathNotFound reports a source directory that does not exist.
	ErrPathNotFound = errors.New("source path does not exist")
	// ErrPathNotDirectory reports a source path that is not a directory.
	ErrPathNotDirectory = errors.New("source path is not a directory")
	// ErrTwoSources reports a [Root] with both Dir and FS.
	ErrTwoSources = errors.New("source is both a directory and a file system")
	// ErrNoManifestFiles reports a tree without manifest files. The error in the chain
	// is a [*NoFilesError].
	ErrNoManifestFiles = errors.New("no manifest files (.yaml, .yml, .json)")
)

// Errors that concern the options or one entry of a tree. Each arrives wrapped in a
// [*PathError] that names the entry.
var (
	// ErrSymlinkEscapes reports a symbolic link that is absolute, leads out of the
	// tree, or is in a file system that cannot read links.
	ErrSymlinkEscapes = errors.New("symbolic link leaves the source directory")
	// ErrSymlinkDangling reports a symbolic link to nothing.
	ErrSymlinkDangling = errors.New("symbolic link leads to nothing")
	// ErrSymlinkLoop reports a symbolic link that leads back to itself, or to a
	// directory that holds it.
	ErrSymlinkLoop = errors.New("symbolic link forms a loop")
	// ErrSymlinkRefused reports a symbolic link under [SymlinksRefuse].
	ErrSymlinkRefused = errors.New("symbolic links are not allowed")
	// ErrUnknownSymlinkPolicy reports a [SymlinkPolicy] that does not exist.
	ErrUnknownSymlinkPolicy = errors.New("unknown symlink policy")
	// ErrSpecialFile reports a FIFO, socket or device with a manifest's name, or an
	// entry called .sourceignore that is not a file.
	ErrSpecialFile = errors.New("not a regular file")
	// ErrEmptyFile reports empty input to [FromReader]. An empty file of a tree is not an
	// error: package preflight reports it.
	ErrEmptyFile = errors.New("file is empty")
	// ErrInvalidName reports a name that not every consumer can unpack.
	ErrInvalidName = errors.New("name is not usable in an archive")
	// ErrInvalidPattern reports a malformed pattern in [Options] or of [Directories], or too
	// many.
	ErrInvalidPattern = errors.New("invalid include pattern")
	// ErrInvalidIgnore reports an ignore rule in [Options] that could never match, a line
	// of more than 1 KiB, or more than 64 KiB of rules in Options, or in the .sourceignore
	// files that apply to one directory.
	ErrInvalidIgnore = errors.New("invalid ignore rule")
	// ErrInvalidLimit reports a negative limit in [Options].
	ErrInvalidLimit = errors.New("negative limit")
	// ErrFileChanged reports a file that has changed since it was collected, or while
	// it was. Collecting again may succeed.
	ErrFileChanged = errors.New("file changed while it was read")
	// ErrLimitExceeded reports a tree beyond one of the limits in [Options]. The error
	// in the chain is a [*LimitError].
	ErrLimitExceeded = errors.New("limit exceeded")
)

// variant is an error that matches a sentinel but has its own text and hint.
type variant struct {
	sentinel error
	text     string
}

func (v *variant) Error() string        { return v.text }
func (v *variant) Is(target error) bool { return target == v.sentinel }

var (
	errNoInfo            = &variant{fs.ErrInvalid, "the file system has no information about an entry"}
	errNoFile            = &variant{fs.ErrInvalid, "the file system opens a file that is nil"}
	errNoDirectory       = &variant{fs.ErrInvalid, "the file system cannot list a directory"}
	errOddLength         = &variant{fs.ErrInvalid, "the reader returns an impossible length"}
	errNegativeSize      = &variant{fs.ErrInvalid, "the file system reports a negative size"}
	errOddEntry          = &variant{fs.ErrInvalid, "the file system lists an entry that is nil"}
	errNilReader         = &variant{ErrPathRequired, "source reader is nil"}
	errEmptyInput        = &variant{ErrEmptyFile, "the input is empty"}
	errTooManySteps      = &variant{ErrSymlinkLoop, "symbolic link leads through too many directories"}
	errRootPath          = &variant{ErrInvalidName, "Path of a root must be relative and stay inside the artifact"}
	errTooManyPatterns   = &variant{ErrInvalidPattern, "include patterns are too long"}
	errNoPattern         = &variant{ErrInvalidPattern, "a pattern for directories is required"}
	errDirectoryPattern  = &variant{ErrInvalidPattern, "invalid pattern for directories"}
	errAnyDepth          = &variant{ErrInvalidPattern, "a pattern for directories has no **"}
	errTooManyRules      = &variant{ErrInvalidIgnore, "ignore rules are too long"}
	errSpecialIgnoreFile = &variant{ErrSpecialFile, "not a regular file"}
)

// PathError describes an error and the path that it concerns.
type PathError struct {
	// Path is slash-separated and relative to the root of the tree. For errors about
	// the source directory itself it is that directory's path, and for errors about
	// the options the refused value.
	Path string
	// Target is the target of a symbolic link, as written in the link.
	Target string
	// Err is one of the package's sentinels, or the file system's own error.
	Err error
}

func (e *PathError) Error() string {
	if e.Path == "" {
		return fmt.Sprint(e.Err)
	}
	if e.Target != "" {
		return fmt.Sprintf("%v: %q -> %q", e.Err, e.Path, e.Target)
	}
	return fmt.Sprintf("%v: %q", e.Err, e.Path)
}

func (e *PathError) Unwrap() error { return e.Err }

// Hint returns advice on the error, or "".
func (e *PathError) Hint() string {
	if adviser, ok := e.Err.(interface{ Hint() string }); ok {
		return adviser.Hint()
	}
	if limit, ok := errors.AsType[*LimitError](e.Err); ok {
		return "choose a smaller tree, or raise Collect." + limit.Limit
	}
	if errors.Is(e.Err, ErrInvalidLimit) {
		return "set Collect." + e.Path + " to a positive number, or to zero for the default"
	}
	for _, h := range hints {
		if errors.Is(e.Err, h.err) {
			return h.text
		}
	}
	return ""
}

var errURL = fmt.Errorf("%w, and looks like a URL", ErrPathNotFound)

var hints = []struct {
	err  error
	text string
}{
	{errNilReader, "pass a reader, such as os.Stdin"},
	{errEmptyInput, "check the program that writes the input"},
	{errRootPath, "set the Path of the root to a directory such as apps/shop, without ./ and ../"},
	{ErrPathRequired, "give the directory that contains the manifests"},
	{errURL, "give a directory: fetch what the URL names first"},
	{ErrPathNotFound, "check the path"},
	{ErrPathNotDirectory, "give the directory that contains the file"},
	{ErrTwoSources, "set either Dir or FS"},
	{ErrSymlinkEscapes, "replace the link with the file, use a relative link that stays inside the directory, or set Collect.Symlinks to skip"},
	{ErrSymlinkDangling, "remove the link, create its target, or set Collect.Symlinks to skip"},
	{ErrSymlinkLoop, "remove the link, or set Collect.Symlinks to skip"},
	{ErrSymlinkRefused, "replace the link with its target, or set Collect.Symlinks to follow"},
	{ErrUnknownSymlinkPolicy, "set Collect.Symlinks to follow, files, skip or refuse"},
	{errSpecialIgnoreFile, "replace it with a regular file, or set Collect.SkipIgnoreFiles"},
	{ErrSpecialFile, "move it out of the directory, rename it, or set Collect.SkipSpecial"},
	{ErrInvalidName, "rename it: names must be UTF-8 without control characters and backslashes, and directories must not end in two dots"},
	{errTooManyPatterns, "use fewer patterns in Collect.Include, such as *.properties: the limit is 64 KiB in all"},
	{errNoPattern, "give a pattern such as apps/*"},
	{errAnyDepth, "use one * for each level, such as clusters/*/apps/*"},
	{errDirectoryPattern, "use a relative path such as apps/*, without ./ and ../, and close every bracket"},
	{ErrNoMatch, "check the pattern: it is relative to the source, * does not match names that begin with a dot, and only directories match"},
	{ErrInvalidPattern, "use patterns for the names of files in Collect.Include, such as *.properties, without directories"},
	{errTooManyRules, "ignore directories instead of single files: the limits are 64 KiB of rules and 1 KiB a rule"},
	{ErrInvalidIgnore, "use one rule of a .gitignore file for each entry of Collect.Ignore, such as charts/ or *.tmp.yaml, and close every bracket"},
	{ErrFileChanged, "try again when no program writes to the directory"},
	{fs.ErrPermission, "grant read permission, or move it out of the directory"},
}

// LimitError reports the limit of [Options] that a tree exceeds. It matches
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

// accessError returns [ErrFileChanged] for an error that occurs only if the entry was
// replaced after it was listed, and the result of systemError for any other.
func accessError(err error) error {
	for _, replaced := range []error{
		ErrFileChanged, fs.ErrNotExist, syscall.ENOTDIR, syscall.ELOOP, syscall.EISDIR, syscall.ENXIO, syscall.ESPIPE, syscall.ESTALE,
	} {
		if errors.Is(err, replaced) {
			return ErrFileChanged
		}
	}
	return systemError(err)
}

// systemError strips the path that the file system puts into its errors, because a
// PathError contains it already.
func systemError(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
