package manifests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// NoFilesError describes a tree without manifest files. It matches
// [ErrNoManifestFiles].
type NoFilesError struct {
	// Skipped counts the skipped entries by reason. A directory counts as one.
	Skipped map[Reason]int
}

// noFiles returns the error for a tree without manifest files.
func noFiles(t tree, skipped []omission) error {
	e := &NoFilesError{Skipped: map[Reason]int{}}
	for _, s := range skipped {
		if holds(t.path, s.path) {
			e.Skipped[s.why.reason]++
		}
	}
	return &PathError{Path: t.dir, Err: e}
}

func (e *NoFilesError) Error() string { return ErrNoManifestFiles.Error() }

// Is reports whether target is [ErrNoManifestFiles].
func (e *NoFilesError) Is(target error) bool { return target == ErrNoManifestFiles }

// Hint returns advice, and the number of skipped entries for each reason.
func (e *NoFilesError) Hint() string {
	var advice, counts []string
	if e.Skipped[ReasonIgnored] > 0 {
		advice = append(advice, "change the ignore rules")
	}
	if e.Skipped[ReasonExtension] > 0 {
		advice = append(advice, "add patterns to Collect.Include")
	}
	hint := strings.Join(append(advice, "check that this is the right directory"), ", or ")
	for _, reason := range slices.Sorted(maps.Keys(e.Skipped)) {
		counts = append(counts, fmt.Sprintf("%d (%s)", e.Skipped[reason], reason))
	}
	if len(counts) == 0 {
		return hint
	}
	return hint + "; skipped: " + strings.Join(counts, ", ")
}
