package objects

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/boundyaml"
	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// oddities are lines with another meaning than their neighbours suggest.
var oddities = []string{
	"", "    ", "# comment", "   # comment", "---", "...", "--- # comment", "- a", "-", "  -", "- - a", "- a: b", "-\tb", "a", "  a", "a:", "b: ", "a: b: c",
	"a: 'b", "a: 'it''s'", `a: "b\q"`, `a: "b\n" # c`, `a: "b"#c`, "a: b #c", "a: b#c", "a: |", "a: >-", "a: |2", "a: |1-", "a: >2+", "- |1", "a: [-n, b]", "a: [-, b]", "a: [b-]", "- |", "  - >", "a: [b, c]", "a: [b,", "a: [b, ]", `a: ["b" cd]`, "a: {}",
	"a: { }", "- # b", "a: {  } # b", "a: {b: c}", "? a", ": a", "a: &a b", "a: *a", "<<: b", "a: !!str b", "'a': b", `"a": b`, "a : b", "a: -", "a: - b", "a: @b", "a: `b", "a: %b", "%a", "a: ~",
	"name: null", "kind: Secret", "kind: \"Secret\"", "kind: List", "data:", "  b: c", "metadata:", "  name: n", "sops:", "items:", "a: {{ b }}", "{{ a }}", "a: b {{ c }}", "a: ${B}",
	"a:  b  ", "é: é", "a: \u00a0", "a: \u2028b", "a: \x01", "\ufeffa: b", "a: b\r", "a: :b", "a: b\t# c", "kind: b\t# c", "kind: b\t", "a: b\t", "\ta: b", "...: a", "... a", "a: b\ufeffc", "a: b\u0085c", "a: b\ufffdc", "a: ::", "a: -b", "a: ---", "a: ?b", "a: =", "- =", "a: <b>", "a: 0o7", "a: 2001-01-01", "1: a", "a: []", "a: [[]]",
	"  labels:", "  annotations:", "spec:", "  selector:", "  template:", "    matchLabels:", "    a: b", "    a: yes", "    a: 1", "    a: 1.2.3", "    a: no # b", "    a:", "a: ~b", "a: :${B}", "a: ${B:=c}", "name: 12", "  config.kubernetes.io/local-config: b", "%YAML 1.1", "--- a",
	"... # b", "---  ", "---\t# b", "---#b", "a:\tb", "a:\t'b'\t# c", "-\ta: b", "- \tb", "  \t", "\t# c", "a: b\tc: d", "a b: c", "a  : b", "a\t: b", "*.a: b", "&a: b", "a: *.b", "a: & b", "a: b*c&d", "a,b: c", "@a: b", "a@b: c", "$a: b", "(a): b",
	"a: {b: c, d: [e, {f: g}]}", "a: {b: c,", "  d: e}", "a: [b,", "  c]", "  ]", "  }", "a: [b: c]", "a: {b}", "a: {b, c: d}", "a: {\"b\":c}", "a: {'b': \"c\"}", "a: {b: }", "a: {b:c}", "a: {b: c}#d", "a: [b #c", "  #c", "a: [b]: c", "a: [b, 'c", "  d', e]", "a: [*b]", "a: [&b c]", "a: [!b c]", "a: [b c]", "a: [--b, :c, ?d]", "a: [-]", "a: {b: {{c}}}", "a: [{{b}}]", "{a: b}", "[a]", "{", "}", "[a: b]", "{a: 1, a: 2}", "a: {b: 1, 'b': 2}",
	"a: ]", "a: ^b", "a: \\b", "a: `b", "a: }", "a: ,b", "a: %b", "a: \"\\x41\\u00e4\\N\\_\"", "a: \"\\ud800\"", "a: \"\\U0001f600\"", "a: \"b\\", "  \\tc\"", "a: |-2", "a: |+", "a: >2-", "a: |0", "a: | b", "a:\n    b", "    {}", "    \"b\"", "    'b'  # c", "    |", "    >-", "a: <<", "a: 5 *", "a: +b", "a: -.inf", "a: +1", "metadata: {name: n, labels: {a: b}}", "metadata: {name: 1}", "data: {a: b}", "data: {a: 'ENC[b]'}", "stringData: {a: '${B}'}", "items: [{kind: A}]", "items: [a]", "items: [[]]", "items: null", "name: false", "  name: FALSE", "  name: True", "kind: Null", "kind: [List]", "sops: {}", "sops: {a: b}",
}

