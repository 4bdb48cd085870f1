package preflight

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/packager"
)

// Checker checks the files of an artifact for a rule of the caller, such as a schema or a
// policy; see [Options.Checkers].
type Checker interface {
	// Check returns findings for one file. Several goroutines call it concurrently, and
	// in no order: each file of the artifact once, whatever its name.
	//
	// A finding has a code of visible ASCII characters that is none of this package, a
	// severity and a message. Its File is empty or the path of the file. Invisible
	// characters in its texts are replaced, and a text is cut after 1,000 bytes. It must
	// not hold a secret.
	//
	// An error or a panic ends the check of the artifact with a [*CheckerError]. The
	// caller does not wait for a method that goes on after the end of ctx.
	Check(ctx context.Context, file File) (Findings, error)
}

// CheckerFunc is a function that implements [Checker].
type CheckerFunc func(ctx context.Context, file File) (Findings, error)

// Check calls f.
func (f CheckerFunc) Check(ctx context.Context, file File) (Findings, error) { return f(ctx, file) }

// File is a file that a [Checker] checks.
type File struct {
	// Path is that of the file in the Set.
	Path string
	// Content is valid during the call only, and must not be modified.
	Content []byte
}

var (
	// ErrNilChecker reports a nil in [Options.Checkers].
	ErrNilChecker = errors.New("checker is nil")
	// ErrInvalidFinding reports a finding that a [Checker] must not return.
	ErrInvalidFinding = errors.New("invalid finding")
)

// CheckerError reports a [Checker] that failed.
type CheckerError struct {
	// File is the path of the file that was checked.
	File string
	// Err is the error of the Checker, describes its panic, or matches
	// [ErrInvalidFinding].
	Err error
	// Stack is that of a panic, or empty.
	Stack []byte
}

func (e *CheckerError) Error() string {
	return fmt.Sprintf("a checker of the caller failed for %q: %v", e.File, e.Err)
}

func (e *CheckerError) Unwrap() error { return e.Err }

// callChecker returns findings that are valid. The error is a [*CheckerError].
func callChecker(ctx context.Context, c Checker, file File) (findings Findings, err error) {
	err = calls.Catch(func() (err error) {
		findings, err = c.Check(ctx, file)
		return err
	})
	if err == nil {
		err = validFindings(findings, file.Path)
	}
	if err == nil {
		return findings, nil
	}
	failure := &CheckerError{File: file.Path, Err: err}
	if p, panicked := errors.AsType[*calls.Panic](err); panicked { // which must not be a panic of whoever gets the error
		failure.Err, failure.Stack = fmt.Errorf("panic: %v", p.Value), p.Stack
		if cause := p.Unwrap(); cause != nil {
			failure.Err = fmt.Errorf("panic: %w", cause)
		}
	}
	return nil, failure
}

// validFindings returns an error for a finding that a Checker must not return.
func validFindings(findings Findings, file string) error {
	for i, f := range findings {
		if reason := f.fault(file); reason != "" {
			return fmt.Errorf("%w %d: %s", ErrInvalidFinding, i+1, reason)
		}
	}
	return nil
}

const maxCode = 100

// fault describes why a Checker of a file must not return the finding, or returns "".
func (f *Finding) fault(file string) string {
	known := f.Engine == "" || f.Engine == packager.GitOpsEngineFlux || f.Engine == packager.GitOpsEngineArgoCD
	switch {
	case f.Code == "" || len(f.Code) > maxCode || strings.ContainsFunc(string(f.Code), func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Sprintf("the code %.100q is not one to %d visible ASCII characters", f.Code, maxCode)
	case f.Code.Description() != "":
		return fmt.Sprintf("the code %q is one of package preflight", f.Code)
	case f.Severity < Info || f.Severity > Error:
		return fmt.Sprintf("the severity %d of %q is none", f.Severity, f.Code)
	case !known:
		return fmt.Sprintf("the engine %.40q of %q is neither Flux nor ArgoCD", f.Engine, f.Code)
	case f.File != "" && f.File != file:
		return fmt.Sprintf("%q is of another file: %.255q", f.Code, f.File)
	case f.Message == "":
		return fmt.Sprintf("%q has no message", f.Code)
	}
	return ""
}

// ofChecker returns a finding that is fit to be printed, and shares no memory with f.
func (f *Finding) ofChecker(file string) Finding {
	return Finding{
		Code: Code(strings.Clone(string(f.Code))), Severity: f.Severity, Engine: f.Engine,
		File: file, Line: max(f.Line, 0), Column: max(f.Column, 0),
		Message: visible(f.Message), Hint: visible(f.Hint),
	}
}

// maxText bounds the texts of a finding of a [Checker] in bytes.
const maxText = 1000

// visible returns text on one line, without characters that are invisible.
func visible(text string) string {
	cut := text
	if len(text) > maxText {
		cut = text[:maxText]
		for !utf8.RuneStart(text[len(cut)]) {
			cut = cut[:len(cut)-1]
		}
	}
	cut = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return utf8.RuneError
		}
		return r
	}, cut)
	if len(text) > maxText {
		cut += "…"
	}
	return strings.Clone(cut)
}

// ruleOf returns the rule with a code of this package.
var ruleOf = sync.OnceValue(func() map[Code]rule {
	all := map[Code]rule{}
	for _, r := range rules() {
		all[r.code] = r
	}
	return all
})

// Description describes what a rule reports, in a phrase. It is "" for a code of a
// [Checker].
func (c Code) Description() string { return ruleOf()[c].doc }
