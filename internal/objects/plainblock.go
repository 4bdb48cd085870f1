package objects

import (
	"bytes"

	"go.yaml.in/yaml/v4"
)

// Functions of plainScanner for block style. A line belongs to the collection at its
// indentation, which has to be that of one that is open, or deeper than an entry without a
// value.

// level is a mapping or sequence that is open.
type level struct {
	indent   int
	sequence bool
	flush    bool // a sequence as far left as the mapping it is in
	object   bool // the last one of plainScanner.within
	role     role
	keys     int // number of keys before those of the mapping
	node     *node
}

// entry reads a line that is neither blank nor a comment.
func (s *plainScanner) entry(indent int, text []byte) bool {
	if s.folds && indent > s.top().indent {
		end, isKey := cutPlain(text)
		s.folds = end == len(text)
		return !isKey && !s.fragile
	}
	s.folds = false
	switch {
	case s.read || s.ended:
		return false
	case len(s.levels) == 0 && (text[0] == '{' || text[0] == '['):
		s.read = true
		return indent == 0 && s.flow(text, slot{of: root})
	}
	if !isItem(text) {
		key, value := cutKey(text)
		if key == nil {
			if !s.open || indent <= s.top().indent {
				return false
			}
			s.open = false
			return s.value(text, s.next)
		}
		return s.enter(indent, false) && s.pair(key, value)
	}
	if !s.enter(indent, true) {
		return false
	}
	for {
		item := text[1:]
		for len(item) > 0 && item[0] == ' ' {
			item = item[1:]
		}
		next := s.item()
		if len(item) == 0 || item[0] == '#' {
			s.open, s.next = true, next
			return true
		}
		indent += len(text) - len(item)
		text = item
		if !isItem(text) {
			if key, value := cutKey(text); key != nil {
				return s.push(level{indent: indent}, next) && s.pair(key, value)
			}
			return s.value(text, next)
		}
		if !s.push(level{indent: indent, sequence: true}, next) {
			return false
		}
	}
}

// enter closes the levels that end before a line, and opens the one that starts
// with it.
func (s *plainScanner) enter(indent int, item bool) bool {
	if len(s.levels) == 0 {
		return indent == 0 && s.push(level{sequence: item}, slot{of: root})
	}
	top := s.top()
	if s.open {
		flush := item && !top.sequence && indent == top.indent
		if flush || indent > top.indent {
			s.open = false
			return s.push(level{indent: indent, sequence: item, flush: flush}, s.next)
		}
		s.endValue()
	}
	for top.indent > indent || top.flush && top.indent == indent && !item {
		if !s.pop() { // the root is never above another
			return false
		}
		top = s.top()
	}
	return top.indent == indent && top.sequence == item
}

func (s *plainScanner) top() *level { return &s.levels[len(s.levels)-1] }

func (s *plainScanner) push(l level, in slot) bool {
	l.role, l.keys = in.of, len(s.keys.hashes)
	if !l.flush {
		s.flows.cut(s.start)
	}
	kind := yaml.MappingNode
	if l.sequence {
		kind = yaml.SequenceNode
	}
	l.node, l.object = s.collection(in, kind, s.start, l.indent)
	s.levels = append(s.levels, l)
	return len(s.levels) <= plainDepth
}

func (s *plainScanner) pop() bool {
	top := s.top()
	s.keys.drop(top.keys)
	object := top.object
	s.levels = s.levels[:len(s.levels)-1]
	return !object || s.endObject(s.pos)
}

// item returns the place of another item of the sequence on top.
func (s *plainScanner) item() slot {
	top := s.top()
	return slot{parent: top.node, in: top.role, of: top.role.of(""), item: true}
}

// endValue ends an entry without a value.
func (s *plainScanner) endValue() {
	if s.open {
		s.open = false
		s.put(s.next, &emptyNull)
	}
}

// pair reads a key and its value.
func (s *plainScanner) pair(key, value []byte) bool {
	top := s.top()
	if !s.keys.add(key, top.keys) {
		return false
	}
	var next slot
	if top.node != nil { // of most mappings, an object needs nothing
		next = slot{parent: top.node, in: top.role, of: top.role.of(string(key)), key: key}
	}
	switch {
	case len(value) == 0 || value[0] == '#':
		s.open, s.next = true, next
		return true
	case next.parent == nil && isLetter(value[0]): // plain, and more often than not
		end, isKey := cutPlain(value)
		s.folds, s.fragile = end == len(value), false
		return !isKey
	}
	return s.value(value, next)
}

