package oci_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	// nounless matches a clause in the place of a noun: "what is sent" for "the request".
	nounless = regexp.MustCompile(`(?i)\b(what|who) (is|was|are|were|it|they|has|goes|comes|came|may|can)\b`)
	saying   = regexp.MustCompile(`(?i)\bsays\b`)
)

// prose is the text of comments or of a document, line by line.
type prose struct{ lines, nounless, saying []string }

func (p *prose) add(place, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		p.lines = append(p.lines, line)
		if nounless.MatchString(line) {
			p.nounless = append(p.nounless, place+": "+strings.TrimSpace(line))
		}
		if saying.MatchString(line) {
			p.saying = append(p.saying, place+": "+strings.TrimSpace(line))
		}
	}
}

// TestPlainEnglish holds the wording that CONTRIBUTING.md describes. It covers the comments
// of all modules of the repository, and all documents outside testdata.
func TestPlainEnglish(t *testing.T) {
	var comments, documents prose
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && path != "."):
			return fs.SkipDir
		case filepath.Ext(path) == ".go" && path != "language_test.go":
			return addComments(&comments, path)
		case filepath.Ext(path) == ".md":
			text, err := os.ReadFile(path)
			documents.add(path, string(text))
			return err
		}
		return nil
	}))
	require.Greater(t, len(comments.lines), 1000, "the comments were not found")
	require.Greater(t, len(documents.lines), 100, "the documents were not found")
	for name, p := range map[string]prose{"comments": comments, "documents": documents} {
		assert.LessOrEqual(t, 200*len(p.nounless), len(p.lines), "more than 0.5 %% of the lines of %s: name the noun\n%s", name, strings.Join(p.nounless, "\n"))
	}
	says := append(comments.saying, documents.saying...)
	assert.LessOrEqual(t, len(says), 15, "functions return or report\n%s", strings.Join(says, "\n"))
}

func addComments(p *prose, path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		p.add(path, group.Text())
	}
	return nil
}

func TestPlainEnglishFindsClauses(t *testing.T) {
	for text, found := range map[string]bool{
		"Close ends what is open.":           true,
		"Who may push is asked.":             true,
		"Close closes the open connections.": false,
		"a caller that can push":             false,
		"somewhat is not a match":            false,
	} {
		var p prose
		p.add("here", text)
		assert.Equal(t, found, len(p.nounless) == 1, text)
	}
}
