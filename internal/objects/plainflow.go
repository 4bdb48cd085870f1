package objects

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
)

// Functions of plainScanner for flow style. Its lines have to be further right than the
// block that it is in. Plain scalars are those of one line, keys are followed by a value, and
// a sequence has no pairs as its items.

// flow reads a collection, and the rest of the line on which it ends.
func (s *plainScanner) flow(text []byte, to slot) bool {
	parent := -1
	if len(s.levels) > 0 {
		parent = s.top().indent
	}
	s.text = text
	start := s.offset(text)
	return s.flowValue(to, parent, len(s.levels)) && isTail(s.text) && s.flows.add(start, s.pos)
}

func (s *plainScanner) flowValue(to slot, parent, depth int) bool {
	switch s.text[0] {
	case '{', '[':
		return depth < plainDepth && s.flowCollection(to, parent, depth+1)
	case '"', '\'':
		return s.flowQuoted(to, parent)
	}
	end := cutFlowPlain(s.text)
	text := trimRight(s.text[:end])
	if len(text) == 0 || !startsPlain(text) || text[0] == '?' || text[0] == ':' || text[0] == '-' && len(text) == 1 {
		return false
	}
	s.text = s.text[end:]
	return s.plain(text, to)
}

// flowCollection reads a mapping or sequence up to its bracket.
func (s *plainScanner) flowCollection(to slot, parent, depth int) bool {
	kind, last := yaml.MappingNode, byte('}')
	if s.text[0] == '[' {
		kind, last = yaml.SequenceNode, ']'
	}
	keys := len(s.keys.hashes)
	node, object := s.collection(to, kind, s.offset(s.text), -1)
	s.text = s.text[1:]
	for {
		if !s.skip(parent) {
			return false
		}
		if s.text[0] == last {
			break
		}
		next := slot{parent: node, in: to.of, of: to.of.of(""), item: true}
		if kind == yaml.MappingNode {
			key, ok := s.flowKey()
			if !ok || !s.keys.add(key, keys) || !s.skip(parent) {
				return false
			}
			next = slot{parent: node, in: to.of, of: to.of.of(string(key)), key: key}
		}
		if !s.flowValue(next, parent, depth) || !s.skip(parent) {
			return false
		}
		if s.text[0] == last {
			break
		}
		if s.text[0] != ',' {
			return false
		}
		s.text = s.text[1:]
	}
	s.text = s.text[1:]
	s.keys.drop(keys)
	return !object || s.endObject(s.offset(s.text))
}

// flowKey reads a key and its colon, which a plain key needs a blank behind.
func (s *plainScanner) flowKey() (key []byte, ok bool) {
	var end int
	quoted := s.text[0] == '"' || s.text[0] == '\''
	if quoted {
		var escaped bool
		if end, escaped, ok = cutQuotes(s.text); !ok || escaped || end >= len(s.text) {
			return nil, false
		}
		key = s.text[1 : end-1]
	} else {
		end = cutFlowPlain(s.text)
		if key = s.text[:end]; len(key) == 0 || !isLetter(key[0]) || isBlank(key[end-1]) || !isPlainText(key) {
			return nil, false
		}
	}
	s.text = s.text[end:]
	if len(key) > longestKey || len(s.text) < 2 || s.text[0] != ':' || !quoted && !isBlank(s.text[1]) {
		return nil, false
	}
	s.text = s.text[1:]
	return key, true
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '/' || c == '$'
}

// cutFlowPlain returns where an unquoted scalar ends.
func cutFlowPlain(text []byte) int {
	for i, c := range text {
		switch c {
		case ',', '[', ']', '{', '}':
			return i
		case ':':
			if i+1 == len(text) || isBlank(text[i+1]) || strings.IndexByte(",[]{}", text[i+1]) >= 0 {
				return i
			}
		case '#':
			if i > 0 && isBlank(text[i-1]) {
				return i
			}
		}
	}
	return len(text)
}

func (s *plainScanner) flowQuoted(to slot, parent int) bool {
	text := s.text
	end, escaped, ok := cutQuotes(text)
	if !ok {
		return false
	}
	if end <= len(text) {
		s.text = text[end:]
		return s.put(to, s.quotedNode(to, text[1:end-1], escaped))
	}
	if !s.put(to, s.partNode(to, text[1:], text[0] == '"')) {
		return false
	}
	s.text, ok = s.endQuotes(text[0], max(0, parent))
	return ok
}

// skip goes to the next token, past blanks, comments and line breaks. It reports false at the
// end of the file.
func (s *plainScanner) skip(parent int) bool {
	before := s.text
	for s.text = trimLeft(s.text); len(s.text) == 0 || s.text[0] == '#'; s.text = trimLeft(s.text) {
		if len(s.text) > 0 && len(before) > 0 && len(s.text) == len(before) || s.pos == len(s.data) {
			return false // a comment needs a blank in front
		}
		indent, text, ok := s.nextLine()
		if !ok || len(text) > 0 && indent <= parent || indent == 0 && (bytes.HasPrefix(text, []byte("---")) || bytes.HasPrefix(text, []byte("..."))) {
			return false
		}
		s.text, before = text, nil
	}
	return true
}

// flowMeter measures flow style as package boundyaml does, and adds the bytes that the
// parser may have read ahead. It is for large files; others are within the limits.
type flowMeter struct {
	large bool
	first int // offset where a stretch of flow style began, or -1
	until int // offset up to which flow style was counted
	total int // bytes of it
}

const readAhead = 4 << 10

func newFlowMeter(size int) flowMeter {
	return flowMeter{large: size > boundyaml.MaxFlow-readAhead, first: -1}
}

// add counts a collection in flow style, and reports whether all are within the limits.
func (m *flowMeter) add(start, end int) bool {
	if !m.large {
		return true
	}
	if m.first < 0 {
		m.first = start
	}
	m.count(end)
	return end+readAhead-m.first <= boundyaml.MaxFlow && m.total <= boundyaml.MaxFlows
}

// cut ends a stretch of flow style where a collection in block style begins.
func (m *flowMeter) cut(offset int) {
	if m.large && m.first >= 0 {
		m.count(offset)
		m.first = -1
	}
}

// count counts the bytes of a stretch, each once.
func (m *flowMeter) count(end int) {
	m.total += end + readAhead - max(m.first, m.until)
	m.until = end + readAhead
}