// samples returns manifests to change: those of this repository, generated ones, and
// those of a directory that the environment may name.
func samples(tb testing.TB) map[string][]byte {
	generated := filepath.Join(tb.TempDir(), "tree")
	require.NoError(tb, treegen.Write(generated, treegen.Few(), 1))
	texts := map[string][]byte{}
	for _, dir := range []string{filepath.Join("..", "..", "testdata", "trees"), generated, os.Getenv("OCI_TEST_TREES")} {
		if dir == "" {
			continue
		}
		require.NoError(tb, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			texts[name], err = os.ReadFile(name)
			return err
		}))
	}
	return texts
}

// requireAgreement reports whether the plain scanner read the text.
func requireAgreement(tb testing.TB, name string, data []byte) bool {
	tb.Helper()
	read := false
	for _, limit := range []int64{ample.Objects, 1_000} {
		found, ok := new(Scanner).Plain(name, data, Limits{Objects: limit})
		if !ok || len(data) > MaxBytes {
			continue
		}
		read = true
		number, refused, err := boundyaml.Refused(tb.Context(), data, false)
		require.NoError(tb, err)
		require.False(tb, refused && !isJSON(name), "line %d of text that plain reads is refused:\n%s", number, data)
		file, err := Parse(tb.Context(), name, data, Limits{Parsing: ample.Parsing, Objects: limit})
		require.NoError(tb, err)
		file.Need = 0
		if len(found.Problems) > 0 && !slices.Equal(file.Problems, found.Problems) {
			// The parser reads tokens ahead, and may find an error behind the object.
			require.Less(tb, found.Problems[0].Line, file.Problems[len(file.Problems)-1].Line)
			continue
		}
		if !assert.ObjectsAreEqual(file, found) {
			require.Equal(tb, file, found, "parser and plain differ on:\n%s", data)
		}
	}
	return read
}

// fewer returns a tenth of n with -short: the race detector has nothing to find in a single
// goroutine.
func fewer(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func TestPlainAgreesOnFiles(t *testing.T) {
	for name, data := range samples(t) {
		requireAgreement(t, name, data)
	}
}

func TestPlainAgreesOnChangedFiles(t *testing.T) {
	texts := samples(t)
	names := make([]string, 0, len(texts))
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	rng := rand.New(rand.NewPCG(1, 2))
	known := 0
	rounds := fewer(20_000)
	for range rounds {
		if requireAgreement(t, "a.yaml", change(rng, texts[names[rng.IntN(len(names))]])) {
			known++
		}
	}
	t.Logf("%d of %d need no parser", known, rounds)
	assert.Greater(t, known, rounds/20)
}

// change returns some lines of a text with one to three faults.
func change(rng *rand.Rand, text []byte) []byte {
	lines := strings.Split(string(text), "\n")
	if first := rng.IntN(len(lines)); rng.IntN(4) == 0 {
		lines = lines[first:]
	}
	lines = slices.Clone(lines[:min(len(lines), 1+rng.IntN(40))])
	for range 1 + rng.IntN(3) {
		i, j := rng.IntN(len(lines)), rng.IntN(len(lines))
		indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " "))]
		switch rng.IntN(9) {
		case 0:
			lines = append(slices.Delete(lines, i, i+1), "a: b")
		case 1:
			lines = slices.Insert(lines, i, lines[j])
		case 2:
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			lines[i] = strings.Repeat(" ", 1+rng.IntN(4)) + lines[i]
		case 4:
			lines[i] = strings.TrimPrefix(lines[i], strings.Repeat(" ", 1+rng.IntN(3)))
		case 5:
			lines = slices.Insert(lines, i, oddities[rng.IntN(len(oddities))])
		case 6:
			lines = slices.Insert(lines, i, indent+oddities[rng.IntN(len(oddities))])
		case 7:
			if len(lines[i]) > 0 {
				at := rng.IntN(len(lines[i]))
				lines[i] = lines[i][:at] + string(" :-#'\"|>[]{}&*!?,x"[rng.IntN(18)]) + lines[i][at+rng.IntN(2):]
			}
		case 8:
			lines[i] = lines[i][:rng.IntN(len(lines[i])+1)]
		}
	}
	return []byte(strings.Join(lines, []string{"\n", "\n", "\r\n"}[rng.IntN(3)]))
}

