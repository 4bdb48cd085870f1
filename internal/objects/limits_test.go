package objects_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/objects"
)

func TestLimits(t *testing.T) {
	for _, tt := range []struct{ name, path, text, want string }{
		{"values of YAML", "a.yaml", serviceText + "---\na: &a\n" + strings.Repeat("?\n", 10_000), "the document has too many values to be checked in 1 MiB of memory"},
		{"entries of JSON", "a.json", escapedKey + "{\"stringData\":{" + manyEntries(10_000) + "}}", "the document has too many values to be checked in 1 MiB of memory"},
		{"keys of JSON", "a.json", escapedKey + "{\"a\":{" + manyEntries(30_000) + "}}", "the document has too many values to be checked in 1 MiB of memory"},
		{"objects in plain style", "a.yaml", strings.Repeat(serviceText+"---\n", 1_000), "the file has too many objects to check this one and those after it"},
		{"objects of the parser", "a.yaml", strings.Repeat("{}\n---\n", 1_000), "the file has too many objects to check this one and those after it"},
		{"items of a list", "a.yaml", "{}\n---\nkind: List\nitems:\n" + strings.Repeat("- {}\n", 1_000), "the file has too many objects to check this one and those after it"},
		{"values of JSON", "a.json", strings.Repeat("{}", 1_000), "the file has too many objects to check this one and those after it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file, err := new(objects.Scanner).Scan(t.Context(), tt.path, []byte(tt.text), objects.Limits{Parsing: 1 << 20, Objects: 40_000})
			require.NoError(t, err)
			require.Len(t, file.Problems, 1)
			p := file.Problems[0]
			assert.Equal(t, tt.want, p.Text)
			assert.True(t, p.Memory)
			assert.Equal(t, objects.CodeTooLarge, p.Code)
			assert.NotEmpty(t, file.Objects, "those before")
			assert.Less(t, file.Size(), int64(41_000))
		})
	}
}

// escapedKey is JSON that only its decoder reads.
const escapedKey = `{"\u0061":1}`

// manyEntries returns entries of a JSON object.
func manyEntries(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\"%x\":1", i)
	}
	return b.String()
}

// JSON takes little memory if an object does not need its values.
func TestJSONIsNotKept(t *testing.T) {
	text := "{\"kind\":\"A\",\"spec\":[" + strings.Repeat("{\"a\":[1,2,3]},", 100_000) + "{}]}"
	file, err := objects.Parse(t.Context(), "a.json", []byte(text), objects.Limits{Parsing: 10_000, Objects: 10_000})
	require.NoError(t, err)
	assert.Empty(t, file.Problems)
	assert.Equal(t, "A", file.Objects[0].Kind())
}

// Long names stay different, and take little memory.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("a", 1_000_000)
	file := scan(t, "a.yaml", []byte("kind: A\nmetadata: &a\n  name: "+long+"1\n---\nkind: A\nmetadata:\n  name: "+long+"2\n"))
	require.Len(t, file.Objects, 2)
	assert.NotEqual(t, file.Objects[0].Name(), file.Objects[1].Name())
	assert.Less(t, file.Size(), int64(2_000))
}

// A value of a Secret may look like a mapping.
func TestNoKeyOfASecretValueIsQuoted(t *testing.T) {
	for name, text := range map[string]string{
		"a.yaml": "kind: Secret\nstringData:\n  a:\n    hunter2: 1\n    hunter2: 2\n  b: [{hunter2: 1, hunter2: 2}]\n",
		"a.json": `{"kind":"List","items":[{"data":{"a":{"hunter2":1,"hunter2":2},"b":[{"hunter2":1,"hunter2":2}]}}]}`,
	} {
		file := scan(t, name, []byte(text))
		require.Len(t, file.Problems, 2)
		for _, p := range file.Problems {
			assert.NotContains(t, p.Text, "hunter2")
		}
	}
	assert.Equal(t, `the key "https://host" is already on line 1`, scan(t, "a.yaml", []byte("https://u:hunter2@host: 1\nhttps://u:hunter2@host: 2\n")).Problems[0].Text)
}

// The problem that ends a file is worse than the duplicate keys before it.
func TestTheLastProblemIsKept(t *testing.T) {
	file := scan(t, "a.yaml", []byte(strings.Repeat("a: 1\n", 200)+"---\na: [\n"))
	require.Len(t, file.Problems, objects.MaxProblems)
	assert.Equal(t, objects.CodeSyntax, file.Problems[objects.MaxProblems-1].Code)
}

func TestScanEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, text := range map[string]string{"a.yaml": "a: &a b\n", "a.json": escapedKey} {
		_, err := new(objects.Scanner).Scan(ctx, name, []byte(text), objects.Limits{Parsing: 1 << 20, Objects: 1 << 20})
		require.ErrorIs(t, err, context.Canceled)
	}
}

// Lists in lists by aliases are read no further than their values are visited.
func TestListsOfAliases(t *testing.T) {
	text := "kind: List\nitems:\n- &a0 {kind: List, items: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n"
	for i := range 30 {
		text += fmt.Sprintf("- &a%d {kind: List, items: [%s]}\n", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	for name, text := range map[string]string{"nested": text, "circular": "&a\nkind: List\nitems: [*a, *a]\n"} {
		t.Run(name, func(t *testing.T) {
			file := scan(t, "a.yaml", []byte(text))
			require.NotEmpty(t, file.Problems)
			assert.Equal(t, objects.CodeAlias, file.Problems[0].Code)
			assert.Less(t, file.Size(), int64(20<<20))
		})
	}
}
