package manifests

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/ignore"
)

// Default limits of [Options].
const (
	defaultMaxFiles     = 100_000
	defaultMaxFileSize  = 1_000_000_000 // Argo CD's limit for an unpacked artifact
	defaultMaxTotalSize = 1_000_000_000 // the same
	defaultMaxDepth     = 100
	defaultMaxEntries   = 500_000
	defaultMaxNamesSize = 24 << 20 // 50 bytes for each of the entries
	defaultMaxIgnore    = 1 << 20  // 16 files of the largest size
	defaultMaxRefs      = 200_000  // two for each of the files
)

// Options adjust how files are collected. The zero value is the default.
type Options struct {
	// Include lists further files besides .yaml, .yml and .json: patterns of
	// [path.Match] for the name of a file in any directory, like "*.properties", of at
	// most 64 KiB in all.
	Include []string

	// SkipReferences leaves kustomizations unread. By default the local files that
	// a kustomization refers to are included, whatever their extension, and
	// [Set.Problems] lists the references that cannot be resolved.
	SkipReferences bool
	// Ignore lists files and directories to skip: rules as in a .sourceignore file at
	// the root, one each, like "charts/" or "!keep.yaml". They take precedence over
	// those in files.
	Ignore []string
	// IgnoreFluxDefaults skips the files that Flux drops from an artifact without
	// rules of its own, such as .github/ and *.png. All other rules take precedence.
	IgnoreFluxDefaults bool
	// SkipIgnoreFiles leaves .sourceignore files unread, so that their rules have no
	// effect.
	SkipIgnoreFiles bool

	// Symlinks determines how symbolic links are treated that no rule ignores. Default:
	// SymlinksFollow.
	Symlinks SymlinkPolicy
	// SkipSpecial skips FIFOs, sockets and devices with a manifest's name. By default
	// they are an error.
	SkipSpecial bool

	// PortableNames refuses names that mean something else on another system or to a
	// reader: those of Windows devices, with characters that Windows refuses, with a dot
	// or space at the end, with characters that are invisible, and names that differ by
	// case only. Names that differ by Unicode normalization only are not compared. By
	// default package preflight warns of them.
	PortableNames bool

	// MaxFiles and the fields after it are limits. Zero means the default beside each, and a
	// negative number is [ErrInvalidLimit].
	MaxFiles     int   // files in the Set; 100,000
	MaxFileSize  int64 // bytes in one file; 1,000,000,000, which is what Argo CD unpacks of one artifact
	MaxTotalSize int64 // bytes in all files; 1,000,000,000 for the same reason
	MaxDepth     int   // nested directories; 100
	MaxEntries   int   // files, directories and other entries, included or not; 500,000
	// MaxNamesSize limits the bytes in the paths of all entries, included or not, and in
	// the references of kustomizations, because they are held in memory. Links can make
	// long paths of few files. The default is 25,165,824, which is 50 for each of 500,000
	// entries.
	MaxNamesSize int64
	// MaxReferences limits the local paths in all kustomizations. The default is 200,000,
	// two for each of 100,000 files.
	MaxReferences int
	// MaxIgnoreSize limits the bytes in all .sourceignore files, each of them counted
	// once. The default is 1,048,576, which is 16 files of the largest size.
	MaxIgnoreSize int64

	rules *compiledRules // set by Resolve
}

// Resolve checks the options and returns them with the defaults filled in. The
// functions that collect resolve their options themselves; for options that were
// resolved before, the ignore rules are not parsed again.
//
// The error is a [*PathError] with [ErrInvalidLimit], [ErrInvalidPattern],
// [ErrInvalidIgnore] or [ErrUnknownSymlinkPolicy].
func (o Options) Resolve() (Options, error) {
	for _, limit := range []LimitError{
		{"MaxFiles", int64(o.MaxFiles)}, {"MaxFileSize", o.MaxFileSize}, {"MaxTotalSize", o.MaxTotalSize},
		{"MaxDepth", int64(o.MaxDepth)}, {"MaxEntries", int64(o.MaxEntries)}, {"MaxNamesSize", o.MaxNamesSize},
		{"MaxIgnoreSize", o.MaxIgnoreSize}, {"MaxReferences", int64(o.MaxReferences)},
	} {
		if limit.Max < 0 {
			return Options{}, &PathError{Path: limit.Limit, Err: ErrInvalidLimit}
		}
	}
	size := 0
	for _, pattern := range o.Include {
		if size += len(pattern); size > ignore.MaxSize {
			return Options{}, &PathError{Path: "Include", Err: errTooManyPatterns}
		}
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
	o.MaxNamesSize = cmp.Or(o.MaxNamesSize, defaultMaxNamesSize)
	o.MaxReferences = cmp.Or(o.MaxReferences, defaultMaxRefs)
	o.MaxIgnoreSize = cmp.Or(o.MaxIgnoreSize, defaultMaxIgnore)
	return o
}

// included reports whether a pattern of the options includes a file of this name.
func (o Options) included(name string) bool {
	return slices.ContainsFunc(o.Include, func(pattern string) bool {
		matched, _ := path.Match(pattern, name) // the pattern is valid
		return matched
	})
}
