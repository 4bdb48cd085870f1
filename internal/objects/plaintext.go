package objects

import (
	"bytes"
	"strings"
)

// Functions of plainScanner for the text of a line. All are stricter than YAML.

func isItem(text []byte) bool {
	return len(text) > 0 && text[0] == '-' && (len(text) == 1 || text[1] == ' ')
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '/'
}

// longestKey is far below the 1024 characters that YAML looks ahead for a colon.
const longestKey = 256

// cutKey splits a line into a key and the value after its colon, without leading
// spaces.
func cutKey(text []byte) (key, value []byte, ok bool) {
	end := 0
	switch {
	case len(text) == 0:
		return nil, nil, false
	case text[0] == '"' || text[0] == '\'':
		var escaped bool
		if key, escaped, value, ok = cutQuoted(text); !ok || escaped {
			return nil, nil, false
		}
		end = len(text) - len(value)
	case isLetter(text[0]):
		for end = 1; end < len(text) && (isLetter(text[end]) || text[end] == '-'); end++ {
		}
		key = text[:end]
	}
	if end == 0 || end > longestKey || end == len(text) || text[end] != ':' {
		return nil, nil, false
	}
	value = text[end+1:]
	if len(value) > 0 && value[0] != ' ' {
		return nil, nil, false
	}
	return key, trimLeft(value), true
}

// cutQuoted cuts quoted text off a line. It reports escaped if the value differs
// from the text as written.
func cutQuoted(text []byte) (quoted []byte, escaped bool, after []byte, ok bool) {
	end, escaped, ok := cutQuotes(text[1:], text[0])
	if quoted = text[1:]; !ok || end == len(quoted) {
		return nil, false, nil, false
	}
	return quoted[:end], escaped, quoted[end+1:], true
}

// cutQuotes returns the offset of the quote that ends a quoted text, which is the length
// of the line if the text goes on on the next one.
func cutQuotes(text []byte, quote byte) (end int, escaped, ok bool) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
			escaped = true
			if i < len(text) && bytes.IndexByte([]byte(`"\nrt0/ `), text[i]) < 0 {
				return 0, false, false
			}
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

// cutPlain returns the unquoted scalar at the start of a line, without a comment
// after it.
func cutPlain(text []byte) ([]byte, bool) {
	switch c := text[0]; {
	case isLetter(c) || c == '$' || c == '(' || c == '+' || c == '~' || c == '^' || c == '=' || c == '<' || c >= 0x80:
	case (c == '-' || c == ':') && len(text) > 1 && text[1] != ' ':
	default:
		return nil, false
	}
	for i, c := range text {
		if c == ':' && (i+1 == len(text) || text[i+1] == ' ') {
			return nil, false
		}
		if c == '#' && text[i-1] == ' ' {
			return trimRight(text[:i]), true
		}
	}
	return trimRight(text), true
}

// isFolded reports whether a line goes on with an unquoted scalar, and the next one may
// too.
func isFolded(text []byte) bool {
	for i, c := range text {
		if c == ':' && (i+1 == len(text) || text[i+1] == ' ') || c == '#' && i > 0 && text[i-1] == ' ' {
			return false
		}
	}
	return true
}

// simpleScalar returns the value of a scalar that is a string, as written, and not a
// null, number, date or boolean.
func simpleScalar(text []byte) ([]byte, bool) {
	if text[0] == '"' || text[0] == '\'' {
		quoted, escaped, after, ok := cutQuoted(text)
		return quoted, ok && !escaped && isTail(after)
	}
	scalar, ok := cutPlain(text)
	if !ok || scalar[0] < 'A' || scalar[0] == '~' {
		return nil, false
	}
	if len(scalar) <= len("false") {
		switch strings.ToLower(string(scalar)) {
		case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
			return nil, false
		}
	}
	return scalar, true
}

// isFlowSequence reports whether text is a sequence of single words and quoted
// strings.
func isFlowSequence(text []byte) bool {
	rest := trimLeft(text[1:])
	if len(rest) > 0 && rest[0] == ']' {
		return isTail(rest[1:])
	}
	for len(rest) > 0 {
		if rest[0] == '"' || rest[0] == '\'' {
			var ok bool
			if _, _, rest, ok = cutQuoted(rest); !ok {
				return false
			}
		} else {
			end := 0
			for end < len(rest) && (isLetter(rest[end]) || rest[end] == '-') {
				end++
			}
			if end == 0 || !isLetter(rest[end-1]) {
				return false
			}
			rest = rest[end:]
		}
		rest = trimLeft(rest)
		if len(rest) == 0 {
			return false
		}
		if rest[0] == ']' {
			return isTail(rest[1:])
		}
		if rest[0] != ',' {
			return false
		}
		rest = trimLeft(rest[1:])
	}
	return false
}

// blockHeader reports whether text is a block header, and returns its indentation
// indicator, or 0 without one.
func blockHeader(text []byte) (indicator int, ok bool) {
	rest := text[1:]
	if len(rest) > 0 && rest[0] >= '1' && rest[0] <= '9' {
		indicator, rest = int(rest[0]-'0'), rest[1:]
	}
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	return indicator, isTail(rest)
}

// isTail reports whether the rest of a line is empty or a comment.
func isTail(text []byte) bool {
	rest := trimLeft(text)
	return len(rest) == 0 || rest[0] == '#' && len(rest) < len(text)
}

func trimLeft(text []byte) []byte {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	return text
}

func trimRight(text []byte) []byte {
	for len(text) > 0 && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	return text
}
