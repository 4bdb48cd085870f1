package objects

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// maker writes text with what plainScanner knows, and a little that it does not.
type maker struct {
	*rand.Rand
	bytes.Buffer
	rare int // how rarely something is odd
}

// madeText returns some documents.
func madeText(rng *rand.Rand) []byte {
	m := &maker{Rand: rng, rare: 4 + rng.IntN(200)}
	m.WriteString(m.pick("", "", "", byteOrderMark, "# a\n", "\n"))
	for range 1 + m.IntN(3) {
		m.WriteString(m.pick("---\n", "---\n", "--- # b\n", "---  \n", "", "...\n"))
		switch m.IntN(8) {
		case 0:
			m.flow(3, "")
			m.WriteString(m.tail())
		case 1:
			m.sequence("", 3)
		default:
			m.object("", 3)
		}
	}
	text := m.Bytes()
	if m.IntN(8) == 0 {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	return text
}

func (m *maker) pick(from ...string) string { return from[m.IntN(len(from))] }

// odd returns one of some texts, and rarely the first.
func (m *maker) odd(odd string, from ...string) string {
	if m.IntN(m.rare) == 0 {
		return odd
	}
	return m.pick(from...)
}

func (m *maker) tail() string {
	return m.pick("\n", "\n", "\n", "\n", " \n", " # a\n", "\t# a\n", "\t\n", "\n\n", "\n# a: b\n", "\n  # a\n") // never ends a token
}

func (m *maker) key() string {
	return m.odd(m.pick("<<", "&a b", "*a", "? a", "!!str a", "\"\\x61\"", "a\t"),
		"a", "b", "c", "a.b/c-d", "name", "kind", "metadata", "labels", "spec", "selector", "data", "'a'", "\"b\"", "a b", "$a", "(a)", "1", "é", "a*b", "~", "null", "config.kubernetes.io/local-config", "a ", "a:b", "a#b")
}

func (m *maker) word() string {
	return m.odd(m.pick("*a", "&a b", "!a b", "@a", "`a", "%a", "a: b", "{{a}}", "'a", "\"\\q\"", "a\x01"),
		"a", "b c", "1", "1.5", "-1", "+a", "true", "yes", "~", "null", "-a", "--a=b", ":a", "?a", "a:b", "a#b", "a & b", "a*", "$A", "${A}", "${A:=b}", "ENC[a]", "a\tb", "é", "\u65e5\u672c", "=", "<a>", "<<", "|a", "'a'", "'it''s'", "''", "\"\"", "\"a\\n\"", "\"\\u00e4\"", "'${A}'", "'ENC[a]'", "\"\\\"a\"", "5 * *", "0x1f", "2001-01-01", "1_000", ".5", "..", "---", "a---b")
}

// value writes the value of an entry in a block at an indentation.
func (m *maker) value(indent string, depth int) {
	in := indent + m.pick(" ", "  ", "    ")
	switch n := m.IntN(14); {
	case n == 0:
		m.WriteString(" ")
		m.flow(depth, in)
		m.WriteString(m.tail())
	case n == 1:
		m.WriteString(" " + m.pick("|", ">", "|-", ">+", "|2-", ">-1", "|+") + m.pick("", "", " # a") + "\n")
		for range m.IntN(4) {
			m.WriteString(m.pick("", in+"    ", in+"    ", in+"      ", in+"    \t") + m.pick("", "a", "${A}", "# a", "- a: b", "'a", "\ta", "---", "ENC[a]") + "\n")
		}
	case n == 2: // several lines
		start := m.pick("a b", "'a", "\"a", "\"a \\", "${A}", "ENC[a", "yes")
		end := map[byte]string{'\'': "'", '"': "\""}[start[0]]
		m.WriteString(" " + start)
		for range m.IntN(3) {
			m.WriteString("\n" + m.pick(in, in, in+" \t", "") + m.odd("\"b", "b", "c d", "- e", "'' f", "${B}", "1", "]", "# g"))
		}
		m.WriteString(m.odd("'", end) + m.tail())
	case n == 3:
		m.WriteString("\n" + in + m.word() + m.tail())
	case n < 7 && depth > 0:
		m.WriteString(m.pick("\n", " # a\n", " \n"))
		m.mapping(in, depth-1)
	case n < 9 && depth > 0:
		m.WriteString("\n")
		m.sequence(m.pick(indent, in), depth-1)
	case n == 9:
		m.WriteString(m.tail())
	default:
		m.WriteString(m.pick(" ", " ", "  ", "\t") + m.word() + m.tail())
	}
}

func (m *maker) mapping(indent string, depth int) {
	for i := range 1 + m.IntN(4) {
		key := m.key()
		if m.IntN(m.rare) > 0 {
			key = key + strings.Repeat("x", i) // no duplicate
		}
		m.WriteString(indent + key + ":")
		m.value(indent, depth)
	}
}

func (m *maker) sequence(indent string, depth int) {
	for range 1 + m.IntN(3) {
		m.WriteString(indent + "-")
		switch {
		case depth > 0 && m.IntN(3) == 0:
			gap := m.pick(" ", "   ")
			m.WriteString(gap + "a:")
			m.value(indent+" "+gap, depth-1)
			m.mapping(indent+" "+gap, depth-1)
		case depth > 0 && m.IntN(6) == 0:
			m.WriteString(" ")
			m.sequence(indent+"  ", depth-1)
		default:
			m.value(indent, depth-1)
		}
	}
}

// flow writes a collection in flow style.
func (m *maker) flow(depth int, indent string) {
	gap := func() {
		m.WriteString(m.pick("", "", "", " ", " ", "\t", "\n"+indent, " # a\n"+indent+" "))
	}
	isMapping := m.IntN(2) == 0
	m.WriteString(map[bool]string{true: "{", false: "["}[isMapping])
	for i := range m.IntN(4) {
		if gap(); i > 0 {
			m.WriteString(",")
			gap()
		}
		if isMapping {
			m.WriteString(m.odd(m.pick("a", "{}", "[a]", "? a", "a b"), "a", "'a'", "\"b\"", "c.d/e", "kind", "metadata") + strings.Repeat("x", i) + m.odd(":", ": ", ": ", ": ", ":\t", " : "))
		}
		switch {
		case depth > 0 && m.IntN(3) == 0:
			m.flow(depth-1, indent)
		case m.IntN(12) == 0:
			m.WriteString(m.pick("'a\n"+indent+" b'", "\"a\n\n"+indent+"b\""))
		default:
			m.WriteString(m.word())
		}
	}
	gap()
	m.WriteString(map[bool]string{true: "}", false: "]"}[isMapping])
}

// object writes a mapping with the keys of an object.
func (m *maker) object(indent string, depth int) {
	line := func(key string, values ...string) {
		if m.IntN(4) > 0 {
			m.WriteString(indent + key + ": " + m.pick(values...) + m.tail())
		}
	}
	line("apiVersion", "v1", "v1", "'v1'", "apps/v1")
	line("kind", "Secret", "ConfigMap", "Deployment", "List", "ConfigMapList", "\"Secret\"", "Service")
	for _, key := range []string{"metadata", "data", "stringData", "spec", "items", "sops", "other"} {
		switch m.IntN(4) {
		case 0:
			m.WriteString(indent + key + ":")
			m.value(indent, depth)
		case 1:
			switch key {
			case "metadata":
				m.WriteString(indent + "metadata:\n" + indent + "  name: " + m.word() + "\n" + indent + "  " + m.pick("labels", "annotations") + ":\n")
				m.mapping(indent+"    ", 1)
			case "items":
				m.WriteString(indent + "items:\n" + indent + "-\n")
				m.object(indent+"  ", depth-2)
			default:
				m.WriteString(indent + key + ":\n")
				m.mapping(indent+"  ", 1)
			}
		}
	}
	m.WriteString(indent + "last: a\n")
}

func TestPlainAgreesOnMadeTexts(t *testing.T) {
	known := 0
	rounds := fewer(20_000)
	for seed := range uint64(rounds) {
		if requireAgreement(t, "a.yaml", madeText(rand.New(rand.NewPCG(seed, 8)))) {
			known++
		}
	}
	t.Logf("%d of %d need no parser", known, rounds)
	assert.Greater(t, known, rounds/25)
}
