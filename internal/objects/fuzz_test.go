package objects

import (
	"bytes"
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
	for _, text := range oddities {
		f.Add([]byte("a:\n  "+text+"\n  b: c\n"), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		name := "a.yaml"
		if isJSON {
			name = "a.json"
		}
		before := slices.Clone(data)
		file := new(Scanner).Scan(name, data)
		require.Equal(t, before, data, "changed its input")
		require.Equal(t, isJSON, file.JSON)
		if !isJSON {
			requireAgreement(t, data)
		}
		if file.Template {
			require.Contains(t, string(data), "{{")
			require.Equal(t, File{Template: true, JSON: isJSON}, file)
		}
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

func requireObjects(t *testing.T, found []Object, last int) {
	t.Helper()
	for _, o := range found {
		require.True(t, o.Line >= 1 && o.Line <= last && o.Column >= 1, "%+v", o)
		require.True(t, o.NameLine >= 0 && o.NameLine <= last && o.KindLine >= 0 && o.KindLine <= last, "%+v", o)
		require.False(t, o.Empty && o.Mapping, "%+v", o)
		require.False(t, o.Secret && (o.Encrypted || o.Kind != "Secret"), "%+v", o)
		require.True(t, o.Items == nil || strings.HasSuffix(o.Kind, "List"), "%+v", o)
		requireObjects(t, o.Items, last)
	}
}
