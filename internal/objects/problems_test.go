package objects_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/objects"
)

const muchFlow = "more than 128 KiB of consecutive flow style, or 1 MiB in total, that is not JSON"

func TestProblems(t *testing.T) {
	long := strings.Repeat("é", 40)
	for name, row := range map[string]struct {
		path, text string
		want       objects.Problem
	}{
		"duplicate key": {
			"a.yaml", "a: 1\nb:\n  - c: 1\n    d: 2\n    \"c\": 3\n",
			objects.Problem{Line: 5, Column: 5, Code: objects.CodeDuplicate, Text: `the key "c" is already on line 3`},
		},
		"duplicate key in a flow mapping": {
			"a.yaml", "a: {b: 1, b: 2}\n",
			objects.Problem{Line: 1, Column: 11, Code: objects.CodeDuplicate, Text: `the key "b" is already on line 1`},
		},
		"duplicate key among many": {
			"a.yaml", manyKeys(40) + "k7: x\n",
			objects.Problem{Line: 41, Column: 1, Code: objects.CodeDuplicate, Text: `the key "k7" is already on line 8`},
		},
		"a long duplicate key": {
			"a.yaml", long + ": 1\n" + long + ": 2\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeDuplicate, Text: `the key "` + long[:56] + `…" is already on line 1`},
		},
		"tab": {
			"a.yaml", "a:\n\tb: c\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeTab, Text: "the line is indented with a tab, which YAML does not allow"},
		},
		"tab after blanks": {
			"a.yaml", "a:\n  b: 1\n \tc: 2\n",
			objects.Problem{Line: 3, Column: 2, Code: objects.CodeTab, Text: "the line is indented with a tab, which YAML does not allow"},
		},
		"tab on a blank line": {
			"a.yaml", "a: b\n\t\nc: d\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeTab, Text: "the line has a tab where YAML allows only spaces"},
		},
		"tab before a comment": {
			"a.yaml", "a: b\t# c\n\t# d\ne: f\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeTab, Text: "the line has a tab where YAML allows only spaces"},
		},
		"tab behind a dash": {
			"a.yaml", "a:\n-\tb\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeTab, Text: "the line has a tab where YAML allows only spaces"},
		},
		"tab that begins a text": {
			"a.yaml", "a: |\n  \tb\nc: |\n  d\n  \te\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeTab, Text: "the line has a tab where YAML allows only spaces"},
		},
		"tab at the end": {
			"a.yaml", "a: b\n---\nc: d\n\t",
			objects.Problem{Line: 4, Column: 1, Code: objects.CodeTab, Text: "the line has a tab where YAML allows only spaces"},
		},
		"DEL": {
			"a.yaml", "a: b\nc: d\x7f\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeSyntax, Text: "the line has a control character, or an escape of JSON, that YAML does not allow"},
		},
		"escape of JSON": {
			"a.yaml", "a: \"b\"\nc: \"d\\/e\"\n",
			objects.Problem{Line: 2, Column: 1, Code: objects.CodeSyntax, Text: "the line has a control character, or an escape of JSON, that YAML does not allow"},
		},
		"indentation": {
			"a.yaml", "a:\n    b: 1\n  c: 2\n",
			objects.Problem{Line: 3, Column: 3, Code: objects.CodeSyntax, Text: "the YAML does not parse: did not find expected key"},
		},
		"an open quote ends within the file": {
			"a.yaml", "a: 'hunter2\n",
			objects.Problem{Line: 1, Column: 1, Code: objects.CodeSyntax, Text: "the YAML does not parse: found unexpected end of stream"},
		},
		"no UTF-8": {
			"a.yaml", "é: 1\né: \xff\n",
			objects.Problem{Line: 2, Column: 4, Code: objects.CodeSyntax, Text: "the file holds a character that YAML does not allow, or is not UTF-8"},
		},
		"control character": {
			"a.yaml", "a: \x01\n",
			objects.Problem{Line: 1, Column: 4, Code: objects.CodeSyntax, Text: "the file holds a character that YAML does not allow, or is not UTF-8"},
		},
		"an alias to nothing": {
			"a.yaml", "a: *hunter2\n",
			objects.Problem{Line: 1, Column: 4, Code: objects.CodeSyntax, Text: "the alias refers to an undefined anchor"},
		},
		"an alias to itself": {
			"a.yaml", "a: &a\n- *a\n",
			objects.Problem{Line: 2, Column: 3, Code: objects.CodeAlias, Text: "the alias refers to a value that contains it", Loop: true},
		},
		"alias bomb": {
			"a.yaml", bomb(40),
			objects.Problem{Line: 1, Column: 1, Code: objects.CodeAlias, Text: "the aliases in this document expand to more than 400,000 values"},
		},
		"20,000 levels of blocks": {
			"a.yaml", strings.Repeat("- ", 20_000) + "a",
			objects.Problem{Line: 1, Column: 2001, Code: objects.CodeTooDeep, Text: "more than 1,000 nested mappings and sequences"},
		},
		"20,000 brackets": {
			"a.yaml", strings.Repeat("[", 20_000),
			objects.Problem{Line: 1, Column: 251, Code: objects.CodeTooDeep, Text: "more than 250 nested mappings and sequences in flow style"},
		},
		"JSON in YAML with 20,000 brackets": {
			"a.yaml", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
			objects.Problem{Line: 1, Column: 251, Code: objects.CodeTooDeep, Text: "more than 250 nested mappings and sequences in flow style"},
		},
		"JSON in YAML with 2,000 brackets": {
			"a.yaml", strings.Repeat("[", 2_000) + strings.Repeat("]", 2_000),
			objects.Problem{Line: 1, Column: 1001, Code: objects.CodeTooDeep, Text: "more than 1,000 nested mappings and sequences"},
		},
		"a long list in flow style": {
			"a.yaml", "a:\n- é: [" + strings.Repeat("b,\n", 100_000) + "]\n",
			objects.Problem{Line: 44_030, Column: 3, Code: objects.CodeTooLarge, Text: muchFlow},
		},
		"a long line in flow style": {
			"a.yaml", strings.Repeat("{}", 100_000),
			objects.Problem{Line: 1, Column: 132_097, Code: objects.CodeTooLarge, Text: muchFlow},
		},
		"much flow style in small pieces": {
			"a.yaml", strings.Repeat("a: {b: '"+strings.Repeat("b", 40_000)+"'}\nc:\n  d: e\n---\n", 30),
			objects.Problem{Line: 105, Column: 9_463, Code: objects.CodeTooLarge, Text: muchFlow},
		},
		"blocks and brackets": {
			"a.yaml", strings.Repeat("- ", 900) + strings.Repeat("[", 200) + strings.Repeat("]", 200),
			objects.Problem{Line: 1, Column: 1901, Code: objects.CodeTooDeep, Text: "more than 1,000 nested mappings and sequences"},
		},
		"too large": {
			"a.yaml", strings.Repeat("#", objects.MaxBytes+1),
			objects.Problem{Line: 1, Column: 1, Code: objects.CodeTooLarge, Text: "the file has more than 4 MiB and was not read"},
		},
		"JSON that is none": {
			"a.JSON", "{\n  \"a\": hunter2\n}",
			objects.Problem{Line: 2, Column: 8, Code: objects.CodeSyntax, Text: "the JSON does not parse"},
		},
		"JSON that ends": {
			"a.json", "{\"a\": 1",
			objects.Problem{Line: 1, Column: 8, Code: objects.CodeSyntax, Text: "the JSON ends too early"},
		},
		"duplicate key in JSON": {
			"a.json", "[{\"a\": 1,\n \"b\": 2, \"a\": 3}]",
			objects.Problem{Line: 2, Column: 10, Code: objects.CodeDuplicate, Text: `the key "a" is already on line 1`},
		},
		"JSON with 20,000 brackets": {
			"a.json", strings.Repeat("[", 20_000),
			objects.Problem{Line: 1, Column: 1001, Code: objects.CodeTooDeep, Text: "more than 1,000 nested mappings and sequences"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			file := scan(t, row.path, []byte(row.text))
			assert.Less(t, time.Since(start), 5*time.Second)
			require.Equal(t, []objects.Problem{row.want}, file.Problems)
			assert.False(t, file.Template)
		})
	}
}

