package objects

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// jsonDecoder turns JSON into YAML nodes, so that documents of both are processed
// by the same code. It reports duplicate keys itself, and omits what an object does not
// need, so that few of the values of a document are in memory.
type jsonDecoder struct {
	ctx     context.Context
	data    []byte
	decoder *json.Decoder
	report  func(Problem)

	seed   maphash.Seed
	limit  int64
	memory int64 // of this document
	most   int64 // of the one that took most

	sizes map[*yaml.Node]int64 // of the large objects of this document

	// position of the last token
	offset       int
	line, column int
}

const byteOrderMark = "\ufeff"

// The memory for a node with its value, and for an entry in a map of keys.
const (
	nodeMemory = 256
	keyMemory  = 48
)

func newJSONDecoder(ctx context.Context, data []byte, limit int64, report func(Problem)) *jsonDecoder {
	text := bytes.TrimPrefix(data, []byte(byteOrderMark))
	d := &jsonDecoder{ctx: ctx, data: text, decoder: json.NewDecoder(bytes.NewReader(text)), report: report, seed: maphash.MakeSeed(), limit: limit, line: 1, column: 1}
	d.decoder.UseNumber() // numbers out of range are valid syntax
	return d
}

func (d *jsonDecoder) need() int64 { return d.most }

func (d *jsonDecoder) size(n *yaml.Node) int64 { return d.sizes[n] }

// measure records the size of an object that may be large.
func (d *jsonDecoder) measure(n *yaml.Node, start int) {
	text := d.data[start:d.decoder.InputOffset()]
	if len(text) <= MaxApplied {
		return
	}
	if d.sizes == nil {
		d.sizes = map[*yaml.Node]int64{}
	}
	d.sizes[n] = compactSize(text)
}

func (d *jsonDecoder) next() (*yaml.Node, *Problem) {
	d.memory, d.sizes = 0, nil
	top, problem := d.value(1, root)
	if top == nil || problem != nil {
		return nil, problem
	}
	return &yaml.Node{Kind: yaml.DocumentNode, Line: top.Line, Column: top.Column, Content: []*yaml.Node{top}}, nil
}

// value reads a value. It returns nil at the end of a mapping, a sequence or the
// file.
func (d *jsonDecoder) value(depth int, r role) (*yaml.Node, *Problem) {
	d.move()
	token, err := d.decoder.Token()
	switch {
	case d.ctx.Err() != nil:
		return nil, d.problem(CodeSyntax, "reading was interrupted")
	case errors.Is(err, io.EOF) && depth == 1:
		return nil, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, d.problem(CodeSyntax, "the JSON ends too early")
	case err != nil:
		return nil, d.problem(CodeSyntax, "the JSON does not parse")
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: d.line, Column: d.column}
	switch token := token.(type) {
	case nil:
		n.Tag, n.Value = "!!null", "null"
	case string:
		n.Tag, n.Value, n.Style = "!!str", token, yaml.DoubleQuotedStyle
	case json.Number:
		n.Tag, n.Value = "!!float", token.String()
	case bool:
		n.Tag, n.Value = "!!bool", map[bool]string{true: "true", false: "false"}[token]
	case json.Delim:
		if token == ']' || token == '}' {
			return nil, nil
		}
		if depth > MaxDepth {
			return nil, d.problem(CodeTooDeep, tooDeep)
		}
		if token == '{' {
			n.Kind = yaml.MappingNode
			start := d.offset
			problem := d.mapping(n, depth, r)
			if r == root && problem == nil {
				d.measure(n, start)
			}
			return n, problem
		}
		n.Kind = yaml.SequenceNode
		return n, d.sequence(n, depth, r)
	}
	return n, nil
}

// sequence keeps the items of a list, and one of another sequence to show that it is
// not empty.
func (d *jsonDecoder) sequence(n *yaml.Node, depth int, r role) *Problem {
	for {
		before := d.memory
		child, problem := d.value(depth+1, r.of(""))
		if child == nil || problem != nil {
			return problem
		}
		if r != items && len(n.Content) > 0 {
			d.memory = before
		} else if problem := d.keep(n, child); problem != nil {
			return problem
		}
	}
}

// mapping keeps the entries that an object needs, and one in any case.
func (d *jsonDecoder) mapping(n *yaml.Node, depth int, r role) *Problem {
	keys := map[uint64]int32{} // to their lines
	defer func() { d.memory -= int64(len(keys)) * keyMemory }()
	for {
		key, problem := d.value(depth+1, other)
		if key == nil || problem != nil {
			return problem
		}
		hash := maphash.String(d.seed, key.Value)
		first, again := keys[hash]
		if again {
			d.report(duplicate(key.Line, key.Column, int(first), key.Value, r))
		} else if keys[hash] = int32(key.Line); !d.take(keyMemory) { //nolint:gosec // a file has at most 4 Mi lines
			return tooManyValues(key.Line, key.Column, d.limit)
		}
		before := d.memory
		value, problem := d.value(depth+1, r.of(key.Value))
		if value == nil || problem != nil {
			return problem
		}
		if again || !r.needs(key.Value, value) && len(n.Content) > 0 {
			d.memory = before
		} else if problem := d.keep(n, key, value); problem != nil {
			return problem
		}
	}
}

func (d *jsonDecoder) keep(n *yaml.Node, children ...*yaml.Node) *Problem {
	n.Content = append(n.Content, children...)
	if !d.take(int64(len(children)) * nodeMemory) {
		return tooManyValues(n.Line, n.Column, d.limit)
	}
	return nil
}

// take counts memory, and reports whether there is enough.
func (d *jsonDecoder) take(memory int64) bool {
	d.memory += memory
	d.most = max(d.most, d.memory)
	return d.memory <= d.limit
}

func (d *jsonDecoder) problem(code Code, sentence string) *Problem {
	return &Problem{Line: d.line, Column: d.column, Code: code, Text: sentence}
}

// move advances the position to the start of the next token.
func (d *jsonDecoder) move() {
	next := int(d.decoder.InputOffset())
	next += len(d.data[next:]) - len(bytes.TrimLeft(d.data[next:], " \t\r\n,:"))
	passed := d.data[d.offset:next]
	d.offset = next
	if lines := bytes.Count(passed, []byte("\n")); lines > 0 {
		d.line, d.column = d.line+lines, 1
		passed = passed[bytes.LastIndexByte(passed, '\n')+1:]
	}
	d.column += utf8.RuneCount(passed)
}
