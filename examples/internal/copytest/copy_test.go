// Package copytest_test tests the example programs as a reader uses them: copied into
// another module.
package copytest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// support is the package that the programs import; internal serves their tests.
const support = "cli"

// examples is the directory of the programs.
var examples = filepath.Join("..", "..")

func programs(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(examples)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != support && entry.Name() != "internal" {
			names = append(names, entry.Name())
		}
	}
	assert.Subset(t, names, []string{"push", "pull", "verify", "lint"}, "these names are part of the interface")
	return names
}

// A module that requires this one has its version in go.mod. Here a replace directive
// stands for it, and the requirements are those of this module, so that nothing is
// downloaded.
func TestProgramsCompileInAnotherModule(t *testing.T) {
	root, err := filepath.Abs(filepath.Join(examples, ".."))
	require.NoError(t, err)
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	_, requirements, found := strings.Cut(string(own), "\n\n")
	require.True(t, found)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	mod := fmt.Sprintf("module example.com/copy\n\n%s\nrequire github.com/kubeoci/oci v0.0.0\n\nreplace github.com/kubeoci/oci => %q\n", requirements, root)
	for _, name := range programs(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
			copyProgram(t, name, dir)
			build := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, ".")
			build.Dir = dir
			build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
			out, err := build.CombinedOutput()
			assert.NoError(t, err, "%s", out)
		})
	}
}

// copyProgram copies all files except tests.
func copyProgram(t *testing.T, name, dir string) {
	t.Helper()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(examples, name))))
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	for _, test := range tests {
		require.NoError(t, os.Remove(test))
	}
}
