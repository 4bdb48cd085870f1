package filename_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/filename"
)

func TestPortable(t *testing.T) {
	const (
		device    = "is a device name, which Windows refuses"
		trailing  = "ends in a dot or space, which Windows refuses"
		reserved  = "contains a reserved character, which Windows refuses"
		control   = "contains a control character"
		invisible = ", which is invisible"
	)
	for _, tt := range []struct{ path, want string }{
		{"", ""},
		{"app.yaml", ""},
		{"apps/web/kustomization.yaml", ""},
		{".sourceignore", ""},
		{"..a", ""},
		{" a", ""},
		{"a b", ""},
		{"-a$'{}~", ""},
		{"straße/日本語/عربى.yaml", ""},
		{"e\u0301.yaml", ""}, // normalization is not compared
		{"\u0601.yaml", ""},  // an Arabic sign of class Cf that is visible
		{"\U0001f4a9.yaml", ""},
		{"console.yaml", ""},
		{"com", ""},
		{"com0.yaml", ""},
		{"com10.yaml", ""},
		{"lpt1a", ""},
		{"a.con", ""},

		{"CON", `"CON" ` + device},
		{"con.yaml", `"con.yaml" ` + device},
		{"aux.yml", `"aux.yml" ` + device},
		{"a/nul.b.yaml/c", `"nul.b.yaml" ` + device},
		{"Prn .yaml", `"Prn .yaml" ` + device},
		{"lpt9", `"lpt9" ` + device},
		{"com².yaml", `"com².yaml" ` + device},
		{"conout$", `"conout$" ` + device},
		{"a.", `"a." ` + trailing},
		{"a /b", `"a " ` + trailing},
		{"a*?.yaml", `"a*?.yaml" ` + reserved},
		{"a:b", `"a:b" ` + reserved},
		{`a\b`, `"a\\b" ` + reserved},
		{`<"|>`, `"<\"|>" ` + reserved},
		{"a\x00b", `"a\x00b" ` + control},
		{"a\u0085", `"a\u0085" ` + control},
		{"a\xff", `"a\xff" is not UTF-8`},
		{"lmay\u202e.yaml", `"lmay\u202e.yaml" contains U+202E` + invisible},
		{"a\u200b.yaml", `"a\u200b.yaml" contains U+200B` + invisible},
		{"a\u2067", `"a\u2067" contains U+2067` + invisible},
		{"\ufeffa", `"\ufeffa" contains U+FEFF` + invisible},
		{"a\u2028b", `"a\u2028b" contains U+2028` + invisible},
		{"a\u3164b", `"aㅤb" contains U+3164` + invisible},
		{"a\ufe0fb", `"a️b" contains U+FE0F` + invisible},
		{"a\U000e0041b", `"a\U000e0041b" contains U+E0041` + invisible},
	} {
		t.Run(tt.path, func(t *testing.T) {
			if tt.want == "" {
				assert.NoError(t, filename.Portable(tt.path))
				return
			}
			assert.EqualError(t, filename.Portable(tt.path), tt.want)
		})
	}
}

func TestPortableErrorsAreShort(t *testing.T) {
	assert.Less(t, len(filename.Portable(strings.Repeat("\x01", 1<<20)).Error()), 2_000)
}

func TestIsDrive(t *testing.T) {
	for name, want := range map[string]bool{
		"C:": true, "z:": true,
		"": false, ":": false, "C": false, "1:": false, "@:": false, "é:": false, "C:a": false, "C:/": false, "ab:": false,
	} {
		assert.Equal(t, want, filename.IsDrive(name), "%q", name)
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		same       bool
	}{
		{"equal", "a", "a", true},
		{"ASCII", "App.yaml", "aPP.YAML", true},
		{"three forms", "ΑΣ", "ας", true},
		{"Kelvin", "\u212a", "k", true},
		{"other letters", "a", "b", false},
		{"a letter that lower case alone makes equal", "İ", "i", false},
		{"a letter that has no counterpart", "ß", "ss", false},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.same, filename.Fold(tt.a) == filename.Fold(tt.b)) })
	}
	assert.Equal(t, "app.yaml", filename.Fold("APP.yaml"))
}
