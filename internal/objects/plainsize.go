package objects

import (
	"bytes"
	"unicode/utf8"
)

// Functions of plainScanner for the size of objects.

// extent is the text of an object.
type extent struct {
	start, end   int  // offsets of its first line, and behind its last one
	saved, texts int  // those of plainScanner at its start
	text         int  // bytes of the blocks in its data, without their line breaks
	binary       bool // some of them are base64
	large        bool // it may have more than MaxApplied bytes
}

// sizeOfOpen returns the bytes of the innermost object as JSON, or fewer. The parser has to
// judge the file if it is not certain whether they are within [MaxApplied].
func (s *plainScanner) sizeOfOpen(*node) int64 {
	open := s.innermost()
	text := s.data[open.start:open.end]
	switch {
	case len(text) <= MaxApplied/8: // no JSON is eight times as long
		return 0
	case s.exactly && len(text) <= MaxApplied:
		return 0
	case s.exactly:
		size := compactSize(text)
		open.large = size > MaxApplied
		return size
	case mostJSON(text, s.saved-open.saved, MaxApplied) <= MaxApplied:
		return 0
	}
	open.large = true
	// The last line may belong to the next object.
	least := max(int64(s.texts-open.texts), leastJSON(s.data[open.start:max(open.start, s.start)]))
	s.unclear = s.unclear || least <= MaxApplied
	return least
}

// measureData sets Huge for a large ConfigMap or Secret, or leaves that to the parser.
func (s *plainScanner) measureData(o *Object, open *openObject) {
	const escaped = 3 // bytes, of two characters at least
	switch kind := o.Kind(); {
	case kind != "ConfigMap" && kind != "Secret" || o.Encrypted, (open.end-open.start)/2*escaped <= MaxData:
	case kind == "ConfigMap" && open.text > MaxData && !open.binary:
		o.set(Huge, true)
	default:
		s.unclear = true
	}
}

// expanding lists the characters that take more bytes as JSON, and how many more, the most
// first: those of the quotes, keys and brackets that JSON has there too.
var expanding = []struct {
	char string
	by   int
}{
	{"<", 5}, {">", 5}, {"&", 5}, {":", 4}, {",", 4}, {"[", 4}, {"{", 4}, {"-", 2}, {"\\", 2}, {"\"", 1}, {"\t", 1},
}

// mostJSON returns how many bytes an object with this text takes as JSON, or more. Saved are
// those of its text that take none. It counts no further than it has to in order to show that
// they are within a limit.
func mostJSON(text []byte, saved, limit int) int {
	rest := len(text) - saved
	most := rest + bytes.Count(text, []byte("\n")) + 1 // two bytes each in a block of text, and the last may be missing
	for _, c := range expanding {
		if most+c.by*rest <= limit {
			return most + c.by*rest
		}
		n := bytes.Count(text, []byte(c.char))
		most += c.by * n
		rest -= n
	}
	return most
}

// leastJSON returns how many bytes an object with this text takes as JSON, or fewer: it counts
// keys, and words that follow one another, which are text in any case.
func leastJSON(text []byte) (least int64) {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if bytes.ContainsAny(line, "#\\[{\t") || bytes.Contains(line, []byte("  ")) || bytes.Contains(line, []byte("''")) || !utf8.Valid(line) {
			continue // it may have a comment or escapes
		}
		if i := bytes.LastIndex(line, []byte(": ")); i >= 0 {
			least += int64(i + len(": "))
			line = line[i+len(": "):]
		}
		if line = bytes.TrimPrefix(line, []byte("- ")); bytes.IndexByte(line, ' ') > 0 {
			least += int64(len(line))
		}
	}
	return least
}
