package objects

import (
	"bytes"
	"math/bits"
	"strings"
)

// Functions for scalars: where they end on a line, and which of them are certainly text.

// longestKey bounds the time for a line that looks like a key.
const longestKey = 256

// cutKey splits a line into a key and the value after its colon, without leading
// blanks. The key is nil if there is none, or if it is not written as it is.
func cutKey(text []byte) (key, value []byte) {
	var end int
	if text[0] == '"' || text[0] == '\'' {
		var escaped, ok bool
		if end, escaped, ok = cutQuotes(text); !ok || escaped || end >= len(text) {
			return nil, nil
		}
		key = text[1 : end-1]
	} else {
		var isKey bool
		if end, isKey = cutPlain(text); !isKey || !startsPlain(text) {
			return nil, nil
		}
		for key = text[:end]; key[len(key)-1] == ' '; {
			key = key[:len(key)-1]
		}
		if key[len(key)-1] == '\t' || string(key) == "<<" || !isPlainText(key) {
			return nil, nil
		}
	}
	if len(key) > longestKey || end == len(text) || text[end] != ':' {
		return nil, nil
	}
	if value = text[end+1:]; len(value) > 0 && !isBlank(value[0]) {
		return nil, nil
	}
	return key, trimLeft(value)
}

// startsPlain reports whether text starts an unquoted scalar. Indicators do not.
func startsPlain(text []byte) bool {
	switch c := text[0]; c {
	case '-', '?', ':':
		return len(text) > 1 && !isBlank(text[1])
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' ', '\t':
		return false
	}
	return true
}

// cutPlain returns where an unquoted scalar ends: at a comment, with the blanks before it,
// or at the colon after a key.
func cutPlain(text []byte) (end int, isKey bool) {
	for i := 0; i < len(text); i++ {
		b := load(text, i)
		found := first(b, ':') | first(b, '#')
		if found == 0 {
			i += 7
			continue
		}
		if i += bits.TrailingZeros64(found) / 8; i >= len(text) {
			break
		}
		if c := text[i]; c == ':' && (i+1 == len(text) || isBlank(text[i+1])) {
			return i, true
		} else if c == '#' && i > 0 && isBlank(text[i-1]) {
			return i, false
		}
	}
	return len(text), false
}

// cutQuotes returns the offset behind a quoted text, or more than the length of the line if
// the text goes on on the next one. It reports escaped if the value differs from the text as
// written.
func cutQuotes(text []byte) (end int, escaped, ok bool) {
	end, escaped, ok = findQuote(text[1:], text[0])
	return end + 2, escaped, ok
}

// findQuote returns the offset of the quote that ends a quoted text, or the length of the
// line.
func findQuote(text []byte, quote byte) (end int, escaped, ok bool) {
	if i := bytes.IndexByte(text, quote); i >= 0 && (quote == '\'' && (i+1 == len(text) || text[i+1] != quote) || quote == '"' && bytes.IndexByte(text[:i], '\\') < 0) {
		return i, false, true // most are so
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			length := escapeLength(text[i+1:])
			if length < 0 {
				return 0, false, false
			}
			i += length
			escaped = true
		case text[i] != quote:
		case quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
			escaped = true
		default:
			return i, escaped, true
		}
	}
	return len(text), escaped, true
}

// escapeLength returns the length of an escape sequence behind its backslash, or -1. It is 0
// at the end of a line.
func escapeLength(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	digits := 0
	switch text[0] {
	case '"', '\\', ' ', '0', 'a', 'b', 't', 'n', 'v', 'f', 'r', 'e', 'N', '_', 'L', 'P':
		return 1
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	default:
		return -1
	}
	if len(text) <= digits {
		return -1
	}
	for _, c := range text[1 : digits+1] {
		if !isHex(c) {
			return -1
		}
	}
	if digits == 4 && (text[1]|' ') == 'd' && text[2] >= '8' { // half of a character
		return -1
	}
	return 1 + digits
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|' ' >= 'a' && c|' ' <= 'f'
}

// isReadable reports whether a text that begins so is certainly neither empty, encrypted nor
// made of variables, for which flux.IsPlaceholder needs a letter in front of any variable.
func isReadable(text []byte, escapes bool) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '$':
			return false
		case c == '\\' && escapes:
			if i++; i == len(text) || strings.IndexByte(`"\/nt`, text[i]) < 0 {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= 0x80:
			return hasNoSeal(text)
		}
	}
	return false
}

// isNullText reports whether an unquoted scalar is null.
func isNullText(text []byte) bool {
	return string(text) == "~" || string(text) == "null" || string(text) == "Null" || string(text) == "NULL"
}

// isConstant reports whether some parser may take an unquoted scalar for a boolean or null.
func isConstant(text []byte) bool {
	switch len(text) {
	case 4:
		return bytes.EqualFold(text, []byte("true")) || bytes.EqualFold(text, []byte("null"))
	case 5:
		return bytes.EqualFold(text, []byte("false"))
	}
	return false
}

// isPlainText reports whether an unquoted scalar is certainly text to all parsers, or a time,
// which they keep as it is.
func isPlainText(text []byte) bool {
	if len(text) > len("false") && text[0] > '9' && text[0] != '~' {
		return true // longer than any word that is a value
	}
	if len(text) > 4 && text[4] == '-' && text[0] <= '9' && isDate(string(text)) {
		return false
	}
	if bytes.IndexByte(text, ' ') > 0 {
		return true // no other value has several words
	}
	switch c := text[0]; {
	case c == '$' || c == '(' || c == '/':
		return true
	case c > '9':
		return c != '~' && !isWord(string(text)) && !isConstant(text)
	case (c == '+' || c == '-') && len(text) > 1 && text[1] != '.':
		text = text[1:]
	case c < '0':
		return false
	}
	if len(text) > 1 && text[0] == '0' && strings.IndexByte("xXoObB", text[1]) >= 0 {
		if text[1]|' ' == 'x' {
			return false
		}
		text = text[2:]
	}
	for _, c := range text { // of a decimal number, which include those of others
		if (c < '0' || c > '9') && strings.IndexByte("eE_+-.", c) < 0 {
			return true
		}
	}
	return bytes.Count(text, []byte(".")) > 1
}
