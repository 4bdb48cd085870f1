package objects

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"go.yaml.in/yaml/v4"
)

// jsonDecoder turns JSON into YAML nodes, so that documents of both are processed
// by the same code.
type jsonDecoder struct {
	data    []byte
	decoder *json.Decoder

	// position of the last token
	offset       int
	line, column int
}

const byteOrderMark = "\ufeff"

func newJSONDecoder(data []byte) *jsonDecoder {
	text := bytes.TrimPrefix(data, []byte(byteOrderMark))
	d := &jsonDecoder{data: text, decoder: json.NewDecoder(bytes.NewReader(text)), line: 1, column: 1}
	d.decoder.UseNumber() // numbers out of range are valid syntax
	return d
}

func (d *jsonDecoder) next() (*yaml.Node, *Problem) {
	root, problem := d.value(1)
	if root == nil || problem != nil {
		return nil, problem
	}
	return &yaml.Node{Kind: yaml.DocumentNode, Line: root.Line, Column: root.Column, Content: []*yaml.Node{root}}, nil
}

// value reads a value. It returns nil at the end of a mapping, a sequence or the
// file.
func (d *jsonDecoder) value(depth int) (*yaml.Node, *Problem) {
	d.move()
	token, err := d.decoder.Token()
	switch {
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
		n.Tag = "!!null"
	case string:
		n.Tag, n.Value = "!!str", token
	case json.Number:
		n.Tag, n.Value = "!!float", token.String()
	case bool:
		n.Tag, n.Value = "!!bool", map[bool]string{true: "true", false: "false"}[token]
	case json.Delim:
		if token == ']' || token == '}' {
			return nil, nil
		}
		n.Kind = yaml.SequenceNode
		if token == '{' {
			n.Kind = yaml.MappingNode
		}
		if depth > MaxDepth {
			return nil, d.problem(CodeTooDeep, tooDeep)
		}
		return n, d.children(n, depth)
	}
	return n, nil
}

func (d *jsonDecoder) children(n *yaml.Node, depth int) *Problem {
	for {
		child, problem := d.value(depth + 1)
		if child == nil || problem != nil {
			return problem
		}
		n.Content = append(n.Content, child)
	}
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
	d.column += len(bytes.Runes(passed))
}
