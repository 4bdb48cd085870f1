package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// PreflightPolicy says what to do about what package preflight finds in an
// artifact before it is pushed. The empty string means [PreflightReport].
type PreflightPolicy string

const (
	// PreflightReport puts what is found into the result. What an engine would
	// certainly refuse, or render as nothing, is a [*PreflightError] all the
	// same: of one that GitOpsEngine names, or of any engine there is.
	PreflightReport PreflightPolicy = "report"
	// PreflightEnforce makes a [*PreflightError] of all that is as bad as
	// PreflightSeverity or worse.
	PreflightEnforce PreflightPolicy = "enforce"
	// PreflightOff looks for nothing.
	PreflightOff PreflightPolicy = "off"
)

// ErrUnknownPolicy reports a policy that does not exist.
var ErrUnknownPolicy = errors.New("unknown preflight policy")

// ParsePreflightPolicy reads the name of a policy. The empty string is
// PreflightReport. The error matches [ErrUnknownPolicy].
func ParsePreflightPolicy(name string) (PreflightPolicy, error) {
	switch policy := cmp.Or(PreflightPolicy(name), PreflightReport); policy {
	case PreflightReport, PreflightEnforce, PreflightOff:
		return policy, nil
	}
	return "", fmt.Errorf("%w: %.40q is not report, enforce or off", ErrUnknownPolicy, name)
}

// Finding is what a rule of package preflight has to say.
type Finding = preflight.Finding

// ErrPreflight reports an artifact that was not pushed since an engine would not
// render it as it should. The error in the chain is a [*PreflightError].
var ErrPreflight = errors.New("not pushed, since it would not be rendered")

// PreflightError has what was found in an artifact that was not pushed. It
// matches [ErrPreflight].
type PreflightError struct {
	// Findings are all there are, those that are no reason included.
	Findings preflight.Findings
	// Reasons are those for which the artifact was not pushed.
	Reasons preflight.Findings
}

func (e *PreflightError) Error() string {
	if len(e.Reasons) == 0 { // made by others
		return ErrPreflight.Error()
	}
	text := fmt.Sprintf("%v: %v", ErrPreflight, e.Reasons[0])
	if more := len(e.Reasons) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// Is reports whether target is [ErrPreflight].
func (e *PreflightError) Is(target error) bool { return target == ErrPreflight }

// Hint says what to do about the first of the reasons, or "".
func (e *PreflightError) Hint() string {
	if len(e.Reasons) == 0 {
		return ""
	}
	return e.Reasons[0].Hint
}

// check looks for what the engines would make of the artifact, unless the policy
// is not to.
func (v ValidatedBuildOptions) check(ctx context.Context, plan *packager.Plan, seen *preflight.Cache) (preflight.Findings, error) {
	opts := preflight.Options{Policy: preflight.Policy(v.Preflight), Severity: v.PreflightSeverity, Path: v.Path}
	artifact := preflight.Artifact{Plan: plan, Engines: []GitOpsEngine{v.GitOpsEngine}, Tags: v.allTags(), Cache: seen}
	findings, err := preflight.Check(ctx, artifact, opts)
	if err != nil {
		return nil, err
	}
	if reasons := opts.Refusals(findings); len(reasons) > 0 {
		return nil, &PreflightError{Findings: findings, Reasons: reasons}
	}
	return findings, nil
}
