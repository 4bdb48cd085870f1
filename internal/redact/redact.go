// Package redact keeps secrets out of messages, logs and JSON.
//
// A type whose fields may hold secrets has a Format method that calls [Format] and a
// MarshalJSON method that calls [JSON]. Package fmt and the handlers of package slog
// use these two. A field that is a secret has the tag `json:"-"`.
package redact

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Format prints v as its type and its JSON, from which the secrets of URLs are removed. A
// Format method needs to call nothing else.
func Format(f fmt.State, v any) {
	data, err := JSON(v, URLs)
	if err != nil {
		data = []byte("{not printable}")
	}
	_, _ = fmt.Fprintf(f, "%T%s", v, data) // fmt.State does not fail
}

// JSON returns the JSON of v with every string cleaned by [URLs] or [Addresses]. A
// MarshalJSON method passes itself as a type without that method.
func JSON(v any, clean func(string) string) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonString().ReplaceAllFunc(data, func(quoted []byte) []byte {
		var text string
		if json.Unmarshal(quoted, &text) != nil {
			return quoted // not reached: it is of json.Marshal
		}
		cleaned := clean(text)
		if cleaned == text {
			return quoted
		}
		quoted, _ = json.Marshal(cleaned) //nolint:errchkjson // a string
		return quoted
	}), nil
}

// Addresses is [URLs] for text with "//" in it, and leaves other text alone: a name of a
// file in a result must stay as it is, whatever characters it has.
func Addresses(text string) string {
	if !strings.Contains(text, "//") {
		return text
	}
	return URLs(text)
}

// jsonString is a string in JSON with its quotes.
var jsonString = expression(`"(?:[^"\\]|\\.)*"`)
