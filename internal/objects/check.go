package objects

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/redact"
)

// checker walks the nodes of a document once, without following an alias.
type checker struct {
	file     *File // receives the problems
	template bool  // a template action was parsed as a mapping whose key is a mapping
	deep     bool  // excessive depth was reported

	// sizes holds the number of values of each anchored node, aliases expanded.
	sizes map[*yaml.Node]int
	nodes int // number of nodes visited

	remarks []Remark // about keys
}

func (c *checker) add(n *yaml.Node, code Code, text string) {
	c.file.report(Problem{Line: n.Line, Column: n.Column, Code: code, Text: text})
}

func (c *checker) document(n *yaml.Node) {
	if c.node(n, 0, other)-c.nodes > MaxExpanded {
		c.add(n.Content[0], CodeAlias, "the aliases in this document expand to more than 400,000 values")
	}
}

// node returns the number of values of a node with its aliases expanded. It stops
// counting far above the limit.
func (c *checker) node(n *yaml.Node, depth int, r role) int {
	c.nodes++
	if n.Kind == yaml.AliasNode {
		size, complete := c.sizes[n.Alias]
		if !complete {
			c.file.report(Problem{Line: n.Line, Column: n.Column, Code: CodeAlias, Text: "the alias refers to a value that contains it", Loop: true})
		}
		return max(size, 1)
	}
	if depth > MaxDepth { // the document does not count as a level
		if !c.deep {
			c.deep = true
			c.add(n, CodeTooDeep, tooDeep)
		}
		return 1
	}
	if n.Kind == yaml.MappingNode {
		c.keys(n, r)
	}
	size := 1
	for i, child := range n.Content {
		below := depth
		if len(child.Content) > 0 {
			below++
		}
		size = min(size+c.node(child, below, roleOf(n, i, r)), 100*MaxExpanded)
	}
	if n.Anchor != "" {
		c.sizes[n] = size
	}
	return size
}

// roleOf returns the role of a child of a node with the role r.
func roleOf(n *yaml.Node, i int, r role) role {
	switch {
	case n.Kind == yaml.DocumentNode:
		return root
	case n.Kind == yaml.MappingNode && i%2 == 1:
		return r.of(resolve(n.Content[i-1]).Value)
	}
	return r.of("")
}

// few is the largest number of keys that are compared one by one.
const few = 16

func (c *checker) keys(n *yaml.Node, r role) {
	var lines map[string]int
	if len(n.Content) > 2*few {
		lines = make(map[string]int, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := resolve(n.Content[i])
		if t := typeOf(key); r != root && t != "" && t != Word && t != Date && len(c.remarks) < MaxProblems {
			c.remarks = append(c.remarks, Remark{Line: n.Content[i].Line, Column: n.Content[i].Column, Part: Keys, Type: t})
		}
		if key.Kind != yaml.ScalarNode {
			c.template = c.template || isAction(n, key)
			continue
		}
		first := 0
		if lines != nil {
			if first = lines[key.Value]; first == 0 {
				lines[key.Value] = n.Content[i].Line
			}
		} else {
			for j := 0; j < i && first == 0; j += 2 {
				if other := resolve(n.Content[j]); other.Kind == yaml.ScalarNode && other.Value == key.Value {
					first = n.Content[j].Line
				}
			}
		}
		if first != 0 {
			c.file.report(duplicate(n.Content[i].Line, n.Content[i].Column, first, key.Value, r))
		}
	}
}

// duplicate returns the problem of a key that a mapping has on another line as well. It
// does not quote a key in a value that may be secret.
func duplicate(line, column, first int, key string, of role) Problem {
	text := fmt.Sprintf("the key %q is already on line %d", shorten(redact.URLs(key)), first)
	if of == secret {
		text = fmt.Sprintf("the key is already on line %d", first)
	}
	return Problem{Line: line, Column: column, Code: CodeDuplicate, Text: text}
}

// isAction reports whether a mapping with a mapping as its key is a template
// action, {{ … }}, which YAML parses as such.
func isAction(n, key *yaml.Node) bool {
	return key.Kind == yaml.MappingNode && n.Style&key.Style&yaml.FlowStyle != 0 &&
		key.Line == n.Line && key.Column == n.Column+1
}

// shorten truncates a key to 60 bytes.
func shorten(key string) string {
	if len(key) <= 60 {
		return key
	}
	return strings.ToValidUTF8(key[:57], "") + "…"
}

// resolve returns the node itself, or the node that an alias refers to.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
