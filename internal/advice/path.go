package advice

import (
	"fmt"
	"strings"
)

// Path returns a path for a hint. It is quoted unless it has nothing but lower-case
// letters, digits and usual punctuation, because programs may replace the names of options
// in hints.
func Path(p string) string {
	if strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789-_./") == "" && len(p) <= 255 {
		return p
	}
	return fmt.Sprintf("%.255q", p)
}
