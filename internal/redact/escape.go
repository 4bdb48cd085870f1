package redact

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape returns the bytes that an escape stands for.
func unescape(text string) []byte {
	switch {
	case text[0] == '&':
		return []byte(html.UnescapeString(text))
	case text[0] == '%', strings.HasPrefix(text, `\x`), strings.HasPrefix(text, `\u`):
		digits := strings.TrimLeft(text, `%\xu`)
		n, _ := strconv.ParseUint(digits, 16, 32) // there are only digits
		if text[0] == '%' || text[1] == 'x' {
			return []byte{byte(n)}
		}
		return utf8.AppendRune(nil, rune(n))
	case strings.IndexByte("bfnrt", text[1]) >= 0:
		return []byte{' '}
	}
	return []byte{text[1]}
}
