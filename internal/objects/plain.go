package objects

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// scan reads YAML whose structure follows from its lines and their indentation
// alone: block mappings and sequences of scalars and of blocks of text.
// It is many times faster than the parser. It reports false for anything else and
// for every possible problem, which it leaves to the parser, unless the objects take
// more than limit bytes. Otherwise its result is that of the parser.
func (s *plainScanner) scan(data []byte, limit int64) (file File, ok bool) {
	*s = plainScanner{data: data, levels: s.levels[:0], keys: s.keys[:0], left: limit}
	defer func() { s.data, s.objects, s.within = nil, nil, nil }() // they belong to the caller
	for s.pos < len(data) && s.full == nil {
		indent, text := s.nextLine()
		switch {
		case s.odd:
			return File{}, false
		case len(text) == 0:
			continue
		case text[0] == '#':
			s.folds = false
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
	next   role     // of the value that may follow it
	folds  bool     // the last value may go on on the next line

	objects []Object
	within  []openObject // those that the next line may belong to, each an item of the one before
	pending int64        // memory of the items in them
	left    int64        // memory for further objects
	full    *Problem     // there was none
	marker  int          // line of the --- of this document, or 0
}

// nextLine returns a line without its indentation.
func (s *plainScanner) nextLine() (indent int, text []byte) {
	indent, text = s.cutLine()
	s.odd = s.odd || !plainText(text)
	return indent, text
}

// cutLine is nextLine for a caller that inspects the characters.
func (s *plainScanner) cutLine() (indent int, text []byte) {
	text = s.data[s.pos:]
	s.line++
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
		s.pos += end + 1
		text = bytes.TrimSuffix(text, []byte("\r"))
	} else {
		s.pos = len(s.data)
	}
	for indent < len(text) && text[indent] == ' ' {
		indent++
	}
	return indent, text[indent:]
}

func (s *plainScanner) endDocument() bool {
	s.folds = false
	if len(s.levels) == 0 && s.marker > 0 {
		o := newObject(s.marker, 1)
		o.Empty = true
		return s.add(o)
	}
	s.endValue()
	for len(s.levels) > 0 {
		if !s.pop() {
			return false
		}
	}
	return true
}

// entry reads a line that is neither blank nor a comment.
func (s *plainScanner) entry(indent int, text []byte) bool {
	if s.folds && indent > s.top().indent {
		return isFolded(text)
	}
	s.folds = false
	if !s.enter(indent, isItem(text)) {
		return false
	}
	for isItem(text) {
		item := trimLeft(text[1:])
		of := s.top().role.of("")
		if len(item) == 0 || item[0] == '#' {
			s.open, s.next = true, of
			return true
		}
		indent += len(text) - len(item)
		text = item
		if _, _, isPair := cutKey(text); !isItem(text) && !isPair {
			return s.value(text, of)
		}
		if !s.push(level{indent: indent, sequence: isItem(text), role: of}) {
			return false
		}
	}
	return s.pair(text)
}

// enter closes the levels that end before a line, and opens the one that starts
// with it.
func (s *plainScanner) enter(indent int, item bool) bool {
	if len(s.levels) == 0 {
		return indent == 0 && !item && s.push(level{role: root})
	}
	if top := s.top(); s.open {
		flush := item && !top.sequence && indent == top.indent
		if flush || indent > top.indent {
			s.open = false
			return s.push(level{indent: indent, sequence: item, flush: flush, role: s.next})
		}
		s.endValue()
	}
	for top := s.top(); top.indent > indent || top.flush && top.indent == indent && !item; top = s.top() {
		if !s.pop() { // the root is never above another
			return false
		}
	}
	return s.top().indent == indent && s.top().sequence == item
}

func (s *plainScanner) top() level { return s.levels[len(s.levels)-1] }

func (s *plainScanner) push(l level) bool {
	l.keys = len(s.keys)
	s.levels = append(s.levels, l)
	s.begin(l)
	return len(s.levels) <= plainDepth
}

func (s *plainScanner) pop() bool {
	top := s.top()
	s.keys = s.keys[:top.keys]
	s.levels = s.levels[:len(s.levels)-1]
	return top.role != root || top.sequence || s.endObject()
}

// pair reads a key and its value.
func (s *plainScanner) pair(text []byte) bool {
	key, value, ok := cutKey(text)
	top := s.top()
	if !ok || !s.addKey(key, top.keys) {
		return false
	}
	of := top.role.of(string(key))
	if top.role == root && (string(key) == "sops" || of == items && text[0] != 'i') || top.role == annotations && string(key) == localConfig {
		return false
	}
	wanted := s.wanted(top.role, string(key))
	if len(value) == 0 || value[0] == '#' {
		s.open, s.next = true, of
		return true
	}
	if wanted == nil {
		return s.value(value, of)
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

// value reads a value that the object does not need, unless it may be secret.
func (s *plainScanner) value(text []byte, of role) bool {
	switch text[0] {
	case '|', '>':
		indicator, ok := blockHeader(text)
		if of != other && (of != secret || indicator > 0) {
			s.innermost().unclear = true
		}
		return ok && s.block(of, indicator)
	case '[':
		s.found(of, nil)
		return isFlowSequence(text)
	case '{':
		s.found(of, nil)
		end := trimLeft(text[1:])
		return len(end) > 0 && end[0] == '}' && isTail(end[1:])
	case '"', '\'':
		s.found(of, text)
		return s.quoted(text)
	}
	s.found(of, text)
	scalar, ok := cutPlain(text)
	s.folds = ok && len(scalar) == len(trimRight(text))
	return ok
}

// quoted reads a quoted scalar, which may end on a later line.
func (s *plainScanner) quoted(text []byte) bool {
	quote, parent := text[0], s.top().indent
	text = text[1:]
	for {
		end, _, ok := cutQuotes(text, quote)
		switch {
		case !ok:
			return false
		case end < len(text):
			return isTail(text[end+1:])
		case s.pos == len(s.data):
			return false
		}
		var indent int
		if indent, text = s.nextLine(); len(text) > 0 && indent <= parent {
			return false
		}
	}
}

// block skips the lines of a block of text.
func (s *plainScanner) block(of role, indicator int) bool {
	parent, content := s.top().indent, 0
	if indicator > 0 {
		content = parent + indicator
	}
	blank := 0 // the widest blank line before the first with text
	for s.pos < len(s.data) {
		pos, number := s.pos, s.line
		indent, text := s.cutLine()
		tabs := len(text) > 0 && text[0] != '\t' && indent > parent || content > 0 && indent >= content
		s.odd = s.odd || !plainText(text) && !(tabs && plainText(bytes.ReplaceAll(text, []byte("\t"), nil)))
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
			s.found(of, text)
		case content == 0 || indent < content:
			s.pos, s.line = pos, number
			return true
		}
	}
	return true
}
