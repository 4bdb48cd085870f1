package preflight

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeoci/oci/packager"
)

// Severity is how bad a finding is. A worse one is greater. The zero value is
// that of no finding.
type Severity int

const (
	// Info is what one may want to know.
	Info Severity = iota + 1
	// Warning is likely trouble.
	Warning
	// Error is what an engine that was named, or every engine there is, would
	// refuse or render as nothing.
	Error
)

// ErrUnknownSeverity reports a name that is none of info, warning and error.
var ErrUnknownSeverity = errors.New("unknown severity")

var severities = []string{Info: "info", Warning: "warning", Error: "error"}

// String is info, warning or error, and "" for the zero value.
func (s Severity) String() string {
	if s < Info || s > Error {
		return ""
	}
	return severities[s]
}

// ParseSeverity reads what [Severity.String] prints, but for the empty string.
// The error matches [ErrUnknownSeverity].
func ParseSeverity(name string) (Severity, error) {
	if i := slices.Index(severities, name); i > 0 {
		return Severity(i), nil
	}
	return 0, fmt.Errorf("%w: %.40q is not info, warning or error", ErrUnknownSeverity, name)
}

var (
	_ encoding.TextMarshaler   = Severity(0)
	_ encoding.TextUnmarshaler = (*Severity)(nil)
)

// MarshalText writes the severity as its name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is [ParseSeverity].
func (s *Severity) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeverity(string(text))
	return err
}

// Finding is one thing that a rule has to say.
type Finding struct {
	// Code is that of the rule. Codes do not change.
	Code Code `json:"code"`
	// Severity says whether to worry.
	Severity Severity `json:"severity"`
	// Engine is GitOpsEngineFlux or GitOpsEngineArgoCD where one of them alone is
	// concerned, and empty otherwise.
	Engine packager.GitOpsEngine `json:"engine,omitempty"`
	// File is the path as in the Set, and empty where it is about the artifact
	// as a whole.
	File string `json:"file,omitempty"`
	// Line and Column count from 1; 0 is unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Message is one sentence. It holds names, and never a value of a Secret.
	Message string `json:"message"`
	// Hint says what to do, or is empty.
	Hint string `json:"hint,omitempty"`
}

// String is one line, like "app.yaml:3:1: warning: message [code]", without what
// is not known of the place.
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

// Findings are in the order of file, line and code.
type Findings []Finding

// Worst is the greatest severity there is, and zero where there is no finding.
func (fs Findings) Worst() Severity {
	var worst Severity
	for _, f := range fs {
		worst = max(worst, f.Severity)
	}
	return worst
}

// AtLeast returns the findings that are as bad as least or worse.
func (fs Findings) AtLeast(least Severity) Findings {
	var bad Findings
	for _, f := range fs {
		if f.Severity >= least {
			bad = append(bad, f)
		}
	}
	return bad
}

func (fs Findings) sort() {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Engine, b.Engine),
			cmp.Compare(a.Message, b.Message),
		)
	})
}
