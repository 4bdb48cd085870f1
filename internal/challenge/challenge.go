// Package challenge parses WWW-Authenticate headers (RFC 9110 section 11.6.1).
package challenge

import "strings"

// Challenge is one of the challenges of a response.
type Challenge struct {
	Scheme string
	Params map[string]string // the names are in lower case
}

// maxBytes bounds how much of the headers is read. Those of registries take some hundred
// bytes, and scopes for many repositories some kilobytes.
const maxBytes = 64 << 10

// Parse returns the challenges in the values of all headers, in their order. It skips
// malformed parts, and returns an unquoted value up to the next comma or space, because
// some servers write URLs without quotes. Text in the place of parameters (token68 in the
// grammar) is dropped.
func Parse(values []string) []Challenge {
	var all []Challenge
	left := maxBytes
	for _, value := range values {
		p := parser{rest: value[:min(len(value), left)]}
		left -= len(p.rest)
		p.parse()
		all = append(all, p.found...)
	}
	return all
}

type parser struct {
	rest  string
	found []Challenge
}

func (p *parser) parse() {
	for {
		p.rest = strings.TrimLeft(p.rest, ", \t")
		if p.rest == "" {
			return
		}
		name := p.take(isToken)
		if name == "" {
			p.skip()
			continue
		}
		after := strings.TrimLeft(p.rest, " \t")
		if value, isParam := strings.CutPrefix(after, "="); isParam {
			p.rest = strings.TrimLeft(value, " \t")
			p.param(strings.ToLower(name))
			continue
		}
		p.found = append(p.found, Challenge{Scheme: name, Params: map[string]string{}})
		if after != p.rest {
			p.rest = after
			p.skipText()
		}
	}
}

// param reads the value of a parameter, which belongs to the last challenge.
func (p *parser) param(name string) {
	value, ok := "", true
	if strings.HasPrefix(p.rest, `"`) {
		value, ok = p.quoted()
	} else {
		value = p.take(func(b byte) bool { return b != ',' && b != ' ' && b != '\t' })
	}
	if ok && len(p.found) > 0 {
		p.found[len(p.found)-1].Params[name] = value
	}
}

// quoted reads a quoted string, and reports whether it ends.
func (p *parser) quoted() (string, bool) {
	var text strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch b := p.rest[i]; {
		case b == '"':
			p.rest = p.rest[i+1:]
			return text.String(), true
		case b == '\\' && i+1 < len(p.rest):
			i++
			text.WriteByte(p.rest[i])
		default:
			text.WriteByte(b)
		}
	}
	p.rest = ""
	return "", false
}

// skipText skips text in the place of parameters. A name that is followed by more than
// padding is none.
func (p *parser) skipText() {
	before := p.rest
	p.take(isText)
	p.take(func(b byte) bool { return b == '=' })
	after := strings.TrimLeft(p.rest, " \t")
	if p.rest = after; after != "" && after[0] != ',' {
		p.rest = before
	}
}

// skip skips one byte, or a quoted string, that belongs to nothing.
func (p *parser) skip() {
	if p.rest[0] == '"' {
		_, _ = p.quoted()
		return
	}
	p.rest = p.rest[1:]
}

// take reads the bytes in front that belong to a class.
func (p *parser) take(is func(byte) bool) string {
	n := 0
	for n < len(p.rest) && is(p.rest[n]) {
		n++
	}
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// isToken reports whether a byte may be part of a name (RFC 9110 section 5.6.2).
func isToken(b byte) bool {
	return isAlphanumeric(b) || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

// isText reports whether a byte may be part of token68 (RFC 9110 section 11.2).
func isText(b byte) bool { return isAlphanumeric(b) || strings.IndexByte("-._~+/", b) >= 0 }
