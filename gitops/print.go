package gitops

import (
	"fmt"

	"github.com/kubeoci/oci/internal/redact"
)

// Format prints the options as JSON.
func (o FluxOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits passwords in URLs.
func (o FluxOptions) MarshalJSON() ([]byte, error) {
	type plain FluxOptions
	return redact.JSON(plain(o), redact.Addresses)
}

// Format prints the options as JSON.
func (o ArgoCDOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits passwords in URLs.
func (o ArgoCDOptions) MarshalJSON() ([]byte, error) {
	type plain ArgoCDOptions
	return redact.JSON(plain(o), redact.Addresses)
}
