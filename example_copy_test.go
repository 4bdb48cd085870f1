package oci_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
)

// wantExamples is the output of the examples of example_test.go, in the order of the file.
const wantExamples = `6 files, .
acme/wiki/staging [1.0.0]
pod.yaml:7: error: the image has no fixed version [acme-latest]
[kustomization.yaml]
true
a push would be allowed
unchanged: false retry: false
unchanged: true retry: false
sha256:2039bae8dac3716d20c14a6f58a267b1147da24db1c82bd2898d68fd3d841052 <nil>
`

// maxExampleLines is the size that an embedder reads at a glance.
const maxExampleLines = 12

// maxModules bounds the build list of an embedder, the embedder's own module included.
const maxModules = 14

func TestExamplesWorkWhenCopied(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	text := strings.Replace(string(source), "package oci_test", "package main", 1)
	text = strings.ReplaceAll(text, "localhost:5000", startRegistry(t, memregistry.Options{}).Host)
	text += "\nfunc main() {\n" + strings.Join(exampleCalls(t, source), "\n") + "\n}\n"

	dir := copyModule(t, text)
	require.NoError(t, os.CopyFS(filepath.Join(dir, "testdata", "trees", "flat"), os.DirFS("testdata/trees/flat")))
	assert.Equal(t, wantExamples, goCommand(t, dir, "run", "."))

	modules := strings.Fields(goCommand(t, dir, "list", "-m", "-f", "{{.Path}}", "all"))
	assert.LessOrEqual(t, len(modules), maxModules, modules)
}

// exampleCalls returns a call of each example of a file, and checks their size.
func exampleCalls(t *testing.T, source []byte) []string {
	t.Helper()
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, "example_test.go", source, 0)
	require.NoError(t, err)
	var calls []string
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") {
			lines := positions.Position(f.Body.Rbrace).Line - positions.Position(f.Body.Lbrace).Line - 1
			assert.LessOrEqual(t, lines, maxExampleLines, f.Name.Name)
			calls = append(calls, f.Name.Name+"()")
		}
	}
	require.NotEmpty(t, calls)
	return calls
}

// copyModule writes a program into a module of its own that requires this one, and returns
// its directory.
func copyModule(t *testing.T, program string) string {
	t.Helper()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	requirements := "module example.com/copy\n\ngo 1.26.0\n\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + root + "\n"
	sums, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": program, "go.mod": requirements, "go.sum": string(sums)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// goCommand runs the go command in dir, and returns its output.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}
