package objects

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// treeDecoder turns JSON into all of its nodes, as the oracle of jsonDecoder.
type treeDecoder struct {
	jsonDecoder
}

func (d *treeDecoder) next() (*yaml.Node, bool) {
	top, ok := d.node()
	if top == nil || !ok {
		return nil, ok
	}
	return &yaml.Node{Kind: yaml.DocumentNode, Line: top.Line, Column: top.Column, Content: []*yaml.Node{top}}, true
}

// node returns nil at an end, and false after an error.
func (d *treeDecoder) node() (*yaml.Node, bool) {
	d.move()
	token, err := d.decoder.Token()
	if err != nil {
		return nil, errors.Is(err, io.EOF)
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
		n.Tag = "!!bool"
	case json.Delim:
		if token == ']' || token == '}' {
			return nil, true
		}
		n.Kind = yaml.SequenceNode
		if token == '{' {
			n.Kind = yaml.MappingNode
		}
		for {
			child, ok := d.node()
			if child == nil || !ok {
				return n, ok
			}
			n.Content = append(n.Content, child)
		}
	}
	return n, true
}

// requireAgreementWithTree compares the result for JSON with the one of a tree of all
// values.
func requireAgreementWithTree(tb testing.TB, data []byte, file File) {
	tb.Helper()
	if file.Template || len(file.Problems) >= MaxProblems || slices.ContainsFunc(file.Problems, func(p Problem) bool { return p.Code != CodeDuplicate }) {
		return // it was not read to its end
	}
	var want File
	read := reader{memory: ample.Objects, size: func(*yaml.Node) int64 { return 0 }}
	d := treeDecoder{*newJSONDecoder(tb.Context(), data, 0, nil)}
	for {
		document, ok := d.next()
		require.True(tb, ok, "the file has an error")
		if document == nil {
			break
		}
		check := checker{file: &want, sizes: map[*yaml.Node]int{}}
		check.document(document)
		read.left = visits*check.nodes + maxAliased
		want.Objects = append(want.Objects, read.document(document))
	}
	require.Equal(tb, want.Objects, file.Objects)
	require.Equal(tb, read.remarks, file.Remarks)
	byPosition := func(a, b Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) }
	slices.SortFunc(want.Problems, byPosition)
	slices.SortFunc(file.Problems, byPosition)
	require.Equal(tb, want.Problems, file.Problems)
}

func TestJSONAgreesWithATree(t *testing.T) {
	for name, text := range map[string]string{
		"an object":          `{"apiVersion":"v1","kind":"Secret","metadata":{"labels":{"a":"b"},"name":"n","namespace":"m"},"data":{"a":"b"},"type":"Opaque"}`,
		"nothing of use":     `{"a":1,"b":[1,2,{"c":3}]}`,
		"a list":             `{"kind":"List","items":[{"kind":"A"},{},[],[1],2,null,{"kind":"BList","items":[{"x":{"y":1}}]}]}`,
		"a key and its role": `{"kind":"Secret","apiVersion":"v1","data":{},"data":{"a":"b"},"metadata":5,"items":{"a":[]}}`,
		"sealed":             `{"kind":"Secret","apiVersion":"v1","data":{"a":"ENC[b]","b":{"c":"d"}}}`,
		"variables":          `{"kind":"Secret","apiVersion":"v1","stringData":{"a":"${B}","b":"","c":null}}`,
		"encrypted":          `{"kind":"Secret","apiVersion":"v1","stringData":{"a":"b"},"sops":{"mac":"c"}}`,
		"duplicates":         `{"a":{"b":1,"b":2},"a":{"c":3,"c":4},"stringData":{"a":{"b":1,"b":2}}}`,
		"several values":     "{}\n[]\n[1]\n\"a\" 1 null",
	} {
		t.Run(name, func(t *testing.T) {
			file, err := Parse(t.Context(), "a.json", []byte(text), ample)
			require.NoError(t, err)
			assert.NotEmpty(t, file.Objects)
			requireAgreementWithTree(t, []byte(text), file)
		})
	}
}
