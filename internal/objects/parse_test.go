package objects

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithoutActions(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"a: {{ b }}\n":                    "a: xxxxxxx\n",
		" {{ a }} {{ b }}\r\nc":           "                \r\nc",
		"a: {{ b\n  c }}\nd: {{ e }} # f": "a: xxxx\n      \nd: xxxxxxx # f",
		"{{- a\n\nb -}}\nc: {{ never }":   "     \n\n     \nc: {{ never }",
		"a}} {{b}}}":                      "a}} xxxxx}",
	} {
		assert.Equal(t, want, string(withoutActions([]byte(text))), "%q", text)
	}

	start := time.Now()
	text := strings.Repeat("{{}}", MaxBytes/4)
	assert.Equal(t, strings.Repeat(" ", MaxBytes), string(withoutActions([]byte(text))))
	assert.Less(t, time.Since(start), 10*time.Second, "many actions on one line")
}

// Files with a byte order mark that were joined have one in each document.
func TestMarksOfLaterDocuments(t *testing.T) {
	const mark = "\ufeff"
	for text, names := range map[string][]string{
		mark + "metadata: {name: a}\n---\n" + mark + "metadata: {name: b}\n":             {"a", "b"},
		"metadata: {name: a}\n--- # c\r\n" + mark + "metadata:\n  name: b\n---\n" + mark: {"a", "b", ""},
	} {
		file, err := new(Scanner).Scan(t.Context(), "a.yaml", []byte(text), ample)
		require.NoError(t, err)
		assert.Empty(t, file.Problems)
		var got []string
		for _, o := range file.Objects {
			got = append(got, o.Name())
		}
		assert.Equal(t, names, got, "%q", text)
	}
}