func TestPlainAgreesOnOddities(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	known := 0
	for range fewer(30_000) {
		var text bytes.Buffer
		for range 1 + rng.IntN(7) {
			fmt.Fprintf(&text, "%*s%s\n", 2*rng.IntN(3)*rng.IntN(2), "", oddities[rng.IntN(len(oddities))])
		}
		if requireAgreement(t, "a.yaml", text.Bytes()) {
			known++
		}
	}
	t.Logf("%d need no parser", known)
}

// anObject writes the lines of a mapping that may be an object, a Secret or a list.
func anObject(rng *rand.Rand, b *bytes.Buffer, first, indent string, depth int) {
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	text := func(indent string) string {
		return strings.ReplaceAll(pick("a", "''", `""`, "null", "~", "ENC[a]", "'ENC[a]'", "${A}", `"${A}"`, `"\$"`, "12", "{}", "[]", "[a, b]", "|\n\ta\n\t\tb", "|-\n\tENC[a]", ">\n\n\t${A}",
			"|", "a\n\tb", "ENC[a\n\tb]", "'a\n\n\tb'", "'\n\tENC[a]'", "\"a\\\n\tb\"", "a # b", "\n\ta: b", "\n\t- a", "\n\t- a: b\n\t- c", ""), "\t", indent+"  ")
	}
	line := func(key, value string) {
		fmt.Fprintf(b, "%s%s: %s\n", first, key, value)
		first = indent
	}
	keys := []string{"apiVersion", "kind", "metadata", "data", "stringData", "items", "spec"}
	rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys[rng.IntN(4):] {
		switch part := rng.IntN(8); {
		case part == 0:
			line(key, text(indent))
		case key == "apiVersion":
			line(key, pick("v1", "v1", "a/v1"))
		case key == "kind":
			line(key, pick("List", "List", "Secret", "Secret", "A", "AList"))
		case key == "items" && depth > 0:
			line(key, "")
			margin := indent + pick("", "", "  ")
			for range 1 + rng.IntN(3) {
				if dash := pick("- ", "- ", "-\n", "- "+text(margin)+"\n"); dash == "- " {
					anObject(rng, b, margin+dash, margin+"  ", depth-1)
				} else if b.WriteString(margin + dash); dash == "-\n" {
					anObject(rng, b, margin+"  ", margin+"  ", depth-1)
				}
			}
		case key == "metadata":
			line(key, "\n"+indent+"  name: "+pick("a", "b", "'c'"))
		default:
			line(key, "")
			for i := range rng.IntN(3) {
				fmt.Fprintf(b, "%s  k%d: %s\n", indent, i, text(indent+"  "))
			}
		}
	}
}

func TestPlainAgreesOnObjects(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	known := 0
	rounds := fewer(20_000)
	for range rounds {
		var text bytes.Buffer
		anObject(rng, &text, "", "", 2)
		if requireAgreement(t, "a.yaml", text.Bytes()) {
			known++
		}
	}
	t.Logf("%d of %d need no parser", known, rounds)
	assert.Greater(t, known, rounds/20)
}

