// Package usagetest tests the commands in the usage texts of the example programs.
package usagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
)

// variables are the values of the shell variables in the texts.
var variables = map[string]string{
	"DIGEST":         "sha256:" + strings.Repeat("0", 64),
	"COMMIT":         strings.Repeat("0", 40),
	"REGISTRY_USER":  "user",
	"REPOSITORY_URL": "https://git.example.com/acme/shop",
}

// Check runs each command in the usage text of a program. Those that name a registry must
// be valid, and are canceled before the first request. All others must succeed.
func Check(t *testing.T, text, program string, run func(ctx context.Context, env cli.Env, args []string) error) {
	t.Helper()
	chdir(t)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range commands(t, text, program) {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			env := cli.Env{Stdin: strings.NewReader(manifest), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
			if !slices.Contains(args, "-ref") {
				assert.NoError(t, run(t.Context(), env, args))
				return
			}
			err := run(canceled, env, args)
			require.Error(t, err)
			_, invalid := errors.AsType[*cli.UsageError](err)
			assert.False(t, invalid, "%v", err)
			assert.NotErrorIs(t, err, oci.ErrSourcePathNotFound)
		})
	}
}

// manifest serves as a password too.
const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"

// chdir changes to a directory with the directories that the texts name.
func chdir(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "work", "testdata"), os.DirFS(filepath.Join("..", "..", "testdata"))))
	for _, name := range []string{"base", "work/deploy", "work/overlay", "work/base", "work/fleet/clusters/production", "work/fleet/clusters/staging"} {
		path := filepath.Join(dir, filepath.FromSlash(name), "app.yaml")
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		text := strings.ReplaceAll(manifest, "app", filepath.Base(name))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	t.Chdir(filepath.Join(dir, "work"))
}

// commands returns the arguments of each command in the text that runs the program.
func commands(t *testing.T, text, program string) [][]string {
	t.Helper()
	run := "go run ./examples/" + program
	var all [][]string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		require.NotContains(t, line, "…", "a command must work as written")
		for _, part := range split(t, line) {
			command := strings.Join(part, " ")
			if command == run || strings.HasPrefix(command, run+" ") {
				all = append(all, part[len(strings.Fields(run)):])
			} else {
				require.NotContains(t, command, "go run", "another program")
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}

// split returns the words of each command of a pipe, and the names of files to write. It understands single and double
// quotes and variables, as far as the texts need them.
func split(t *testing.T, line string) (commands [][]string) {
	t.Helper()
	var words []string
	var word strings.Builder
	var quote rune
	for _, r := range line + " |" {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		case quote == 0 && strings.ContainsRune(" \n|>", r):
			if word.Len() > 0 {
				words = append(words, expand(word.String()))
				word.Reset()
			}
			if r == '|' || r == '>' {
				commands, words = append(commands, words), nil
			}
		default:
			_, _ = fmt.Fprintf(&word, "%c", r) // a Builder does not fail
		}
	}
	return commands
}

func expand(word string) string {
	return os.Expand(word, func(name string) string { return variables[name] })
}