// manyKeys returns a mapping of n keys, one a line.
func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: x\n", i)
	}
	return b.String()
}

// bomb returns n levels, each ten times as large as the one before.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 x\n")
	for i := range n {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	return b.String()
}

func TestObjectsBeforeAProblem(t *testing.T) {
	file := scan(t, "a.yaml", []byte(serviceText+"---\n"+serviceText+"---\na: b: c\n"))
	assert.Equal(t, []object{service(1), service(7)}, inspect(file.Objects))
	assert.Len(t, file.Problems, 1)
}

func TestTheFirstOfTwoKeysCounts(t *testing.T) {
	file := scan(t, "a.yaml", []byte("kind: A\nkind: B\n"))
	assert.Equal(t, []object{{Line: 1, Column: 1, Kind: "A", Mapping: true}}, inspect(file.Objects))
}

func TestManyProblems(t *testing.T) {
	for name, text := range map[string]string{
		"in one document": strings.Repeat("a: b\n", 1000), "in many": strings.Repeat("---\na: b\na: b\n", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Len(t, scan(t, "a.yaml", []byte(text)).Problems, objects.MaxProblems)
		})
	}
}

func TestManyValues(t *testing.T) {
	text := "a: &a\n" + strings.Repeat("- 1\n", objects.MaxExpanded/2) + "b:\n" + strings.Repeat("- 1\n", objects.MaxExpanded/2+1) + "c: *a\n"
	assert.Empty(t, scan(t, "a.yaml", []byte(text)).Problems, "only what aliases add counts")
}

