package preflight

import (
	"fmt"

	"github.com/kubeoci/oci/internal/redact"
)

// Format prints the options as JSON.
func (o Options) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits passwords in URLs.
func (o Options) MarshalJSON() ([]byte, error) {
	type plain Options
	return redact.JSON(plain(o), redact.Addresses)
}