// TestPlainLeavesToTheParser covers texts that random changes rarely produce.
func TestPlainLeavesToTheParser(t *testing.T) {
	for name, text := range map[string]string{
		"a key that is too long for YAML": strings.Repeat("k", 1100) + ": a\n",
		"a duplicate of an escaped key":   "\"a\\/b\": c\na/b: d\n",
		"an escaped kind":                 "kind: \"a\\nb\"\n",
		"a kind with a quote":             "kind: 'it''s'\n",
		"a number for a name":             "metadata:\n  name: 12\n",
		"a truth for a kind":              "kind: True\n",
		"an open flow mapping":            "a: {b\n",
		"no value at the end of another":  "a:\n---\nb: c\n  d: e\n",
		"a number for a namespace":        "metadata:\n  namespace: 12\n",
		"a date for a label":              "metadata:\n  labels:\n    a: 2001-01-01t10:20:30Z\n",
		"annotations that are text":       "metadata:\n  annotations: a\n",
		"annotations that are a list":     "metadata:\n  annotations:\n  - a: b\n",
		"items of another kind":           "kind: A\nitems:\n- kind: B\n- a\n",
		"null for items of another kind":  "items:\nkind: A\n",
		"a list of texts":                 "kind: List\nitems:\n- a\n",
		"a list of lists":                 "kind: List\nitems:\n- - kind: A\n",
		"a list of blocks":                "kind: List\nitems:\n- |\n",
		"a list with null":                "kind: List\nitems:\n-\n- kind: A\n",
		"an encrypted value in a Secret":  "kind: Secret\napiVersion: v1\ndata:\n  a: 'ENC[b\n\n    c]'\n",
		"an escaped value in a Secret":    "kind: Secret\napiVersion: v1\ndata:\n  a: \"\\\n    \"\n",
		"no text in a Secret":             "kind: Secret\napiVersion: v1\ndata:\n  a: null\n",
		"data that is text":               "kind: Secret\napiVersion: v1\ndata: |\n",
		"a name of two lines":             "metadata:\n  name: a\n    b\n",
		"text after a comment":            "a: b # c\n  d\n",
		"text after a line of comment":    "a: b\n  # c\n  d\n",
		"a key after text":                "a: b\n  c: d\n",
		"quotes without an end":           "a: 'b\n  c\n",
		"quoted text at the left":         "a:\n  b: 'c\n  d'\n",
		"a tab before text":               "a: |\n  b\n \tc\n",
		"too many keys":                   manyLines(plainKeys + 1),
		"a deep document":                 deepMappings(plainDepth + 1),
	} {
		t.Run(name, func(t *testing.T) {
			assert.False(t, requireAgreement(t, "a.yaml", []byte(text)))
		})
	}
}

func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: a\n", i)
	}
	return b.String()
}

func deepMappings(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%*sa:\n", i, "")
	}
	return b.String()
}

