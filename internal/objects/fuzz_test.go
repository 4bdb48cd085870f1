package objects

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canary is a value in the seeds that no result may contain.
const canary = "hunter2"

// FuzzScan compares the results for plain text with those of the parser. For any
// text it checks that lines are in the file and values are not in the result.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  b: hunter2\n  b: hunter2\n", "kind: List\nitems:\n- kind: Secret\n  data: {a: hunter2}\n",
		"a: 'hunter2", "a: \"hunter2\\q\"", "a: hunter2: b", "a: *hunter2", "a: &hunter2 [*hunter2]", "a: !hunter2! b", "%hunter2\n---\na", "a: hunter2\n\tb: c",
		"a: [hunter2", "a: {{ hunter2 }}", "{{ if }}\na: hunter2\n b: c", "a: |\n  hunter2\n b", "- hunter2\na: b", "hunter2\na: b", "a: hunter2\x01", "a: hunter2\xff", "---\r\n...\r\n",
		`{"a": hunter2}`, `{"a": "hunter2", "a": "hunter2"}`, `{"a": "hunter2`, `"hunter2" 1 null`, "\ufeff{}", "a\u0085b: c\u2028d: e",
	} {
		f.Add([]byte(text), false)
		f.Add([]byte(text), true)
	}
	for _, text := range []string{"", "?\n", "a:\n", "{}", "[1,1,1]", "---\n", "a\n---\n", "- &a *a\n", "&a a: *a\n", "%TAG ! a\n---\n- !b\n", "#\n- a #\n", "0: -1\n2147483648: 4294967296\n9223372036854775807: 1\n"} {
		f.Add(bytes.Repeat([]byte(text), 40), false)
		f.Add(bytes.Repeat([]byte(text), 40), true)
	}
	f.Add([]byte("kind: A\nmetadata: {name: "+strings.Repeat("a", MaxBytes/100)+"}\n"), false)
	f.Add([]byte(`{"stringData":{"a":{"hunter2":1,"hunter2":2}}}`), true)
	for _, text := range oddities {
		f.Add([]byte("a:\n  "+text+"\n  b: c\n"), false)
	}
	for name, text := range samples(f) {
		if len(text) < 2_000 {
			f.Add(text, isJSON(name))
		}
	}
	for seed := range uint64(200) {
		f.Add(madeText(rand.New(rand.NewPCG(seed, 7))), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		name := "a.yaml"
		if isJSON {
			name = "a.json"
		}
		before := slices.Clone(data)
		file, err := new(Scanner).Scan(t.Context(), name, data, ample)
		require.NoError(t, err)
		require.Equal(t, before, data, "changed its input")
		require.Equal(t, isJSON, file.JSON)
		requireAgreement(t, name, data)
		if isJSON {
			requireAgreementWithTree(t, data, file)
		}
		if file.Template {
			require.Contains(t, string(data), "{{")
			require.Equal(t, File{Template: true, JSON: isJSON, Need: file.Need}, file)
		}
		requireBounded(t, name, data)
		last := bytes.Count(data, []byte("\n")) + 1
		requireObjects(t, file.Objects, last)
		for _, problem := range file.Problems {
			require.True(t, problem.Line >= 1 && problem.Line <= last && problem.Column >= 1, "%+v", problem)
			require.NotEmpty(t, problem.Code)
			require.Less(t, len(problem.Text), 400)
			if problem.Code != CodeDuplicate {
				require.NotContains(t, problem.Text, canary)
			}
		}
	})
}

// ample are limits that no text of a fuzz target comes near.
var ample = Limits{Parsing: 1 << 40, Objects: 1 << 40}

// requireBounded scans within limits of little memory.
func requireBounded(t *testing.T, name string, data []byte) {
	t.Helper()
	limits := Limits{Parsing: 4_000, Objects: 500}
	file, err := new(Scanner).Scan(t.Context(), name, data, limits)
	require.NoError(t, err)
	require.LessOrEqual(t, sizeOf(file.Objects), limits.Objects)
	if file.Need > limits.Parsing && !file.Template && len(file.Problems) == 0 { // it was exceeded at the end only
		whole, err := Parse(t.Context(), name, data, Limits{Parsing: ample.Parsing, Objects: limits.Objects})
		require.NoError(t, err)
		require.Equal(t, whole.Objects, file.Objects)
	}
	least, err := Parse(t.Context(), name, data, Limits{Parsing: file.Need, Objects: limits.Objects})
	require.NoError(t, err)
	if file.Need <= limits.Parsing && file.Need > 0 {
		require.Equal(t, file, least)
	}
}

func requireObjects(t *testing.T, found []Object, last int) {
	t.Helper()
	for _, o := range found {
		require.True(t, o.Line >= 1 && int(o.Line) <= last && o.Column >= 1, "%+v", o)
		require.False(t, o.Empty && o.Mapping, "%+v", o)
		require.False(t, o.Secret && (o.Encrypted || o.Kind() != "Secret"), "%+v", o)
		require.True(t, o.Items() == nil || strings.HasSuffix(o.Kind(), "List"), "%+v", o)
		requireObjects(t, o.Items(), last)
	}
}
