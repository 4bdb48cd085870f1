package registry

import (
	"fmt"

	"github.com/kubeoci/oci/internal/redact"
)

// Format prints the options without secrets, such as one in the name of a step.
func (o PushOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits functions, and secrets in texts.
func (o PushOptions) MarshalJSON() ([]byte, error) {
	type plain PushOptions
	return redact.JSON(plain(o), redact.URLs)
}

// Format prints the result as JSON.
func (r PushResult) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// MarshalJSON omits passwords in URLs.
func (r PushResult) MarshalJSON() ([]byte, error) {
	type plain PushResult
	return redact.JSON(plain(r), redact.URLs)
}

// Format prints the plan as JSON.
func (p TagPlan) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// MarshalJSON omits passwords in URLs, such as one in a reason.
func (p TagPlan) MarshalJSON() ([]byte, error) {
	type plain TagPlan
	return redact.JSON(plain(p), redact.URLs)
}

// Format prints the plan as JSON.
func (p PushPlan) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// MarshalJSON omits passwords in URLs.
func (p PushPlan) MarshalJSON() ([]byte, error) {
	type plain PushPlan
	p.Tags = append([]TagPlan{}, p.Tags...) // an array in JSON, not null
	return redact.JSON(plain(p), redact.URLs)
}
