package objects

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Functions of plainScanner for lines. A line break is "\n" or "\r\n". Those that only some
// parsers know are refused, as are control characters.

// nextLine returns a line without the spaces in front of it. It reports false for one with
// characters that YAML forbids or gives a meaning.
func (s *plainScanner) nextLine() (indent int, text []byte, ok bool) {
	indent, text = s.cutLine()
	return indent, text, !s.lines.odd || isText(text)
}

// cutLine is nextLine for a caller that inspects the characters.
func (s *plainScanner) cutLine() (indent int, text []byte) {
	if s.lines.next == len(s.lines.ends) {
		s.lines.find(s.data)
	}
	s.start, s.end = s.pos, s.lines.ends[s.lines.next]
	s.pos = min(s.end+1, len(s.data))
	s.lines.next++
	s.line++
	if s.end > s.start && s.data[s.end-1] == '\r' {
		s.end--
	}
	text = s.data[s.start:s.end]
	for ; indent+8 <= len(text); indent += 8 {
		if b := binary.LittleEndian.Uint64(text[indent:]) ^ ' '*each; b != 0 {
			indent += bits.TrailingZeros64(b) / 8
			return indent, text[indent:]
		}
	}
	for indent < len(text) && text[indent] == ' ' {
		indent++
	}
	return indent, text[indent:]
}

// unreadLine goes back to the start of the last line.
func (s *plainScanner) unreadLine() {
	s.pos = s.start
	s.line--
	s.lines.next--
}

// lineFinder finds line breaks and odd characters in one pass, some lines ahead.
type lineFinder struct {
	ends []int // offsets of line breaks
	next int   // index of the first that was not used
	read int   // offset of the rest of the file
	odd  bool  // a line so far has a character that is not printable ASCII, such as a tab
}

// find finds some lines that follow.
func (l *lineFinder) find(data []byte) {
	const some = 2 << 10
	l.ends, l.next = l.ends[:0], 0
	odd := uint64(0)
	for len(l.ends) == 0 && l.read < len(data) {
		end := min(l.read+some, len(data))
		for ; l.read+8 <= end; l.read += 8 {
			b := binary.LittleEndian.Uint64(data[l.read:])
			breaks := equal(b, '\n')
			odd |= unprintable(b | breaks>>1) // makes a letter of a line break
			for ; breaks != 0; breaks &= breaks - 1 {
				l.ends = append(l.ends, l.read+bits.TrailingZeros64(breaks)/8)
			}
		}
		for ; l.read < end; l.read++ {
			if c := data[l.read]; c == '\n' {
				l.ends = append(l.ends, l.read)
			} else if c < ' ' || c > '~' {
				odd = 1
			}
		}
	}
	if l.read == len(data) && data[len(data)-1] != '\n' {
		l.ends = append(l.ends, len(data))
	}
	l.odd = l.odd || odd != 0
}

// offset returns that of the rest of a line.
func (s *plainScanner) offset(rest []byte) int { return s.end - len(rest) }

// column returns that of an offset in the last line.
func (s *plainScanner) column(offset int) int { return utf8.RuneCount(s.data[s.start:offset]) + 1 }

// isText reports whether a line is UTF-8 without the characters that YAML forbids or gives
// a meaning. It may have tabs.
func isText(line []byte) bool {
	for i := 0; i < len(line); {
		if i+8 <= len(line) && unprintable(binary.LittleEndian.Uint64(line[i:])) == 0 {
			i += 8
			continue
		}
		if c := line[i]; c >= ' ' && c < 0x7f || c == '\t' {
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

const (
	each = 0x0101010101010101
	high = 0x80 * each // the highest bit of each byte
)

// unprintable returns a word in which the highest bit of a byte is set if one of eight bytes
// is not a printable ASCII character.
func unprintable(b uint64) uint64 {
	// The bit is set for a byte below a space, or above "~". A carry from one byte to the
	// next does not matter: it comes from such a byte.
	return ((b - ' '*each) | (b + each)) & high
}

// equal returns a word with the highest bits of those of eight bytes that are c. It is exact
// for any bytes.
func equal(b, c uint64) uint64 {
	b ^= c * each
	return ^((b&^high + ^uint64(high)) | b) & high // no carry from one byte to the next
}

// first is equal and faster. Only the first of the bits is certainly right.
func first(b, c uint64) uint64 {
	b ^= c * each
	return (b - each) &^ b & high
}

func isItem(text []byte) bool {
	return len(text) > 0 && text[0] == '-' && (len(text) == 1 || text[1] == ' ')
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isTail reports whether the rest of a line, after a token, is empty or a comment.
func isTail(text []byte) bool {
	rest := trimLeft(text)
	return len(rest) == 0 || rest[0] == '#' && len(rest) < len(text)
}

func trimLeft(text []byte) []byte {
	for len(text) > 0 && isBlank(text[0]) {
		text = text[1:]
	}
	return text
}

func trimRight(text []byte) []byte {
	for len(text) > 0 && isBlank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