// value reads a value that begins on the line of its key or dash.
func (s *plainScanner) value(text []byte, to slot) bool {
	switch text[0] {
	case '|', '>':
		indicator, ok := blockHeader(text)
		return ok && s.block(to, text[0], indicator)
	case '[', '{':
		return s.flow(text, to)
	case '"', '\'':
		return s.quoted(text, to)
	}
	end, isKey := cutPlain(text)
	if isKey || !startsPlain(text) {
		return false
	}
	s.folds = end == len(text)
	return s.plain(trimRight(text[:end]), to)
}

// quoted reads a quoted scalar, which may end on a later line.
func (s *plainScanner) quoted(text []byte, to slot) bool {
	end, escaped, ok := cutQuotes(text)
	if !ok {
		return false
	}
	if end <= len(text) {
		return isTail(text[end:]) && s.put(to, s.quotedNode(to, text[1:end-1], escaped))
	}
	if !s.put(to, s.partNode(to, text[1:], text[0] == '"')) {
		return false
	}
	rest, ok := s.endQuotes(text[0], s.top().indent)
	return ok && isTail(rest)
}

// endQuotes reads the lines of a quoted scalar up to its end.
func (s *plainScanner) endQuotes(quote byte, parent int) (rest []byte, ok bool) {
	for s.pos < len(s.data) {
		indent, text, ok := s.nextLine()
		if !ok || len(text) > 0 && indent <= parent {
			return nil, false
		}
		end, _, ok := findQuote(text, quote)
		switch {
		case !ok:
			return nil, false
		case end < len(text):
			return text[end+1:], true
		}
	}
	return nil, false
}

// blockHeader reports whether text is a block header, and returns its indentation
// indicator, or 0 without one.
func blockHeader(text []byte) (indicator int, ok bool) {
	rest := text[1:]
	for range 2 {
		switch {
		case len(rest) == 0:
		case indicator == 0 && rest[0] >= '1' && rest[0] <= '9':
			indicator, rest = int(rest[0]-'0'), rest[1:]
		case !ok && (rest[0] == '-' || rest[0] == '+'):
			ok, rest = true, rest[1:]
		}
	}
	return indicator, isTail(rest)
}

// block reads the lines of a block of text. Its indentation is that of its first line,
// which no blank line before may exceed.
func (s *plainScanner) block(to slot, style byte, indicator int) bool {
	parent, content := s.top().indent, 0
	if indicator > 0 {
		content = parent + indicator
	}
	text := blockText{wanted: to.parent != nil && to.in == data, folded: style == '>'}
	blank := 0 // the widest blank line before the first with text
	for s.pos < len(s.data) {
		indent, line := s.cutLine()
		switch {
		case len(line) == 0:
			if content == 0 {
				blank = max(blank, indent)
			}
			continue
		case content == 0 && indent > parent:
			if blank > indent || line[0] == '\t' {
				return false
			}
			content = indent
		case content == 0 || indent < content:
			if line[0] == '\t' {
				return false
			}
			s.unreadLine()
			return s.put(to, s.blockNode(to, &text))
		}
		if s.lines.odd && !isText(line) {
			return false
		}
		s.saved += content
		s.texts += len(line)
		if text.wanted {
			text.add(line)
			s.innermost().text += len(line)
		}
	}
	return s.put(to, s.blockNode(to, &text))
}

// blockText collects as much of a block as shows whether it is readable text.
type blockText struct {
	wanted bool
	folded bool
	known  bool // it is certainly readable text
	lines  []byte
}

func (b *blockText) add(line []byte) {
	switch {
	case b.known:
	case len(b.lines) == 0 && isReadable(line, false):
		b.known = true
	default:
		b.lines = append(append(b.lines, line...), '\n')
	}
}

// hasNoSeal reports whether text does not begin as what SOPS encrypted does.
func hasNoSeal(text []byte) bool { return !bytes.HasPrefix(text, []byte("ENC[")) }
