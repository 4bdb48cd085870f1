package program

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVersionIn(t *testing.T) {
	const module, second = "example.com/a", "example.com/b"
	for _, tt := range []struct {
		name    string
		deps    []*debug.Module
		modules []string
		want    string
	}{
		{"none", nil, []string{module}, ""},
		{"others only", []*debug.Module{{Path: "example.com/other", Version: "v1.0.0", Sum: "h1:x"}}, []string{module}, ""},
		{"required", []*debug.Module{{Path: "example.com/other"}, {Path: module, Version: "v1.18.0", Sum: "h1:x"}}, []string{module}, module + " v1.18.0 h1:x"},
		{"vendored", []*debug.Module{{Path: module, Version: "v1.18.0"}}, []string{module}, ""},
		{"replaced by a fork", []*debug.Module{{Path: module, Version: "v1.18.0", Sum: "h1:x", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.18.1", Sum: "h1:y"}}}, []string{module}, "example.com/fork v1.18.1 h1:y"},
		{"replaced by a directory", []*debug.Module{{Path: module, Version: "v1.18.0", Sum: "h1:x", Replace: &debug.Module{Path: "../a"}}}, []string{module}, ""},
		{"two", []*debug.Module{{Path: module, Version: "v1.0.0", Sum: "h1:x"}, {Path: second, Version: "v2.0.0", Sum: "h1:y"}}, []string{second, module}, second + " v2.0.0 h1:y, " + module + " v1.0.0 h1:x"},
		{"one of two", []*debug.Module{{Path: module, Version: "v1.0.0", Sum: "h1:x"}}, []string{module, second}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, versionIn(tt.deps, tt.modules))
		})
	}
}

func TestBuildID(t *testing.T) {
	part := "abcDEF0123456789-_xy"
	id := strings.Join([]string{part, part, part, part}, "/")
	for _, tt := range []struct{ name, start, want string }{
		{"ELF", "\x7fELF..\x04\x00\x00\x00\x53\x00\x00\x00\x04\x00\x00\x00Go\x00\x00" + id + "\x00code", id},
		{"Mach-O, PE", "..\xff Go build ID: \"" + id + "\"\n \xffcode", id},
		{"none", strings.Repeat("code", 100), ""},
		{"empty", "..\xff Go build ID: \"\"\n \xff" + strings.Repeat("code", 100), ""},
		{"of another build system", "..\xff Go build ID: \"redacted\"\n \xff" + strings.Repeat("code", 100), ""},
		{"of two parts", "..\xff Go build ID: \"" + part + "/" + part + "\"\n \xff" + strings.Repeat("code", 100), ""},
		{"longer", "..\xff Go build ID: \"" + id + "/" + part + "\"\n \xff", ""},
		{"cut", "..\xff Go build ID: \"" + id[:80], ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, buildID([]byte(tt.start)))
		})
	}
}

// A test is the main module, and has a build ID or a digest.
func TestVersionOfTheMainModule(t *testing.T) {
	assert.GreaterOrEqual(t, len(Version("github.com/kubeoci/oci")), 64)
}