// TestPlainKnows covers texts that need no parser: without it, a scanner that reads
// nothing would agree with the parser too.
func TestPlainKnows(t *testing.T) {
	for name, text := range map[string]string{
		"sequences on the level of their key": "a:\n- b\n- c: d\n  e:\n  - f\ng: h\n",
		"indented sequences":                  "a:\n  - b\n  -\n  - - c\n    - d\n",
		"text in blocks":                      "a: |\n\n  b: 'c\n\n    d\n # e\nf:\n- >-\n  g\n- |+\nh: i\n",
		"quotes and comments":                 "# a\n'b': 'it''s' # c\n\"d\": \"e\\n\"   # f\ng: h # i\n",
		"Windows line breaks":                 "a: |\r\n  b\r\n\r\nc: d\r\n",
		"flow style":                          "a: {}\nb: [] # c\nd: [e, 'f g', \"h\"]\n",
		"several documents":                   "---\na: b\n---\n---\n# c\n---\nd: e\n---\n",
		"comments after dashes":               "a:\n- # b\n  c: d\n- # e\n",
		"text on several lines":               "a: b\n c\n\n   d 'e\nf:\n- - g\n   - h\n\n- i\n  j\n---\nk: l\n m",
		"quotes on several lines":             "a: 'b\n  # c\n\n  - d: ''e'' '   # f\ng:\n- \"h\\\n   \\  i\\\" j\n   k\"\n",
		"a block with an indicator":           "a:\n- |2-\n\n     b\n    c\n- >1\n  d\ne: |9 # f\n         g\nh: [-n, --o, p]\n",
		"tabs in a block of text":             "a: |\n  b\tc\n  \td\n\n  e\t\n",
		"a list":                              "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: A\n  metadata:\n    name: a\n-\n  kind: B\n- # c\n  kind: C\nkind: List\nmetadata: {}\n",
		"an indented list":                    "kind: AList\nitems:\n  - kind: A\n    spec:\n      items:\n      - a\n  - kind: B\n---\nkind: C\n",
		"a list in a list":                    "kind: List\nitems:\n- kind: BList\n  items:\n  - kind: B\n    metadata:\n      name: b\n  - kind: C\n- kind: D\n",
		"items without a kind":                "items:\n- kind: AList\n  items:\n  - kind: B\n- a\n",
		"a Secret":                            "kind: Secret\napiVersion: v1\ndata:\n  a: Yg==\n  c: \"\"\nstringData:\n  d: 'e\n    f'\n  g: |\n    h\n",
		"a Secret without text":               "kind: Secret\napiVersion: v1\nstringData:\n  a: \"\"\n  b:\n",
		"a Secret of another API":             "kind: Secret\napiVersion: a/v1\ndata:\n  a: Yg==\n",
		"Secrets in a list":                   "items:\n- apiVersion: v1\n  data:\n    a: Yg==\n  kind: Secret\n- apiVersion: v1\n  kind: Secret\n  type: a\nkind: List\n",
		"a Secret after data":                 "data:\n  a: b\n---\nkind: Secret\n",
		"a List after items":                  "items:\n- a: b\n---\nkind: List\n",
		"labels and annotations":              "metadata:\n  labels:\n    a: b\n    version: 1.2.3\n    c: 10m\n    d: nope\n    e: /f\n    g: ${H}\n  annotations:\n    i: \"1\"\n    j: |\n      1\n",
		"selectors":                           "spec:\n  selector:\n    matchLabels:\n      a: b\n    matchExpressions:\n    - key: a\n      operator: In\n      values: [b]\n  template:\n    metadata:\n      labels:\n        a: b\n    spec:\n      replicas: 1\n",
		"a variable in a Secret":              "kind: Secret\napiVersion: v1\nstringData:\n  a: b\n  c: ${D}\n",
		"data that is a sequence":             "kind: Secret\napiVersion: v1\ndata:\n- a: b\n",
		"a comment after text":                "a: b\n  c # d\n",
		"a list that is a mapping":            "kind: List\nitems:\n  a: b\n",
		"a list without items":                "kind: List\nitems: []\n",
		"a list with a quoted key":            "kind: List\n'items':\n- kind: A\n",
		"a Secret in a list":                  "items:\n- data: {}\n  kind: Secret\nkind: List\n",
		"a variable in a block":               "kind: Secret\napiVersion: v1\nstringData:\n  a: |-\n    ${D}\n",
		"a list of null":                      "items:\nkind: List\n",
		"a tab in text":                       "a: |\n  b\n  \tc\n  \t\nd: |1\n \te\n",
		"keys that are almost alike":          "a: b\naa: b\nx234567: a\nx2345678: a\nx23456789: a\nabcdefgh-1-stuv: a\nabcdefgh-2-stuv: a\nabcdefgh-1-stuw: a\na key of many bytes 1: a\na key of many bytes 2: a\n",
		"a key on two levels":                 "a:\n  b: c\nb: d\n",
		"no value":                            "a:\nb: # c\nd:\n  e:\nf: g",
	} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, requireAgreement(t, "a.yaml", []byte(text)))
		})
	}
}

func BenchmarkScan(b *testing.B) {
	dir := benchtree.Write(b, treegen.Small())
	var texts [][]byte
	size := 0
	require.NoError(b, fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		texts = append(texts, text)
		size += len(text)
		return err
	}))
	run := func(name string, scan func(text []byte)) {
		b.Run(name, func(b *testing.B) {
			benchtree.Measure(b, int64(size))
			for b.Loop() {
				for _, text := range texts {
					scan(text)
				}
			}
		})
	}
	scanner := new(Scanner)
	run("scan", func(text []byte) { _, _ = scanner.Scan(b.Context(), "a.yaml", text, ample) })
	run("parser", func(text []byte) { _, _ = Parse(b.Context(), "a.yaml", text, ample) })
}
