package preflight

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/manifests"
)

// ErrInvalidPath reports a path in [Options] that is not below the tree.
var ErrInvalidPath = errors.New("invalid path")

// Options configure a check. The zero value is the default.
type Options struct {
	// Policy selects which findings keep an artifact from being pushed. Empty means
	// PolicyReport.
	Policy Policy
	// Severity is the least one for which PolicyEnforce refuses. Zero means Warning.
	Severity Severity
	// Path is the directory of the tree that the engines render, such as
	// "clusters/production". Empty means all of it.
	Path string
	// Paths are further directories of the tree that engines render, such as
	// "clusters/staging". Each is checked, and an artifact that is refused at one of
	// them is refused. If there are some, an empty Path means none, and "." all of the
	// tree. Directories may be nested, and each counts once.
	Paths []string
	// DirectoryRecurse reports that spec.source.directory.recurse is set in the
	// Argo CD Application, with which Argo CD reads the files of all subdirectories
	// and renders neither kustomizations nor charts.
	DirectoryRecurse bool

	// TargetNamespace is spec.targetNamespace of the Flux Kustomization, the namespace that
	// Flux gives to all objects. Empty means that it is not set, so that Flux refuses
	// objects that need a namespace and have none.
	TargetNamespace string

	// Checkers check the files of the artifact for rules of the caller. Each file is
	// passed to each of them once in a check, in the same read as for the rules of this
	// package, and their findings obey the same policy, order and limits. A [Cache] does
	// not remember their findings.
	Checkers []Checker `json:"-"`

	// MaxArchiveSize and MaxManifestSize are limits of Argo CD in bytes: of the
	// uncompressed tar stream, and of the files of a plain directory. Zero means the
	// limit of an Argo CD installed with its defaults, 1 GB and 10 MB (powers of
	// ten). A negative number is an error.
	MaxArchiveSize, MaxManifestSize int64

	// MaxMemory is the approximate limit, in bytes, of the memory for parsing files and
	// for the results, which are kept until the end of the check. A file that needs
	// more is not checked, and a finding reports that. Zero means 96 MiB: enough for 100,000 files
	// of three objects each, for 400,000 objects in few files, and for one YAML document
	// with 90,000 values, or with any number in the style of programs; and little enough to build the largest
	// tree that package manifests collects by default in 256 MiB. A negative number is
	// an error.
	MaxMemory int64
	// MaxFindings is how many findings are listed, the worst of them. One more reports
	// how many are not. Zero means 10,000, which is more than anybody reads. A negative
	// number is an error.
	MaxFindings int
	// MaxFileFindings is the same for the findings of one severity in one file. Zero
	// means 100. A negative number is an error.
	MaxFileFindings int
	// MaxCheckerFileSize is the largest file, in bytes, that Checkers see. Two of them may
	// be in memory at a time. A finding reports a larger one. Zero means 16 MiB.
	// A negative number is an error.
	MaxCheckerFileSize int64
}

const (
	defaultMaxFindings     = 10_000
	defaultMaxFileFindings = 100
)

// Validate checks the options. The error matches [ErrUnknownPolicy],
// [ErrUnknownSeverity], [ErrInvalidPath], [ErrInvalidNamespace], [ErrNilChecker] or
// manifests.ErrInvalidLimit.
func (o Options) Validate() error {
	if _, err := ParsePolicy(string(o.Policy)); err != nil {
		return err
	}
	if o.Severity < 0 || o.Severity > Error {
		return &advice.Error{Err: fmt.Errorf("%w: %d", ErrUnknownSeverity, o.Severity), Text: hintSeverity}
	}
	for _, dir := range append([]string{o.Path}, o.Paths...) {
		if !fs.ValidPath(cleanPath(dir)) {
			return &advice.Error{
				Err:  fmt.Errorf("%w: %.80q is not below the source directory", ErrInvalidPath, dir),
				Text: "set Preflight.Path or Preflight.Paths to directories of the tree such as clusters/production, or leave them empty",
			}
		}
	}
	if slices.Contains(o.Checkers, nil) {
		return &advice.Error{Err: ErrNilChecker, Text: "remove the nil from Preflight.Checkers"}
	}
	if err := o.validateNamespace(); err != nil {
		return err
	}
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"MaxArchiveSize", o.MaxArchiveSize}, {"MaxManifestSize", o.MaxManifestSize}, {"MaxMemory", o.MaxMemory},
		{"MaxFindings", int64(o.MaxFindings)}, {"MaxFileFindings", int64(o.MaxFileFindings)},
		{"MaxCheckerFileSize", o.MaxCheckerFileSize},
	} {
		if limit.value < 0 {
			return &advice.Error{
				Err:  fmt.Errorf("%w: %s %d", manifests.ErrInvalidLimit, limit.name, limit.value),
				Text: "set Preflight." + limit.name + " to a positive number, or to zero for the default",
			}
		}
	}
	return nil
}

// EveryPath returns the directories that are checked, clean and each once: Path, or "."
// if neither Path nor Paths is set, and then Paths.
func (o Options) EveryPath() []string {
	var all []string
	for i, dir := range append([]string{o.Path}, o.Paths...) {
		dir = cleanPath(dir)
		if none := i == 0 && o.Path == "" && len(o.Paths) > 0; !none && !slices.Contains(all, dir) {
			all = append(all, dir)
		}
	}
	return all
}

func cleanPath(dir string) string { return path.Clean(filepath.ToSlash(dir)) }

// policy returns the policy of options that are valid.
func (o Options) policy() Policy {
	policy, _ := ParsePolicy(string(o.Policy))
	return policy
}

// Refusals returns the findings for which the policy refuses an artifact, the worst
// first: errors under PolicyReport, those of [Options.Severity] or worse under
// PolicyEnforce, and none under PolicyOff.
func (o Options) Refusals(findings Findings) Findings {
	switch o.policy() {
	case PolicyOff:
		return nil
	case PolicyEnforce:
		refusals := findings.AtLeast(cmp.Or(o.Severity, Warning))
		slices.SortStableFunc(refusals, func(a, b Finding) int { return cmp.Compare(b.Severity, a.Severity) })
		return refusals
	}
	return findings.AtLeast(Error)
}
