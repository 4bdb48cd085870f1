// Package redact prints structs that hold secrets.
package redact

import (
	"encoding/json"
	"fmt"
)

// Format prints v as its type and its JSON, so that a field is kept out of
// messages and logs in the same way as out of JSON: by the tag `json:"-"`. It is
// meant to be all of a Format method.
func Format(f fmt.State, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte("{not printable}")
	}
	_, _ = fmt.Fprintf(f, "%T%s", v, data) // fmt.State does not fail
}
