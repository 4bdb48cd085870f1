package manifests

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Default limits of [Options].
const (
	defaultMaxFiles     = 100_000
	defaultMaxFileSize  = 1_000_000_000 // Argo CD's limit for an unpacked artifact
	defaultMaxTotalSize = 1_000_000_000 // the same
	defaultMaxDepth     = 100
	defaultMaxEntries   = 500_000
)

// Options are what a caller may change about collecting. The zero value is the
// default.
type Options struct {
	// AllowEmptyFiles takes manifest files of no bytes, which are an error
	// otherwise: nearly always something went wrong when they were written.
	AllowEmptyFiles bool

	// Include takes further files, besides .yaml, .yml and .json: patterns of
	// [path.Match] for the name of a file in any folder, like "*.properties".
	// Those may be empty.
	Include []string

	// SkipReferences leaves kustomizations unread. By default the local files that
	// a kustomization refers to are included, whatever their extension, and
	// [Set.Problems] lists the references that cannot be resolved.
	SkipReferences bool
	// Ignore leaves files and folders out: rules as in a .sourceignore file at
	// the root, one each, like "charts/" or "!keep.yaml". They win over those of
	// files.
	Ignore []string
	// IgnoreFluxDefaults leaves out what Flux leaves out of an artifact that has
	// no rules of its own, such as .github/ and *.png. All other rules win over them.
	IgnoreFluxDefaults bool
	// SkipIgnoreFiles leaves .sourceignore files unread, so that their rules have no
	// effect.
	SkipIgnoreFiles bool

	// Symlinks says what to do about symbolic links that nothing ignores. Empty is
	// SymlinksFollow.
	Symlinks SymlinkPolicy
	// SkipSpecial reports FIFOs, sockets and devices with a manifest's name as
	// left out. They are an error otherwise.
	SkipSpecial bool

	// Limits. Zero is the default named beside each; a negative number is
	// refused.

	MaxFiles     int   // files in the Set; 100,000
	MaxFileSize  int64 // bytes in one file; 1,000,000,000, which is what Argo CD unpacks of one artifact
	MaxTotalSize int64 // bytes in all files; 1,000,000,000 for the same reason
	MaxDepth     int   // nested directories; 100
	MaxEntries   int   // files, directories and other entries, included or not; 500,000

	rules *compiledRules // set by Resolve
}

// Resolve checks the options and returns them with the defaults filled in. The
// functions that collect resolve their options themselves; for options that were
// resolved before, the ignore rules are not parsed again.
//
// The error is a [*PathError] with [ErrInvalidLimit], [ErrInvalidPattern],
// [ErrInvalidIgnore] or [ErrUnknownSymlinkPolicy].
func (o Options) Resolve() (Options, error) {
	if o.MaxFiles < 0 || o.MaxFileSize < 0 || o.MaxTotalSize < 0 || o.MaxDepth < 0 || o.MaxEntries < 0 {
		return Options{}, &PathError{Err: ErrInvalidLimit}
	}
	for _, pattern := range o.Include {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || strings.Contains(pattern, "/") {
			return Options{}, &PathError{Path: pattern, Err: ErrInvalidPattern}
		}
	}
	var err error
	if o.Symlinks, err = o.Symlinks.resolve(); err != nil {
		return Options{}, err
	}
	o.Include, o.Ignore = slices.Clone(o.Include), slices.Clone(o.Ignore)
	if !o.rules.compiledFrom(o) {
		if o.rules, err = compileRules(o); err != nil {
			return Options{}, err
		}
	}
	return o.withDefaults(), nil
}

func (o Options) withDefaults() Options {
	o.MaxFiles = cmp.Or(o.MaxFiles, defaultMaxFiles)
	o.MaxFileSize = cmp.Or(o.MaxFileSize, defaultMaxFileSize)
	o.MaxTotalSize = cmp.Or(o.MaxTotalSize, defaultMaxTotalSize)
	o.MaxDepth = cmp.Or(o.MaxDepth, defaultMaxDepth)
	o.MaxEntries = cmp.Or(o.MaxEntries, defaultMaxEntries)
	return o
}

// included reports whether a pattern of the options takes the file.
func (o Options) included(name string) bool {
	return slices.ContainsFunc(o.Include, func(pattern string) bool {
		matched, _ := path.Match(pattern, name) // its form is checked
		return matched
	})
}
