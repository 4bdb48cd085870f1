// Package redact keeps secrets out of messages and logs.
package redact

import (
	"encoding/json"
	"fmt"
)

// Format prints v as its type and its JSON, so that the tag `json:"-"` keeps a field
// out of messages and logs as well. It removes the secrets of URLs too. A Format method
// needs to call nothing else.
func Format(f fmt.State, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte("{not printable}")
	}
	text := jsonString().ReplaceAllStringFunc(string(data), func(s string) string {
		return `"` + URLs(s[1:len(s)-1]) + `"`
	})
	_, _ = fmt.Fprintf(f, "%T%s", v, text) // fmt.State does not fail
}

// jsonString is a string in JSON with its quotes.
var jsonString = expression(`"(?:[^"\\]|\\.)*"`)
