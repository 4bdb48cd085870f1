package filename_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/filename"
)

func TestIsVersionControl(t *testing.T) {
	for _, name := range []string{
		".git", ".GIT", ".Git", ".git.", ".git ", ".git. . ", ".git:x", ".git::$INDEX_ALLOCATION",
		"git~1", "GIT~1", "git~1.", "git~1 ", "GIT~1::$INDEX_ALLOCATION",
		".g\u200cit", "\u200d.git", ".git\u200e", ".gi\ufefft", "\u202e.git\u202c", ".git\u200c.",
		".hg", ".svn", ".SVN", ".bzr", ".jj", "_darcs", "_DARCS.", "CVS", "HG~1",
	} {
		assert.True(t, filename.IsVersionControl(name), "%q", name)
	}
	for _, name := range []string{
		"", ".", "..", "git", ".gitignore", ".gitattributes", ".gitmodules", ".github", ".gitlab-ci.yml", "a.git", ".git2", "..git",
		".git-", " .git", "git~2", "cvs", "Cvs", "CVSROOT", "darcs", ".gıt", "svn", ":.git", "日本",
	} {
		assert.False(t, filename.IsVersionControl(name), "%q", name)
	}
}
