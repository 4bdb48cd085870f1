package objects

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
