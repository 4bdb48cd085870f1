package flux

import "strings"

// IsPlaceholder reports whether a text is made of variables that Flux replaces when it
// applies an object, with white space and punctuation between them. A default in a
// variable is a value for a cluster that sets none, and not taken for a secret.
func IsPlaceholder(text string) bool {
	some := false
	for text != "" {
		if rest, ok := cutVariable(text); ok {
			text, some = rest, true
			continue
		}
		if c := text[0]; isNameByte(c) && c != '_' || c == '$' || c >= 0x80 {
			return false
		}
		text = text[1:]
	}
	return some
}

// cutVariable cuts ${NAME} off a text, or ${NAME:=default} with one of the operators for
// a default: :=, :- and =. A default may contain variables.
func cutVariable(text string) (rest string, ok bool) {
	name, ok := strings.CutPrefix(text, "${")
	end := 0
	for end < len(name) && isNameByte(name[end]) {
		end++
	}
	if !ok || end == 0 || end == len(name) {
		return "", false
	}
	rest = name[end:]
	if rest[0] == '}' {
		return rest[1:], true
	}
	rest, colon := strings.CutPrefix(rest, ":")
	if rest == "" || rest[0] != '=' && !(colon && rest[0] == '-') {
		return "", false
	}
	depth := 1
	for i := 1; i < len(rest); i++ {
		switch {
		case strings.HasPrefix(rest[i:], "${"):
			depth++
		case rest[i] == '}':
			if depth--; depth == 0 {
				return rest[i+1:], true
			}
		}
	}
	return "", false
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
