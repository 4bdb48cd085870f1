package packager

import (
	"runtime/debug"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
)

func TestCompressorIn(t *testing.T) {
	const module = "github.com/klauspost/compress"
	for _, tt := range []struct {
		name string
		deps []*debug.Module
		want string
	}{
		{"none", nil, ""},
		{"others only", []*debug.Module{{Path: "example.com/other", Version: "v1.0.0"}}, ""},
		{"required", []*debug.Module{{Path: "example.com/other"}, {Path: module, Version: "v1.18.0", Sum: "h1:x"}}, module + " v1.18.0 h1:x"},
		{"vendored", []*debug.Module{{Path: module, Version: "v1.18.0"}}, module + " v1.18.0 "},
		{"replaced by a fork", []*debug.Module{{Path: module, Version: "v1.18.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.18.1", Sum: "h1:y"}}}, "example.com/fork v1.18.1 h1:y"},
		{"replaced by a directory", []*debug.Module{{Path: module, Version: "v1.18.0", Replace: &debug.Module{Path: "../compress"}}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, compressorIn(tt.deps))
		})
	}
}

// Test binaries have no information about their modules.
func TestCompressorVersionOfAProgramWithoutModules(t *testing.T) {
	assert.NoError(t, digest.Digest(compressorVersion()).Validate())
}
