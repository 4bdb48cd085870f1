package objects

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Functions of plainScanner for files of JSON. It accepts what RFC 8259 describes, in UTF-8,
// and any number of values, as jsonDecoder does. It leaves keys with escape sequences to that.

// scanJSON is scan for JSON.
func (s *plainScanner) scanJSON(data []byte, limit int64) (File, bool) {
	file, ok := s.run(data, limit, func() bool {
		s.line, s.exactly = 1, true
		if !utf8.Valid(s.data) {
			return false
		}
		for s.space(); s.pos < len(s.data) && s.full == nil && !s.unclear; s.space() {
			if c := s.data[s.pos]; c != '{' && c != '[' || !s.jsonValue(slot{of: root}, 0) {
				return false
			}
		}
		return true
	})
	file.JSON = true
	return file, ok
}

// space goes to the next character that is not white space.
func (s *plainScanner) space() {
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case ' ', '\t', '\r':
		case '\n':
			s.line++
			s.start = s.pos + 1
		default:
			return
		}
	}
}

// passes goes to the next character and reports whether it is c, which it passes.
func (s *plainScanner) passes(c byte) bool {
	if s.space(); s.pos == len(s.data) || s.data[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *plainScanner) jsonValue(to slot, depth int) bool {
	if s.space(); s.pos == len(s.data) {
		return false
	}
	switch c := s.data[s.pos]; c {
	case '{', '[':
		return depth < plainDepth && s.jsonCollection(to, c, depth+1)
	case '"':
		text, escaped, ok := s.jsonString()
		return ok && s.put(to, s.quotedNode(to, text, escaped))
	case 't':
		return s.literal("true") && s.putOther(to, &someNumber)
	case 'f':
		return s.literal("false") && s.putOther(to, &someNumber)
	case 'n':
		return s.literal("null") && s.putOther(to, &someNull)
	}
	return s.number() && s.putOther(to, &someNumber)
}

// putOther is put for a value that is not text.
func (s *plainScanner) putOther(to slot, n *node) bool {
	return (to.parent == nil || !to.exact()) && s.put(to, n)
}

// jsonCollection reads an object or array up to its bracket.
func (s *plainScanner) jsonCollection(to slot, bracket byte, depth int) bool {
	kind, last := yaml.MappingNode, byte('}')
	if bracket == '[' {
		kind, last = yaml.SequenceNode, ']'
	}
	keys := len(s.keys.hashes)
	node, object := s.collection(to, kind, s.pos, -1)
	s.pos++
	for more := !s.passes(last); more; more = !s.passes(last) {
		if len(s.data) == s.pos {
			return false
		}
		next := slot{parent: node, in: to.of, item: true}
		if kind == yaml.MappingNode {
			if s.space(); s.data[s.pos] != '"' {
				return false
			}
			key, escaped, ok := s.jsonString()
			if !ok || escaped || !s.keys.add(key, keys) || !s.passes(':') {
				return false
			}
			next.key, next.item = key, false
		}
		if to.of != other {
			next.of = to.of.of(string(next.key))
		}
		if !s.jsonValue(next, depth) {
			return false
		}
		if s.passes(last) {
			break
		}
		if !s.passes(',') {
			return false
		}
		if s.space(); s.pos == len(s.data) || s.data[s.pos] == last {
			return false
		}
	}
	s.keys.drop(keys)
	return !object || s.endObject(s.pos)
}

// jsonString reads a text and its quotes.
func (s *plainScanner) jsonString() (text []byte, escaped, ok bool) {
	start := s.pos + 1
	for i := start; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return s.data[start:i], escaped, true
		case c < ' ':
			return nil, false, false
		case c == '\\':
			if i++; i == len(s.data) || bytes.IndexByte([]byte(`"\/bfnrtu`), s.data[i]) < 0 {
				return nil, false, false
			}
			if escaped = true; s.data[i] != 'u' {
				continue
			}
			for range 4 {
				if i++; i == len(s.data) || !isHex(s.data[i]) {
					return nil, false, false
				}
			}
		}
	}
	return nil, false, false
}

func (s *plainScanner) literal(word string) bool {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return false
	}
	s.pos += len(word)
	return true
}

// number reads a number: what follows it tells whether it is one.
func (s *plainScanner) number() bool {
	_ = s.sign("-")
	switch {
	case s.pos < len(s.data) && s.data[s.pos] == '0':
		s.pos++
	case !s.digits():
		return false
	}
	if s.sign(".") && !s.digits() {
		return false
	}
	if s.sign("eE") {
		_ = s.sign("+-")
		return s.digits()
	}
	return true
}

// sign passes one of some characters.
func (s *plainScanner) sign(of string) bool {
	if s.pos == len(s.data) || bytes.IndexByte([]byte(of), s.data[s.pos]) < 0 {
		return false
	}
	s.pos++
	return true
}

func (s *plainScanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
