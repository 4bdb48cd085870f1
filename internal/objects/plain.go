package objects

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// plainScanner reads the files that people and programs write, many times faster than a
// parser: it finds structure by lines and indentation, and keeps only the values that an
// object needs. What they mean is up to reader, as for the nodes of a parser.
//
// It reads block mappings and sequences, plain and quoted scalars of one or several lines,
// blocks of text, collections in flow style, comments and several documents; and in a file
// of its own, JSON. It leaves everything else to the parsers: anchors, aliases, tags,
// directives, complex keys, merge keys and templates. It also leaves to them every file that
// may have a problem or a remark, so that only they report any. Each function is stricter
// than YAML, and accepts a text only if it has one meaning. A fuzz target compares the results with
// those of the parsers.
//
// The files are:
//
//	plain.go        documents
//	plainline.go    lines and their characters
//	plainblock.go   mappings and sequences in block style, and blocks of text
//	plainscalar.go  plain and quoted scalars
//	plainflow.go    collections in flow style
//	plainjson.go    files of JSON
//	plainobject.go  the nodes and objects that the others find
type plainScanner struct {
	data  []byte
	pos   int // start of the next line
	start int // of the last line read
	end   int // of that line, without its line break
	line  int // its number
	lines lineFinder

	levels  []level
	keys    keySet
	open    bool // the last entry has no value yet
	next    slot // of the value that may follow it
	folds   bool // the last value may go on on the next line
	fragile bool // and would then have another meaning
	marker  int  // line of the --- of this document, or 0
	read    bool // this document is a collection in flow style that has ended
	ended   bool // the last document ended with ...

	text  []byte // the rest of the line, in flow style
	flows flowMeter

	nodes   nodePool
	reader  reader
	size    func(*node) int64 // for the reader
	saved   int               // bytes of lines that take no JSON
	texts   int               // bytes of blocks of text, without their indentation and line breaks
	exactly bool              // the sizes of objects are those of their text, as JSON
	unclear bool              // the parser has to judge an object

	objects []Object
	within  []openObject // those that the next line may belong to, each an item of the one before
	pending int64        // memory of the items in them
	left    int64        // memory for further objects
	full    *Problem     // there was none
}

// Limits beyond which a parser takes over.
const (
	plainDepth = 128      // nested collections
	plainKeys  = 16 << 10 // of all mappings that are open
	plainNodes = 1 << 10  // that an object and those around it need
)

// slot is a place for a value.
type slot struct {
	parent *node // nil if the object does not need the value
	in     role  // of the parent
	of     role  // of the value
	key    []byte
	item   bool // of a sequence, and without a key
}

// scan reads YAML. It reports false for a file that is not plain, unless the objects take
// more than limit bytes. Otherwise its result is that of the parser.
func (s *plainScanner) scan(data []byte, limit int64) (file File, ok bool) {
	return s.run(data, limit, func() bool { return s.documents() && (s.full != nil || s.endDocument()) })
}

// run calls read for a file.
func (s *plainScanner) run(data []byte, limit int64, read func() bool) (file File, ok bool) {
	data = slices.Clip(bytes.TrimPrefix(data, []byte(byteOrderMark))) // see load
	if s.keys.seed == (maphash.Seed{}) {
		s.keys.seed = maphash.MakeSeed()
		s.keys.secret = maphash.Bytes(s.keys.seed, nil)
	}
	*s = plainScanner{
		data: data, left: limit, size: s.size, lines: lineFinder{ends: s.lines.ends[:0]},
		levels: s.levels[:0], keys: keySet{seed: s.keys.seed, secret: s.keys.secret, hashes: s.keys.hashes[:0]}, nodes: nodePool{all: s.nodes.all},
	}
	if s.size == nil {
		s.size = s.sizeOfOpen
	}
	s.reader = reader{plain: true, size: s.size}
	s.flows = newFlowMeter(len(data))
	defer func() { s.data, s.text, s.next, s.objects, s.within = nil, nil, slot{}, nil, nil }() // they belong to the caller
	if !read() || s.unclear || len(s.reader.remarks) > 0 {
		return File{}, false
	}
	file.Objects = compact(s.objects)
	if s.full != nil {
		file.Problems = []Problem{*s.full}
	}
	return file, true
}

// documents reads the lines. Like other parsers, it takes three dashes at the start of a
// line for the end of a document wherever YAML does not have them in a text.
func (s *plainScanner) documents() bool {
	for s.pos < len(s.data) && s.full == nil && !s.unclear {
		indent, text, ok := s.nextLine()
		switch {
		case !ok:
			return false
		case len(text) == 0:
			continue
		case text[0] == '#':
			s.folds = false
			continue
		case indent == 0 && bytes.HasPrefix(text, []byte("---")):
			if !isTail(text[len("---"):]) || !s.endDocument() {
				return false
			}
			s.marker, s.ended = s.line, false
		case indent == 0 && bytes.HasPrefix(text, []byte("...")):
			// Without a document before it, or with more after it, it means little.
			if !isTail(text[len("..."):]) || len(s.levels) == 0 && !s.read || !s.endDocument() {
				return false
			}
			s.marker, s.ended = 0, true
		case !s.entry(indent, text):
			return false
		}
		s.saved += indent
	}
	return true
}

func (s *plainScanner) endDocument() bool {
	s.folds = false
	if s.read {
		s.read = false
		return true
	}
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
