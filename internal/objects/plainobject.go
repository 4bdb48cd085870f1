package objects

import (
	"hash/maphash"
	"math/bits"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/flux"
)

// Functions of plainScanner for what its lines belong to. It keeps nodes as jsonDecoder does:
// those that an object needs, and one of each collection to show that it is not empty. A
// scalar of which only the kind matters is one of the shared nodes below.

type node = yaml.Node

var (
	someKey     = node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "\x00"} // no key of a file
	someText    = node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "a"}
	emptyText   = node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle}
	sealedText  = node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "ENC[]"}
	placeholder = node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "${A}"}
	someNumber  = node{Kind: yaml.ScalarNode, Tag: "!!int", Value: "1"} // or a boolean, a date or a word
	someNull    = node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	emptyNull   = node{Kind: yaml.ScalarNode, Tag: "!!null"}
	someMap     = node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*node{&someKey, &someText}}
	someList    = node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*node{&someText}}
)

// knownKeys are the nodes of all keys that an object needs.
var knownKeys = func() map[string]*node {
	known := map[string]*node{}
	for _, key := range []string{
		"apiVersion", "kind", "metadata", "name", "generateName", "namespace", "labels", "annotations", localConfig, syncOptions,
		"spec", "selector", "matchLabels", "template", "jobTemplate", "data", "stringData", "binaryData", "items", "sops", "status",
	} {
		known[key] = &node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}
	}
	return known
}()

// nodePool reuses the memory of nodes.
type nodePool struct {
	all  []*node
	used int
}

func (p *nodePool) take() *node {
	if p.used == len(p.all) {
		p.all = append(p.all, new(node))
	}
	n := p.all[p.used]
	*n = node{Content: n.Content[:0]}
	p.used++
	return n
}

// keySet holds the hashes of the keys of all open mappings. Those of one are compared one by
// one while they are few.
type keySet struct {
	seed   maphash.Seed
	secret uint64
	hashes []uint64
	many   map[int]map[uint64]bool // by the first of the mapping
}

// add reports false for a key that may be a duplicate in the mapping that begins at first,
// and for too many keys.
func (k *keySet) add(key []byte, first int) bool {
	const few = 48
	hash := k.hash(key)
	own := k.hashes[first:]
	switch {
	case len(own) < few:
		for _, h := range own {
			if h == hash {
				return false
			}
		}
	case len(own) == few:
		if k.many == nil {
			k.many = map[int]map[uint64]bool{}
		}
		k.many[first] = map[uint64]bool{}
		for _, h := range own {
			k.many[first][h] = true
		}
		fallthrough
	default:
		if k.many[first][hash] {
			return false
		}
		k.many[first][hash] = true
	}
	k.hashes = append(k.hashes, hash)
	return len(k.hashes) <= plainKeys
}

// hash returns a number that is unique for keys of up to eight bytes, and most likely for
// others.
func (k *keySet) hash(key []byte) uint64 {
	switch n := len(key); {
	case n <= 8:
		return load(key, 0) & (1<<(8*n) - 1)
	case n <= 16:
		high, low := bits.Mul64(load(key, 0)^k.secret, load(key, n-8)^k.secret>>1^uint64(n))
		return high ^ low
	}
	return maphash.Bytes(k.seed, key)
}

// drop forgets the keys of the mapping that begins at first.
func (k *keySet) drop(first int) {
	k.hashes = k.hashes[:first]
	if k.many != nil {
		delete(k.many, first)
	}
}

// openObject is an object of which further lines may follow.
type openObject struct {
	node *node
	extent
	used int      // nodes before those of the object
	list []Object // its items
	size int64    // of those
	odd  bool     // some of them are not mappings
}

func (s *plainScanner) innermost() *openObject { return &s.within[len(s.within)-1] }

// put puts a value in its place. It reports false if there is none, or too many.
func (s *plainScanner) put(to slot, n *node) bool {
	switch {
	case n == nil:
		return false
	case to.parent == nil:
		return true
	case to.item && to.of == root && n.Kind != yaml.MappingNode:
		s.innermost().odd = true
	}
	content := to.parent.Content
	switch {
	case to.item:
		if len(content) == 0 {
			to.parent.Content = append(content, n)
		}
	case to.in == data: // of which only the kinds of its values matter
		for i := 1; i < len(content); i += 2 {
			if content[i] == n {
				return true
			}
		}
		to.parent.Content = append(content, &someKey, n)
	case to.in.needs(string(to.key), n):
		key := knownKeys[string(to.key)]
		if key == nil {
			key = s.textNode(to.key)
		}
		to.parent.Content = append(content, key, n)
	case len(content) == 0:
		to.parent.Content = append(content, &someKey, &someText)
	}
	return s.nodes.used < plainNodes
}

