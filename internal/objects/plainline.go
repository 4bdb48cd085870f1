package objects

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Functions of plainScanner for lines. A line break is "\n" or "\r\n". Those that only some
// parsers know are refused, as are control characters.

// nextLine returns a line without the spaces in front of it. It reports false for one with
// characters that YAML forbids or gives a meaning.
func (s *plainScanner) nextLine() (indent int, text []byte, ok bool) {
	indent, text = s.cutLine()
	return indent, text, s.ascii || isText(text)
}

// cutLine is nextLine for a caller that inspects the characters.
func (s *plainScanner) cutLine() (indent int, text []byte) {
	text = s.data[s.pos:]
	s.start = s.pos
	s.line++
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
		s.pos += end + 1
		if end > 0 && text[end-1] == '\r' {
			text = text[:end-1]
		}
	} else {
		s.pos = len(s.data)
	}
	s.end = s.start + len(text)
	for indent < len(text) && text[indent] == ' ' {
		indent++
	}
	return indent, text[indent:]
}

// offset returns that of the rest of a line.
func (s *plainScanner) offset(rest []byte) int { return s.end - len(rest) }

// column returns that of an offset in the last line.
func (s *plainScanner) column(offset int) int { return utf8.RuneCount(s.data[s.start:offset]) + 1 }

// isText reports whether a line is UTF-8 without the characters that YAML forbids or gives
// a meaning. It may have tabs.
func isText(line []byte) bool {
	for i := 0; i < len(line); {
		if i+8 <= len(line) && isPrintable(binary.LittleEndian.Uint64(line[i:])) {
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

// isASCII reports whether all lines have only printable ASCII characters, and no tabs. It
// spares most files a look at the characters of each line.
func isASCII(data []byte) bool {
	odd := uint64(0)
	for ; len(data) >= 8; data = data[8:] {
		odd |= oddBytes(binary.LittleEndian.Uint64(data))
	}
	for _, c := range data {
		odd |= oddBytes(uint64(c) | ' '*(each-1))
	}
	return odd == 0
}

const (
	each = 0x0101010101010101
	high = 0x80 * each // the highest bit of each byte
)

// isPrintable reports whether all of eight bytes are printable ASCII characters.
func isPrintable(b uint64) bool {
	// The highest bit of a byte is set if it is below a space, or above "~". A carry
	// from one byte to the next does not matter: it comes from such a byte.
	return ((b-' '*each)|(b+each))&high == 0
}

// oddBytes returns a word with the highest bits of those of eight bytes that are neither
// printable ASCII characters nor line breaks.
func oddBytes(b uint64) uint64 {
	return equal(b&(0xe0*each), 0)&^equal(b, '\n') | (b|(b&^high+each))&high
}

// equal returns a word with the highest bits of those of eight bytes that are c.
func equal(b, c uint64) uint64 {
	b ^= c * each
	return ^((b&^high + ^uint64(high)) | b) & high // no carry from one byte to the next
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
