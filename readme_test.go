package oci_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The programs in the README are whole.
func TestReadmeProgramsCompile(t *testing.T) {
	for _, program := range goBlocks(t, "README.md") {
		requireCompiles(t, program)
	}
}

// Links of documents to files of the repository lead there.
func TestDocumentsLinkToFiles(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`) // no URL
	links := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "*/README.md", "*/*/README.md"} {
		documents, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, document := range documents {
			text, err := os.ReadFile(document)
			require.NoError(t, err)
			for _, match := range link.FindAllSubmatch(text, -1) {
				links++
				assert.FileExists(t, filepath.Join(filepath.Dir(document), string(match[1])), document)
			}
		}
	}
	assert.Greater(t, links, 10)
}

// Snippets lack the package and its imports, so that they stay short.
func TestCredentialSnippetsCompile(t *testing.T) {
	const maxLines = 15
	packages := map[string]string{
		"base64.":   "encoding/base64",
		"context.":  "context",
		"registry.": "github.com/kubeoci/oci/registry",
		"strings.":  "strings",
	}
	for _, snippet := range goBlocks(t, "docs/credentials.md") {
		assert.LessOrEqual(t, strings.Count(snippet, "\n"), maxLines, snippet)
		var imports strings.Builder
		for use, path := range packages {
			if strings.Contains(snippet, use) {
				fmt.Fprintf(&imports, "import %q\n", path)
			}
		}
		requireCompiles(t, "package main\n"+imports.String()+snippet+"func main() {}\n")
		formatted, err := format.Source([]byte(snippet))
		require.NoError(t, err)
		assert.Equal(t, string(formatted), snippet)
	}
}

// goBlocks returns the Go code in a Markdown file.
func goBlocks(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var blocks []string
	for _, match := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(text, -1) {
		blocks = append(blocks, string(match[1]))
	}
	require.NotEmpty(t, blocks)
	return blocks
}

// requireCompiles builds a program as if it were a package of the module: an overlay
// puts it where no file is.
func requireCompiles(t *testing.T, program string) {
	t.Helper()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	source := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(source, []byte(program), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(root, "internal", "readme", "main.go"): source,
	}})
	require.NoError(t, err)
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, "-overlay", overlayFile, "./internal/readme").CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, program)
}