func TestManyAliasesToOneMapping(t *testing.T) {
	text := "kind: List\nx: &x\n" + strings.ReplaceAll(manyKeys(20_000), "k", "  k") + "items:\n" +
		strings.Repeat("- kind: Secret\n  apiVersion: v1\n  data: *x\n  metadata: *x\n  <<: *x\n", 10_000)
	start := time.Now()
	file := scan(t, "a.yaml", []byte(text))
	assert.Less(t, time.Since(start), 30*time.Second)
	assert.Equal(t, objects.CodeAlias, file.Problems[0].Code)
}

func TestTemplates(t *testing.T) {
	for name, row := range map[string]struct {
		path, text string
		template   bool
	}{
		"a value":                      {"a.yaml", "a: {{ .Values.a }}\n", true},
		"a value with more":            {"a.yaml", "a: {{ .Values.a }}:{{ .Values.b }}\n", true},
		"a line":                       {"a.yaml", "{{- if .Values.a }}\na: b\n{{- end }}\n", true},
		"lines and other faults":       {"a.yaml", "{{- if .Values.a }}\na: b\n c: d\n{{- end }}\n", true},
		"a line in front":              {"a.yaml", "{{ .Values.a }}\na: b\n", true},
		"a line, and a fault later":    {"a.yaml", "{{ .Values.a }}\na: b\nc: d: e\n", true},
		"a key":                        {"a.yaml", "{{ $k }}: {{ $v }}\n{{ $k }}-x: y\n", true},
		"over several lines":           {"a.yaml", "a: b\n{{- include\n  \"x\" . }}\nc: d\n", true},
		"never closed":                 {"a.yaml", "a: {{ .Values.a\n", false},
		"a Go template in JSON":        {"a.json", "{\"a\": {{ .Values.a }}}", true},
		"in a block of text":           {"a.yaml", "a: |\n  {{ if x }}\nb: c\n", false},
		"in quotes":                    {"a.yaml", "a: '{{ $labels.pod }}'\n", false},
		"within plain text":            {"a.yaml", "a: b-{{ c }}\n", false},
		"in a comment":                 {"a.yaml", "# {{ if }}\na: b\n", false},
		"a mapping in a mapping":       {"a.yaml", "a: { {b: c}: d }\n", false},
		"a variable of Flux":           {"a.yaml", "a: ${B}\n", false},
		"a fault that is no action's":  {"a.yaml", "a: |\n  {{ if x }}\nb: c: d\n", false},
		"a fault in JSON without them": {"a.json", "{\"a\": \"{{ x }}\",\n b}", false},
	} {
		t.Run(name, func(t *testing.T) {
			file := scan(t, row.path, []byte(row.text))
			assert.Equal(t, row.template, file.Template)
			if row.template {
				assert.Empty(t, file.Problems)
				assert.Empty(t, file.Objects)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	file := scan(t, "a.json", []byte("\ufeff{\"kind\": \"A\",\r\n\t\"metadata\": {\"name\": \"n\"}, \"é\": [1e999, true, null]}\n null\n  {\"<<\": {\"kind\": \"B\"}}"))
	assert.Equal(t, []object{
		{Line: 1, Column: 1, Kind: "A", Name: "n", Mapping: true},
		{Line: 3, Column: 2, Empty: true},
		{Line: 4, Column: 3, Mapping: true},
	}, inspect(file.Objects))
	assert.Equal(t, objects.File{JSON: true, Objects: file.Objects}, file)
	assert.Equal(t, objects.File{JSON: true}, scan(t, "a.json", nil))
}

// Flow style written by programs is JSON, whatever the name of the file.
func TestLargeJSONInYAML(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one goroutine many times longer with the race detector")
	}
	text := `{"apiVersion": "v1", "kind": "List", "items": [` + "\n" + strings.Repeat(`{"kind": "A", "b": [[1], {"c": true}]},`+"\n", 50_000) + `{"kind": "B", "metadata": {"name": "n"}}]}`
	for _, text := range []string{text, "\ufeff" + text, `{"a": ` + strings.Repeat("[", 900) + strings.Repeat("]", 900) + `, "kind": "List", "items": []}`} {
		file := scan(t, "a.yaml", []byte(text))
		require.Empty(t, file.Problems)
		require.Len(t, file.Objects, 1)
		assert.Equal(t, "List", file.Objects[0].Kind())
		assert.False(t, file.JSON)
		if items := file.Objects[0].Items(); len(items) > 0 {
			assert.Equal(t, object{Line: 50_002, Column: 1, Kind: "B", Name: "n", Mapping: true}, inspect(items[50_000:])[0])
		}
	}
}

// Each of these took seconds and gigabytes.
func TestHostileFlowStyle(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one goroutine many times longer with the race detector")
	}
	for name, text := range map[string]string{
		"empty pairs":            "{" + strings.Repeat(":,", objects.MaxBytes/2-10) + "}",
		"question marks":         "{" + strings.Repeat("?,", objects.MaxBytes/2-10) + "}",
		"a list on one line":     "[" + strings.Repeat("a,", objects.MaxBytes/2-10) + "]",
		"a list on many":         "[" + strings.Repeat("a,\n", objects.MaxBytes/3-10) + "]",
		"lists in a list":        "[" + strings.Repeat("[],", objects.MaxBytes/3-10) + "]",
		"mappings on one line":   strings.Repeat("{}", objects.MaxBytes/2),
		"mappings on many lines": strings.Repeat("{\n}", objects.MaxBytes/3),
		"a long key":             strings.Repeat("{ ", 200) + "[" + strings.Repeat("a,", objects.MaxBytes/2-10_000) + "]" + strings.Repeat(": a}", 200),
	} {
		t.Run(name, func(t *testing.T) {
			file := scan(t, "a.yaml", []byte(text))
			require.Len(t, file.Problems, 1)
			assert.Equal(t, objects.CodeTooLarge, file.Problems[0].Code)
		})
	}
	file := scan(t, "a.yaml", bytes.Repeat([]byte("{{}}"), objects.MaxBytes/4))
	assert.True(t, file.Template)
}