// collection begins a mapping or sequence at an offset of the last line, and returns its
// node, or nil if the object needs none. The indentation spares counting, and is -1 if it is
// not known.
func (s *plainScanner) collection(to slot, kind yaml.Kind, offset, indent int) (n *node, object bool) {
	if to.of != root && to.parent == nil {
		return nil, false
	}
	switch to.of {
	case other, secret, value:
		n := &someMap
		if kind == yaml.SequenceNode {
			n = &someList
		}
		s.unclear = !s.put(to, n) || s.unclear
		return nil, false
	}
	used := s.nodes.used
	n = s.nodes.take()
	if to.in == root && string(to.key) == "binaryData" {
		s.innermost().binary = true
	}
	if n.Kind = kind; to.of == root {
		column := indent + 1
		if indent < 0 {
			column = s.column(offset)
		}
		n.Line, n.Column = s.line, column
	}
	s.unclear = !s.put(to, n) || s.unclear
	if object = to.of == root && (kind == yaml.MappingNode || !to.item); object {
		s.within = append(s.within, openObject{node: n, extent: extent{start: offset, saved: s.saved, texts: s.texts}, used: used})
	}
	return n, object
}

// exact reports whether an object needs the very value at a place.
func (to slot) exact() bool {
	switch key := string(to.key); to.in {
	case root:
		return to.of == other && (key == "apiVersion" || key == "kind")
	case metadata:
		return key == "name" || key == "generateName" || key == "namespace"
	case annotations:
		return key == localConfig || key == syncOptions
	}
	return false
}

// exactNode returns the node of a string, or nil for another value.
func (s *plainScanner) exactNode(text []byte, isString bool) *node {
	if !isString {
		return nil
	}
	return s.textNode(text)
}

func (s *plainScanner) textNode(text []byte) *node {
	n := s.nodes.take()
	n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!str", string(text)
	return n
}

// plain reads an unquoted scalar, of which there may be more on the next line.
func (s *plainScanner) plain(text []byte, to slot) bool {
	s.fragile = true
	n := &someText
	switch {
	case to.parent == nil:
		s.fragile = false
	case to.exact():
		if n = s.exactNode(text, isPlainText(text) && text[0] != '<'); n == nil && to.in == annotations && string(text) == "true" {
			n = s.nodes.take()
			n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!bool", "true"
		}
	case isNullText(text):
		n = &someNull
	case !isPlainText(text):
		n = &someNumber
	case to.in == data:
		n = kindOf(text)
		s.fragile = !isReadable(text, false)
	default:
		s.fragile = false
	}
	return s.put(to, n)
}

// quotedNode returns the node of a quoted scalar on one line.
func (s *plainScanner) quotedNode(to slot, text []byte, escaped bool) *node {
	switch {
	case to.parent == nil:
	case to.exact():
		return s.exactNode(text, !escaped)
	case to.in == data && escaped:
		return s.partNode(to, text, true)
	case to.in == data || to.in == root && to.of != other:
		return kindOf(text)
	}
	return &someText
}

// partNode returns the node of a quoted scalar that begins with a text.
func (s *plainScanner) partNode(to slot, text []byte, escapes bool) *node {
	switch {
	case to.parent == nil:
	case to.exact(), (to.in == data || to.in == root && to.of != other) && !isReadable(text, escapes):
		return nil
	}
	return &someText
}

// blockNode returns the node of a block of text.
func (s *plainScanner) blockNode(to slot, text *blockText) *node {
	switch {
	case to.parent == nil:
	case to.exact(), to.in == root && to.of != other:
		return nil
	case to.in != data, text.known:
	case text.folded, len(text.lines) == 0, !hasNoSeal(text.lines):
		return nil
	default:
		return kindOf(text.lines)
	}
	return &someText
}

// kindOf returns the node for the kind of a text.
func kindOf(text []byte) *node {
	switch {
	case len(text) == 0:
		return &emptyText
	case isReadable(text, false):
		return &someText
	case !hasNoSeal(text) && text[len(text)-1] == ']':
		return &sealedText
	case flux.IsPlaceholder(string(text)):
		return &placeholder
	}
	return &someText
}

// endObject closes the innermost object, which ends at an offset. It reports false if there
// are too many.
func (s *plainScanner) endObject(end int) bool {
	last := len(s.within) - 1
	open := &s.within[last]
	open.end, s.reader.memory = end, 1<<40
	o := s.reader.describe(open.node)
	if open.large && o.APIVersion() == "v1" {
		s.measureData(&o, open)
	}
	if o.List && open.odd || o.Has(Replaced) || o.Has(NoItems) {
		s.unclear = true
	}
	size := o.size()
	if o.List {
		o.setItems(open.list)
		size += open.size
	}
	s.pending -= open.size
	s.nodes.used, s.within = open.used, s.within[:last]
	if last == 0 {
		if o.List {
			s.left -= open.size
		}
		return s.add(o)
	}
	above := &s.within[last-1]
	above.list, above.size = append(above.list, o), above.size+size
	s.pending += size
	return s.pending <= s.left
}

// add adds an object of the file. It always reports true.
func (s *plainScanner) add(o Object) bool {
	if s.left -= o.size(); s.left < 0 {
		s.full = tooMany(o)
	} else {
		s.objects = append(s.objects, o)
	}
	return true
}
