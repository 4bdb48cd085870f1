package packager

import (
	"fmt"

	"github.com/kubeoci/oci/internal/redact"
)

// Format prints the result as JSON.
func (r Result) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// MarshalJSON omits passwords in URLs.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	return redact.JSON(plain(r), redact.Addresses)
}
