package manifests

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// NoFilesError says what a tree without manifest files holds instead. It matches
// [ErrNoManifestFiles].
type NoFilesError struct {
	// Skipped counts what was left out, by reason. A folder counts as one.
	Skipped map[Reason]int
}

// noFiles is the error for a tree that gave no manifest file.
func noFiles(t tree, skipped []Skipped) error {
	e := &NoFilesError{Skipped: map[Reason]int{}}
	for _, s := range skipped {
		if holds(t.path, s.Path) {
			e.Skipped[s.Reason]++
		}
	}
	return &PathError{Path: t.dir, Err: e}
}

func (e *NoFilesError) Error() string { return ErrNoManifestFiles.Error() }

// Is reports whether target is [ErrNoManifestFiles].
func (e *NoFilesError) Is(target error) bool { return target == ErrNoManifestFiles }

// Hint says what to do, and what was left out: how much for which reason.
func (e *NoFilesError) Hint() string {
	var advice, counts []string
	if e.Skipped[ReasonIgnored] > 0 {
		advice = append(advice, "change the rules to ignore")
	}
	if e.Skipped[ReasonExtension] > 0 {
		advice = append(advice, "include files by a pattern for their names")
	}
	hint := strings.Join(append(advice, "check that this is the right directory"), ", or ")
	for _, reason := range slices.Sorted(maps.Keys(e.Skipped)) {
		counts = append(counts, fmt.Sprintf("%d (%s)", e.Skipped[reason], reason))
	}
	if len(counts) == 0 {
		return hint
	}
	return hint + "; left out: " + strings.Join(counts, ", ")
}
