package boundyaml

import "bytes"

const (
	// perNode is the memory of a node of 160 bytes, the pointer to it, the allocation of
	// its value, and an entry in a map of the keys of a mapping.
	perNode = 256
	// perByte counts the value and the comments of a node.
	perByte = 2
	// ahead is more than the parser buffers in front of its position.
	ahead = 4 << 10
)

// meter estimates, from above, the memory that the nodes of a text take. Every node but
// the root is an item of a sequence or the key or the value of a mapping, so that the
// characters that begin those bound the number of nodes. In block style they end a word,
// and that is also the case in most of the text that is not YAML syntax.
type meter struct {
	tag     int64 // bytes of the longest prefix that a tag may stand for
	counted int   // up to this offset the text was counted as flow style
}

func newMeter(data []byte) meter {
	var m meter
	if bytes.Contains(data, []byte("%TAG")) {
		for line := range bytes.Lines(data) {
			if bytes.HasPrefix(line, []byte("%TAG")) || bytes.HasPrefix(line, []byte("\ufeff%TAG")) {
				m.tag = max(m.tag, int64(len(line)))
			}
		}
	}
	return m
}

// block returns the memory for the first n bytes of data, unless they are flow style.
func (m *meter) block(data []byte, n int) int64 {
	nodes, tags := 0, 0
	for i, c := range data[:n] {
		switch c {
		case '-':
			if endsWord(data, i+1) {
				nodes++
			}
		case ':', '?':
			if endsWord(data, i+1) {
				nodes += 2
			}
		case '#', '&': // a comment has a description of its own, and an anchor is in a map
			nodes++
		case '!':
			tags++
		}
	}
	return int64(nodes)*perNode + int64(n)*perByte + int64(tags)*m.tag
}

// endsWord reports whether a character may end before an offset. A character beyond
// ASCII may be a line break.
func endsWord(data []byte, i int) bool { return i == len(data) || data[i] <= ' ' || data[i] >= 0x80 }

// flow returns what the end of data takes in addition because it is flow style. It
// goes back as far as the parser may have read ahead when it found that out.
func (m *meter) flow(data []byte) int64 {
	nodes := 0
	for i := max(m.counted, len(data)-ahead); i < len(data); i++ {
		switch data[i] {
		case ',', '{':
			nodes += 2
		case ':', '?':
			if !endsWord(data, i+1) { // those are counted
				nodes += 2
			}
		case '[':
			nodes++
		}
	}
	m.counted = len(data)
	return int64(nodes) * perNode
}
