package ignore

import "strings"

// parseBracket parses a bracket expression at the start of text:
//
//	"[" ["!" | "^"] item... "]"
//	item = byte | byte "-" byte | "[:" class ":]"
//
// A backslash escapes the next byte, and "]" stands for itself as the first item. The
// set is nil if the expression is malformed.
func parseBracket(text string) (set *byteSet, length int) {
	set = &byteSet{}
	i := 1
	negated := i < len(text) && (text[i] == '!' || text[i] == '^')
	if negated {
		i++
	}
	from := -1 // possible start of a range
	for first := true; ; first = false {
		if i >= len(text) {
			return nil, 0
		}
		c := text[i]
		switch {
		case c == ']' && !first:
			for c := range set {
				set[c] = set[c] != negated && c != '/'
			}
			return set, i + 1
		case c == '-' && from >= 0 && i+1 < len(text) && text[i+1] != ']':
			i++
			if text[i] == '\\' {
				i++
			}
			if i == len(text) {
				return nil, 0
			}
			for b := from; b <= int(text[i]); b++ {
				set[b] = true
			}
			from = -1
		case strings.HasPrefix(text[i:], "[:"):
			name, _, found := strings.Cut(text[i+2:], "]")
			if !found {
				return nil, 0
			}
			name, found = strings.CutSuffix(name, ":")
			if !found { // not a class
				set['['], from = true, '['
				break
			}
			if !set.addClass(name) {
				return nil, 0
			}
			from = -1
			i += len("[:") + len(name) + len(":]") - 1
		default:
			if c == '\\' {
				if i++; i == len(text) {
					return nil, 0
				}
				c = text[i]
			}
			set[c], from = true, int(c)
		}
		i++
	}
}

// addClass adds the bytes of a POSIX class in the C locale, with git's four blanks. It
// reports whether the class exists.
func (b *byteSet) addClass(name string) bool {
	in, found := classes[name]
	if found {
		for c := range b {
			b[c] = b[c] || in(byte(c))
		}
	}
	return found
}

var classes = map[string]func(byte) bool{
	"alnum":  func(c byte) bool { return isAlpha(c) || isDigit(c) },
	"alpha":  isAlpha,
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"cntrl":  func(c byte) bool { return c < ' ' || c == 0x7f },
	"digit":  isDigit,
	"graph":  isGraph,
	"lower":  isLower,
	"print":  func(c byte) bool { return c == ' ' || isGraph(c) },
	"punct":  func(c byte) bool { return isGraph(c) && !isAlpha(c) && !isDigit(c) },
	"space":  func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' },
	"upper":  isUpper,
	"xdigit": func(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' },
}

func isAlpha(c byte) bool { return isLower(c) || isUpper(c) }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isGraph(c byte) bool { return ' ' < c && c < 0x7f }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
