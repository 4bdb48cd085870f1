package objects

import (
	"bytes"
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
	for {
		b := load(text, indent) ^ ' '*each
		if b != 0 { // at the end of the line at the latest
			indent += bits.TrailingZeros64(b) / 8
			return indent, text[indent:]
		}
		indent += 8
	}
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
	const some = 2 << 10 // bytes
	if l.ends == nil {
		l.ends = make([]int, some+wide)
	}
	ends, n, strange := l.ends[:some+wide], 0, uint64(0)
	for n == 0 && l.read < len(data) {
		end := min(l.read+some, len(data))
		for ; l.read < end; l.read += wide {
			var breaks, other uint64
			if rest := data[l.read:]; len(rest) >= wide {
				breaks, other = inspect((*[wide]byte)(rest))
			} else {
				last := blank
				copy(last[:], rest)
				breaks, other = inspect(&last)
			}
			strange |= other
			n += note(ends[n:], l.read, breaks)
		}
	}
	if l.read >= len(data) && data[len(data)-1] != '\n' {
		ends[n] = len(data)
		n++
	}
	l.ends, l.next, l.odd = ends[:n], 0, l.odd || strange != 0
}

// note writes the offsets of line breaks, of which each bit of a word stands for one, and
// returns their number. It writes the first few whether they are there or not, because the
// processor cannot foresee how many there are.
func note(ends []int, offset int, breaks uint64) int {
	const few = 3
	_ = ends[wide-1]
	found := bits.OnesCount64(breaks)
	for i := 0; i < few || breaks != 0; i++ {
		ends[i] = offset + bits.TrailingZeros64(breaks)
		breaks &= breaks - 1
	}
	return found
}

// wide is how many bytes inspect takes.
const wide = 64

// blank has only spaces.
var blank = [wide]byte(bytes.Repeat([]byte{' '}, wide))

// gather collects the highest bits of eight bytes in the highest byte of a product.
const gather = 0x0002040810204081

// inspect returns a word with a bit for each line break, and one that is 0 if all other
// bytes are printable ASCII characters. It takes two words at a time, because Go loads the
// constants again each time.
func inspect(text *[wide]byte) (breaks, strange uint64) {
	for i := 0; i < wide; i += 16 {
		a, b := binary.LittleEndian.Uint64(text[i:]), binary.LittleEndian.Uint64(text[i+8:])
		foundA, foundB := equal(a, '\n'), equal(b, '\n')
		strange |= unprintable(a|foundA>>1) | unprintable(b|foundB>>1) // makes letters of line breaks
		breaks = breaks>>16 | foundA*gather>>56<<48 | foundB*gather>>56<<56
	}
	return breaks, strange
}

// load returns eight bytes of a file from an offset in a line. Those behind the line are of
// the next one, or zero at the end of the file.
func load(line []byte, offset int) uint64 {
	rest := line[offset:cap(line)]
	if len(rest) >= 8 {
		return binary.LittleEndian.Uint64(rest)
	}
	return loadLast(rest)
}

func loadLast(rest []byte) (b uint64) {
	for i, c := range rest {
		b |= uint64(c) << (8 * i)
	}
	return b
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
