package oci

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kubeoci/oci/internal/redact"
)

// BuildStatus is the way in which a build of [Builder.BuildAll] ended.
type BuildStatus string

const (
	// StatusBuilt is a build whose artifact was pushed.
	StatusBuilt BuildStatus = "built"
	// StatusUnchanged is a build for which nothing was sent, see BuildResult.Unchanged.
	StatusUnchanged BuildStatus = "unchanged"
	// StatusFailed is a build that failed.
	StatusFailed BuildStatus = "failed"
	// StatusCancelled is a build that the end of the context, or FailFast, ended or kept from
	// beginning.
	StatusCancelled BuildStatus = "cancelled"
)

// BuildOutcome describes how one build of [Builder.BuildAll] ended. It marshals to JSON, with
// the text of the error, its hint, and whether it is retryable.
type BuildOutcome struct {
	// Index is that of the options in the call, from 0.
	Index int
	// RegistryEndpoint, Repository and Tag are the destination, as in OCIArtifact. They are
	// empty if the options are not valid.
	RegistryEndpoint string
	Repository       string
	Tag              string
	// Status is how the build ended.
	Status BuildStatus
	// Result is that of Build. It is zero if Err is set.
	Result BuildResult
	// Err is the error of Build, or nil.
	Err error
}

// String names the build for a person, such as "build 3 (acme/shop:1.4.0)".
func (o BuildOutcome) String() string {
	switch {
	case o.Repository == "":
		return fmt.Sprintf("build %d", o.Index)
	case o.Tag == "": // with Push.DigestOnly
		return fmt.Sprintf("build %d (%s)", o.Index, o.Repository)
	}
	return fmt.Sprintf("build %d (%s:%s)", o.Index, o.Repository, o.Tag)
}

// MarshalJSON omits passwords in URLs.
func (o BuildOutcome) MarshalJSON() ([]byte, error) {
	v := struct {
		Index            int             `json:"index"`
		RegistryEndpoint string          `json:"registryEndpoint,omitempty"`
		Repository       string          `json:"repository,omitempty"`
		Tag              string          `json:"tag,omitempty"`
		Status           BuildStatus     `json:"status"`
		Result           *BuildResult    `json:"result,omitempty"`
		Error            string          `json:"error,omitempty"`
		Hint             string          `json:"hint,omitempty"`
		Retryable        bool            `json:"retryable,omitempty"`
		Preflight        *PreflightError `json:"preflight,omitempty"`
	}{
		Index: o.Index, RegistryEndpoint: o.RegistryEndpoint, Repository: o.Repository, Tag: o.Tag,
		Status: o.Status, Result: &o.Result, Hint: Hint(o.Err), Retryable: Retryable(o.Err),
	}
	if o.Err != nil {
		v.Result, v.Error = nil, o.Err.Error()
		v.Preflight, _ = errors.AsType[*PreflightError](o.Err)
	}
	return redact.JSON(v, redact.Addresses)
}

// BuildAllResult describes the builds of one call of [Builder.BuildAll]. It marshals to JSON.
type BuildAllResult struct {
	// Built, Unchanged, Failed and Cancelled count the outcomes of each status.
	Built     int `json:"built"`
	Unchanged int `json:"unchanged"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
	// Outcomes has one entry for each build, in the order of the options.
	Outcomes []BuildOutcome `json:"outcomes"`
}

// Format prints the result as JSON.
func (r BuildAllResult) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// MarshalJSON omits passwords in URLs.
func (r BuildAllResult) MarshalJSON() ([]byte, error) {
	type plain BuildAllResult
	r.Outcomes = array(r.Outcomes)
	return redact.JSON(plain(r), redact.Addresses)
}

func newBuildAllResult(outcomes []BuildOutcome) BuildAllResult {
	r := BuildAllResult{Outcomes: outcomes}
	counts := map[BuildStatus]*int{
		StatusBuilt: &r.Built, StatusUnchanged: &r.Unchanged, StatusFailed: &r.Failed, StatusCancelled: &r.Cancelled,
	}
	for _, o := range outcomes {
		*counts[o.Status]++
	}
	return r
}

// failure returns the error for the result, or nil.
func (r BuildAllResult) failure(ctx context.Context) error {
	if r.Failed == 0 && r.Cancelled == 0 {
		return nil
	}
	e := &BuildAllError{Builds: len(r.Outcomes), Failed: []BuildOutcome{}, Cancelled: r.Cancelled} // an array in JSON, not null
	for _, o := range r.Outcomes {
		if o.Status == StatusFailed {
			e.Failed = append(e.Failed, o)
		}
	}
	if r.Cancelled > 0 {
		e.ended = ctx.Err() // nil after a failure with FailFast
	}
	return e
}

// BuildAllError lists the builds of [Builder.BuildAll] that failed. errors.Is and errors.As
// find the error of each of them and, if the context ended before all builds did, that of the
// context. It marshals to JSON.
type BuildAllError struct {
	// Builds is the number of builds in the call.
	Builds int `json:"builds"`
	// Failed are the outcomes of those that failed, or whose options were refused.
	Failed []BuildOutcome `json:"failed"`
	// Cancelled is the number of those that were cancelled.
	Cancelled int `json:"cancelled"`

	ended error // of the context, or nil
}

func (e *BuildAllError) Error() string {
	if len(e.Failed) == 0 {
		text := fmt.Sprintf("%d of %d builds cancelled", e.Cancelled, e.Builds)
		if e.ended != nil {
			text += ": " + e.ended.Error()
		}
		return text
	}
	text := fmt.Sprintf("%d of %d builds failed", len(e.Failed), e.Builds)
	if e.Cancelled > 0 {
		text += fmt.Sprintf(", %d cancelled", e.Cancelled)
	}
	text += fmt.Sprintf(": %v: %v", e.Failed[0], e.Failed[0].Err)
	if more := len(e.Failed) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// Unwrap returns the errors of the builds that failed, and that of the context.
func (e *BuildAllError) Unwrap() []error {
	var errs []error
	for _, o := range e.Failed {
		errs = append(errs, o.Err)
	}
	if e.ended != nil {
		errs = append(errs, e.ended)
	}
	return errs
}

// Retryable reports whether all of the errors are [Retryable]. Another call with the options
// of all builds sends nothing for those that succeeded.
func (e *BuildAllError) Retryable() bool {
	return e.ended == nil && !slices.ContainsFunc(e.Failed, func(o BuildOutcome) bool { return !Retryable(o.Err) })
}

// ErrDuplicateBuild reports two builds with one destination. The error in the chain is a
// [*DuplicateBuildError].
var ErrDuplicateBuild = errors.New("two builds have the same destination")

// DuplicateBuildError names two builds of one call that push to the same registry,
// repository and tag. It matches [ErrDuplicateBuild].
type DuplicateBuildError struct {
	// First and Second are the indices of the options.
	First, Second int
	// Reference is the destination that both have.
	Reference string
}

func (e *DuplicateBuildError) Error() string {
	return fmt.Sprintf("%v: %d and %d push to %s", ErrDuplicateBuild, e.First, e.Second, e.Reference)
}

// Is reports whether target is [ErrDuplicateBuild].
func (e *DuplicateBuildError) Is(target error) bool { return target == ErrDuplicateBuild }

// Hint returns advice on the error.
func (e *DuplicateBuildError) Hint() string {
	return "give one of them another Repository, Version or Tags"
}
