package objects

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// scan reads YAML whose structure follows from its lines and their indentation
// alone: block mappings and sequences of scalars on one line and of blocks of text.
// It is many times faster than the parser. It reports false for anything else and
// for every possible problem, which it leaves to the parser, unless the objects take
// more than limit bytes. Otherwise its result is that of the parser.
func (s *plainScanner) scan(data []byte, limit int64) (file File, ok bool) {
	*s = plainScanner{data: data, levels: s.levels[:0], keys: s.keys[:0], left: limit}
	defer func() { s.data, s.objects = nil, nil }() // they belong to the caller
	for s.pos < len(data) && s.full == nil {
		indent, text := s.nextLine()
		switch {
		case s.odd:
			return File{}, false
		case len(text) == 0 || text[0] == '#':
			continue
		case indent == 0 && bytes.HasPrefix(text, []byte("---")):
			if len(trimRight(text)) > len("---") || !s.endDocument() {
				return File{}, false
			}
			s.marker = s.line
			continue
		}
		if !s.entry(indent, text) {
			return File{}, false
		}
	}
	if s.full == nil && !s.endDocument() || s.odd {
		return File{}, false
	}
	file.Objects = compact(s.objects)
	if s.full != nil {
		file.Problems = []Problem{*s.full}
	}
	return file, true
}

// plainText reports whether a line is UTF-8 without tabs and without the characters
// that YAML forbids or gives a meaning.
func plainText(line []byte) bool {
	i := 0
	for i+8 <= len(line) && isPrintable(binary.LittleEndian.Uint64(line[i:])) {
		i += 8
	}
	for i < len(line) {
		if c := line[i]; c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(line[i:])
		if r <= 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r >= 0xfffd && r <= 0xffff {
			return false
		}
		i += size
	}
	return true
}

// isPrintable reports whether all of eight bytes are printable ASCII characters.
func isPrintable(b uint64) bool {
	const each = 0x0101010101010101
	// The highest bit of a byte is set if it is below a space, or above "~". A carry
	// from one byte to the next does not matter: it comes from such a byte.
	return ((b-' '*each)|(b+each))&(0x80*each) == 0
}

// Limits beyond which the parser takes over.
const (
	plainDepth = 64
	plainKeys  = 512 // in a mapping, because each is compared with all before it
)

// level is a mapping or sequence that is open.
type level struct {
	indent   int
	sequence bool
	flush    bool // a sequence as far left as the mapping it is in
	role     role
	keys     int // index of the first key of the mapping
}

// plainScanner reads one file after another.
type plainScanner struct {
	data []byte
	pos  int  // start of the next line
	line int  // number of the last line read
	odd  bool // a line needs the parser

	levels []level
	keys   []uint64 // hashes of the keys of all open mappings
	open   bool     // the last entry has no value yet
	next   role     // of the mapping that may follow it

	objects []Object
	left    int64    // memory for further objects
	full    *Problem // there was none
	object  Object
	marker  int // line of the --- of this document, or 0
	hasData bool
	items   bool
}

// nextLine returns a line without its indentation.
func (s *plainScanner) nextLine() (indent int, text []byte) {
	text = s.data[s.pos:]
	s.line++
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
		s.pos += end + 1
		text = bytes.TrimSuffix(text, []byte("\r"))
	} else {
		s.pos = len(s.data)
	}
	s.odd = s.odd || !plainText(text)
	for indent < len(text) && text[indent] == ' ' {
		indent++
	}
	return indent, text[indent:]
}

func (s *plainScanner) endDocument() bool {
	o := s.object
	switch {
	case len(s.levels) > 0:
		if s.hasData && o.Kind == "Secret" || s.items && strings.HasSuffix(o.Kind, "List") {
			return false // the parser has to inspect it
		}
		s.add(o)
	case s.marker > 0:
		s.add(Object{Line: s.marker, Column: 1, Empty: true})
	}
	s.hasData, s.items, s.open = false, false, false
	s.levels, s.keys = s.levels[:0], s.keys[:0]
	return true
}

func (s *plainScanner) add(o Object) {
	o.shorten()
	if s.left -= o.size(); s.left < 0 {
		s.full = tooMany(o)
		return
	}
	s.objects = append(s.objects, o)
}

