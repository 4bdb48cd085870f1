package preflight

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/packager"
)

// Severity ranks findings; a worse one is greater. No finding has the zero value.
type Severity int

const (
	// Info is a fact that may be of interest.
	Info Severity = iota + 1
	// Warning is likely trouble.
	Warning
	// Error means that an engine that was named, or both engines if none was named,
	// certainly refuse the artifact or render nothing.
	Error
)

// ErrUnknownSeverity reports a severity that is none of the constants.
var ErrUnknownSeverity = errors.New("unknown severity")

const hintSeverity = "set Preflight.Severity to info, warning or error"

var severities = []string{Info: "info", Warning: "warning", Error: "error"}

// String returns info, warning or error, and "" for the zero value.
func (s Severity) String() string {
	if s < Info || s > Error {
		return ""
	}
	return severities[s]
}

// ParseSeverity parses the name of a severity, as [Severity.String] returns it, in upper or
// lower case. The error matches [ErrUnknownSeverity], for the empty name as well: the zero
// value has another meaning in each place.
func ParseSeverity(name string) (Severity, error) {
	if i := slices.Index(severities, strings.ToLower(name)); i > 0 {
		return Severity(i), nil
	}
	return 0, &advice.Error{Err: fmt.Errorf("%w: %.40q is not info, warning or error", ErrUnknownSeverity, name), Text: hintSeverity}
}

var (
	_ encoding.TextMarshaler   = Severity(0)
	_ encoding.TextUnmarshaler = (*Severity)(nil)
)

// MarshalText returns the name of the severity.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText parses a name as [ParseSeverity] does. No text is the zero value.
func (s *Severity) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*s = 0
		return nil
	}
	*s, err = ParseSeverity(string(text))
	return err
}

// Finding is one result of a rule.
type Finding struct {
	// Code is that of the rule. Codes do not change between versions.
	Code Code `json:"code"`
	// Severity ranks the finding.
	Severity Severity `json:"severity"`
	// Engine is GitOpsEngineFlux or GitOpsEngineArgoCD if the finding concerns one
	// of them only, and empty otherwise.
	Engine packager.GitOpsEngine `json:"engine,omitempty"`
	// File is a path in the Set, or empty if the finding concerns the whole
	// artifact.
	File string `json:"file,omitempty"`
	// Line and Column count from 1; 0 means unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Message is one sentence. It may contain names, but no value of a Secret.
	Message string `json:"message"`
	// Hint advises what to do, and may be empty.
	Hint string `json:"hint,omitempty"`
	// Paths are directories that the hint names for [Options.Path]. An engine renders
	// each of them without an error.
	Paths []string `json:"paths,omitempty"`
}

// String returns one line, such as "app.yaml:3:1: warning: message [code]". It omits
// the parts of the position that are unknown.
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File + ":")
		if f.Line > 0 {
			fmt.Fprintf(&b, "%d:", f.Line)
			if f.Column > 0 {
				fmt.Fprintf(&b, "%d:", f.Column)
			}
		}
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "%v: %s [%s]", f.Severity, f.Message, f.Code)
	return b.String()
}

// Findings are ordered by file, line and code. The last one describes those that are not
// listed, if there are any.
type Findings []Finding

// Worst returns the greatest severity, or zero without findings.
func (fs Findings) Worst() Severity {
	var worst Severity
	for _, f := range fs {
		worst = max(worst, f.Severity)
	}
	return worst
}

// AtLeast returns the findings of the severity least or worse.
func (fs Findings) AtLeast(least Severity) Findings {
	var bad Findings
	for _, f := range fs {
		if f.Severity >= least {
			bad = append(bad, f)
		}
	}
	return bad
}

// sorted returns the findings in their order. Those that are equal in it keep theirs.
func (fs Findings) sorted() Findings {
	if len(fs) == 0 {
		return nil
	}
	order := make([]int, len(fs)) // which takes less time to sort
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &fs[i], &fs[j]
		if c := cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)); c != 0 {
			return c // as for most
		}
		return cmp.Or(
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Engine, b.Engine),
			cmp.Compare(a.Message, b.Message),
			i-j,
		)
	})
	sorted := make(Findings, len(fs))
	for i, from := range order {
		sorted[i] = fs[from]
	}
	return sorted
}
