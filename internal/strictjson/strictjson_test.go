package strictjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/strictjson"
)

func TestUnmarshal(t *testing.T) {
	nested := func(levels int) string {
		return `{"x":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	for _, tt := range []struct{ name, text, err string }{
		{"manifest", `{"schemaVersion":2,"layers":[{"size":1,"annotations":{"a":"1","A":"2"}}],"annotations":{"k":"1","K":"2"}}`, ""},
		{"unknown keys", `{"blobs":[{"a":1,"A":2}],"x":null,"y":[]}`, ""},
		{"the same key in two objects", `{"layers":[{"size":1},{"size":1}],"config":{"size":2}}`, ""},
		{"null", `null`, ""},
		{"large numbers", `{"x":1e999,"y":123456789012345678901234567890}`, ""},
		{"duplicate", `{"layers":[],"layers":[]}`, `ambiguous key: "layers" after "layers"`},
		{"duplicate in another case", `{"layers":[],"Layers":[]}`, `ambiguous key: "Layers" after "layers"`},
		{"another case alone", `{"LAYERS":[]}`, `ambiguous key: "LAYERS" in place of "layers"`},
		{"the long s", `{"layer\u017f":[]}`, `ambiguous key: "layerſ" in place of "layers"`},
		{"escaped", `{"layers":[],"l\u0061yers":[]}`, `ambiguous key: "layers" after "layers"`},
		{"of an embedded struct", `{"SchemaVersion":2}`, `ambiguous key: "SchemaVersion" in place of "schemaVersion"`},
		{"in a layer", `{"layers":[{"size":1,"Size":2}]}`, `ambiguous key: "Size" after "size"`},
		{"behind a pointer", `{"subject":{"Digest":"x"}}`, `ambiguous key: "Digest" in place of "digest"`},
		{"in annotations", `{"annotations":{"a":"1","a":"2"}}`, `ambiguous key: "a" after "a"`},
		{"in annotations, not UTF-8", "{\"annotations\":{\"a\xff\":\"1\",\"a\xfe\":\"2\"}}", `ambiguous key: "a�" after "a�"`},
		{"unknown and duplicate", `{"x":{"a":1,"a":2}}`, `ambiguous key: "a" after "a"`},
		{"unknown, in two cases", `{"rootfs":1,"rootFS":2}`, ""},
		{"unknown, twice", `{"rootfs":1,"rootfs":2}`, `ambiguous key: "rootfs" after "rootfs"`},
		{"empty key", `{"":1,"":2}`, `ambiguous key: "" after ""`},
		{"as deep as possible", nested(100), ""},
		{"too deep", nested(101), "the document is too complex: more than 100 levels"},
		{"too many values", `{"layers":[0` + strings.Repeat(",0", 100_000) + `]}`, "the document is too complex: more than 100000 values"},
		{"not JSON", `<html>`, "invalid character '<' looking for beginning of value"},
		{"trailing data", `{"layers":[]} {"layers":[]}`, "invalid character '{' after top-level value"},
		{"empty", ``, "unexpected end of JSON input"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got, want ocispec.Manifest
			err := strictjson.Unmarshal([]byte(tt.text), &got)
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				assert.Zero(t, got)
				return
			}
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal([]byte(tt.text), &want))
			assert.Equal(t, want, got)
		})
	}
}

// A type that decodes itself, and values of other types than expected, are left to
// encoding/json.
func TestUnmarshalOtherTypes(t *testing.T) {
	var config ocispec.Image // its times decode themselves
	require.NoError(t, strictjson.Unmarshal([]byte(`{"created":"2026-01-01T00:00:00Z","rootfs":{"diff_ids":["sha256:0"]}}`), &config))
	assert.Len(t, config.RootFS.DiffIDs, 1)
	require.ErrorIs(t, strictjson.Unmarshal([]byte(`{"rootfs":{"diff_ids":[],"Diff_IDs":[]}}`), &config), strictjson.ErrAmbiguous)
	require.Error(t, strictjson.Unmarshal([]byte(`{"rootfs":[{"a":1}]}`), &config))
	var anything any
	require.ErrorIs(t, strictjson.Unmarshal([]byte(`[{"a":1,"a":2}]`), &anything), strictjson.ErrAmbiguous)
	require.NoError(t, strictjson.Unmarshal([]byte(`[{"a":1,"A":2}]`), &anything))
}