// entry reads a line that is neither blank nor a comment.
func (s *plainScanner) entry(indent int, text []byte) bool {
	if !s.enter(indent, isItem(text)) {
		return false
	}
	for isItem(text) {
		item := trimLeft(text[1:])
		if len(item) == 0 || item[0] == '#' {
			s.open, s.next = true, other
			return true
		}
		indent += len(text) - len(item)
		text = item
		if _, _, isPair := cutKey(text); !isItem(text) && !isPair {
			return s.value(text)
		}
		if !s.push(level{indent: indent, sequence: isItem(text)}) {
			return false
		}
	}
	return s.pair(text)
}

// enter closes the levels that end before a line, and opens the one that starts
// with it.
func (s *plainScanner) enter(indent int, item bool) bool {
	if len(s.levels) == 0 {
		s.object = Object{Line: s.line, Column: 1, Mapping: true}
		return indent == 0 && !item && s.push(level{role: root})
	}
	top := s.levels[len(s.levels)-1]
	if s.open {
		s.open = false
		flush := item && !top.sequence && indent == top.indent
		if flush || indent > top.indent {
			return s.push(level{indent: indent, sequence: item, flush: flush, role: s.next})
		}
	}
	for top.indent > indent || top.flush && top.indent == indent && !item {
		s.keys = s.keys[:top.keys]
		s.levels = s.levels[:len(s.levels)-1]
		top = s.levels[len(s.levels)-1] // the root is never above another
	}
	return top.indent == indent && top.sequence == item
}

func (s *plainScanner) push(l level) bool {
	l.keys = len(s.keys)
	s.levels = append(s.levels, l)
	return len(s.levels) <= plainDepth
}

// pair reads a key and its value.
func (s *plainScanner) pair(text []byte) bool {
	key, value, ok := cutKey(text)
	top := s.levels[len(s.levels)-1]
	if !ok || !s.addKey(key, top.keys) {
		return false
	}
	s.next = other
	var wanted *string
	o := &s.object
	switch top.role {
	case root:
		switch string(key) {
		case "apiVersion":
			wanted = &o.APIVersion
		case "kind":
			wanted, o.KindLine = &o.Kind, s.line
		case "metadata":
			s.next = metadata
		case "data", "stringData":
			s.hasData = true
		case "items":
			s.items = true
		case "sops":
			return false
		}
	case metadata:
		switch string(key) {
		case "name":
			wanted, o.NameLine = &o.Name, s.line
		case "generateName":
			wanted = &o.GenerateName
		case "namespace":
			wanted = &o.Namespace
		}
	}
	if len(value) == 0 || value[0] == '#' {
		s.open = true
		return true
	}
	if wanted == nil {
		return s.value(value)
	}
	scalar, ok := simpleScalar(value)
	*wanted = string(scalar)
	return ok
}

// addKey reports false for a key that may be a duplicate.
func (s *plainScanner) addKey(key []byte, first int) bool {
	hash := uint64(14695981039346656037) // FNV-1a
	for _, c := range key {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	for _, h := range s.keys[first:] {
		if h == hash {
			return false
		}
	}
	s.keys = append(s.keys, hash)
	return len(s.keys)-first <= plainKeys
}

// value reads a value that the object does not need.
func (s *plainScanner) value(text []byte) bool {
	switch text[0] {
	case '|', '>':
		return isBlockHeader(text) && s.block()
	case '[':
		return isFlowSequence(text)
	case '{':
		end := trimLeft(text[1:])
		return len(end) > 0 && end[0] == '}' && isTail(end[1:])
	case '"', '\'':
		_, _, after, ok := cutQuoted(text)
		return ok && isTail(after)
	}
	_, ok := cutPlain(text)
	return ok
}

// block skips the lines of a block of text.
func (s *plainScanner) block() bool {
	parent, content := s.levels[len(s.levels)-1].indent, 0
	blank := 0 // the widest blank line before the first with text
	for s.pos < len(s.data) {
		pos, number := s.pos, s.line
		indent, text := s.nextLine()
		switch {
		case len(text) == 0:
			if content == 0 {
				blank = max(blank, indent)
			}
		case content == 0 && indent > parent:
			if blank > indent {
				return false
			}
			content = indent
		case content == 0 || indent < content:
			s.pos, s.line = pos, number
			return true
		}
	}
	return true
}
