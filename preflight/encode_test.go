package preflight

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func verdicts() map[string]verdict {
	all := Finding{
		Code: "code", Severity: Warning, Engine: "Flux", File: "a\xff.yaml", Line: 1 << 30, Column: 2,
		Message: "line\n", Hint: "hint", Paths: []string{"a", "", "hint"},
	}
	return map[string]verdict{
		"empty":       {},
		"no findings": {key: "key", findings: Findings{}},
		"all":         {key: "key", namespaces: true, findings: Findings{all, {}, all, {Message: "key", Line: -1}}},
	}
}

// A field that is added to Finding must be encoded.
func TestEncodeVerdict(t *testing.T) {
	for name, want := range verdicts() {
		got, ok := decodeVerdict(want.encode())
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
	all := reflect.ValueOf(verdicts()["all"].findings[0])
	for i := range all.NumField() {
		require.False(t, all.Field(i).IsZero(), all.Type().Field(i).Name)
	}
}

// FuzzDecodeVerdict decodes data that may be corrupt. A verdict is the same when it is encoded
// again.
func FuzzDecodeVerdict(f *testing.F) {
	for _, v := range verdicts() {
		data := v.encode()
		f.Add(data)
		f.Add(data[:len(data)/2])
		f.Add(append(data, 0))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, ok := decodeVerdict(data)
		if !ok {
			return
		}
		again, ok := decodeVerdict(v.encode())
		assert.True(t, ok)
		assert.Equal(t, v, again)
	})
}
