package cli_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

func TestHint(t *testing.T) {
	for _, tt := range []struct{ name, hint, want string }{
		{"no option", "try again later", "try again later"},
		{"option", "rename it, or set SkipSpecial", "rename it, or set -skip-special"},
		{"qualified option", "exclude it with Collect.Ignore, or rename it", "exclude it with -ignore, or rename it"},
		{"two options", "set SourcePath or Preflight.Path to the directory: x", "set DIR or -path to the directory: x"},
		{"two options of one flag", "set Preflight.Path or Preflight.Paths to directories", "set -path to directories"},
		{"value", "set Symlinks to skip", "set -symlinks to skip"},
		{"constant", "set Prefix to the name of one directory, or choose LayoutRoot", "set -prefix to the name of one directory, or choose -layout root"},
		{"part of the reference", "set Version to 1.0.0", "set the tag in -ref to 1.0.0"},
		{"plain HTTP", "set Registry.Scheme to http if there is no TLS", "set -plain-http if there is no TLS"},
		{"TLS", "set Registry.Scheme to https", "set -plain-http=false"},
		{"no TLS there", (&registry.Error{Kind: registry.ErrTLSMismatch}).Hint(), "set -plain-http if the registry is used without TLS"},
		{"TLS there", (&registry.Error{Kind: registry.ErrNotRegistry}).Hint(), "check the host and port; if the registry expects TLS there, set -plain-http=false"},
		{"long time", "set Registry.Timeout to at most 24h, or to 0 for the default", "set -timeout to at most 24h"},
		{"long check", "set Registry.VerifyTimeout to at most 24h, or to 0 for the default", "set -timeout to at most 24h"},
		{"short check", "raise Registry.VerifyTimeout, or the timeout or deadline of the call, or check why", "raise -timeout, or check why"},
		{"slow helper", "check why the credential helper or Registry.CredentialFunc takes so long", "check why the credential helper takes so long"},
		{"proxy", "check the proxy, which Registry.Proxy or the environment names", "check the proxy, which HTTPS_PROXY or HTTP_PROXY names"},
		{"credential", "set Username and Password, or log in and set Registry.DockerConfig", "set -username and -password-stdin, or log in with docker login"},
		{"Docker configuration", "set Registry.DockerConfig to a file as docker login writes it, or leave it empty", "set REGISTRY_AUTH_FILE to a file as docker login writes it, or DOCKER_CONFIG to the directory of such a config.json, or neither"},
		{"option without a flag", "set a higher MaxSize if you trust it", "set a higher MaxSize if you trust it (an option of the library without a flag: MaxSize)"},
		{"file of such a name", `rename "Source" or a/Version/Source.yaml`, `rename "Source" or a/Version/Source.yaml`},
		{"product", "Docker Hub and Artifact Registry do so", "Docker Hub and Artifact Registry do so"},
		{"field of the Application", "set directory.recurse in the Application and Preflight.DirectoryRecurse", "set directory.recurse in the Application and -recurse"},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, cli.Hint(tt.hint)) })
	}
}

// A program has some flags only.
func TestHintNamesFlagsOfTheProgram(t *testing.T) {
	env, flags := cli.Env{}, flag.NewFlagSet("test", flag.ContinueOnError)
	cli.ConnectionFlags(flags)
	require.NoError(t, cli.Parse(&env, flags, nil, 0, ""))
	for _, tt := range []struct{ name, hint, want string }{
		{"flag", "set RootCAs", "set -ca-file"},
		{"flag with a value", "set Registry.Scheme to https", "set -plain-http=false"},
		{"no flag", "set Preflight.Path", "set Preflight.Path (an option of the library without a flag: Preflight.Path)"},
		{"no flag for a phrase", "raise Registry.Timeout or the deadline", "raise Registry.Timeout or the deadline (an option of the library without a flag: Registry.Timeout)"},
		{"argument of another program", "set SourcePath, or Source to a tree", "set DIR, or pipe the manifests into push -"},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, env.Hint(tt.hint)) })
	}
}

// A hint of the library that names an option must name a flag when a program prints it,
// or state that there is none. Texts that are no hints are checked too: nothing marks
// hints in the source.
func TestHintKnowsEveryOptionInTheLibrary(t *testing.T) {
	known := options()
	found := map[string]bool{}
	for _, text := range texts(t) {
		printed := cli.Hint(text)
		for _, option := range capitalised.FindAllString(text, -1) {
			if known[option[strings.LastIndex(option, ".")+1:]] {
				found[option] = true
				replaced := !strings.Contains(printed, option) || strings.Contains(printed, "without a flag")
				assert.True(t, replaced, "%s has neither a flag nor an entry in the table: %q", option, text)
			}
		}
	}
	for _, option := range []string{"Collect.Ignore", "Preflight.Path", "Layout", "LayoutRoot", "Pack.Prefix", "SourcePath", "Version", "Username", "Collect.SkipSpecial"} {
		assert.True(t, found[option], "%s is in no hint: the test looks at the wrong texts", option)
	}
}

var capitalised = regexp.MustCompile(`\b(?:[A-Z][A-Za-z]+\.)?[A-Z][A-Za-z]+\b`)

// options returns the names of the fields of all options, and of the layouts.
func options() map[string]bool {
	names := map[string]bool{"LayoutRoot": true, "LayoutPrefix": true, "LayoutBoth": true}
	for _, v := range []any{
		oci.BuildOptions{}, oci.BuildAllOptions{}, oci.CollectOptions{}, oci.PackOptions{}, oci.PreflightOptions{}, oci.PushOptions{}, oci.RegistryOptions{},
		oci.RegistryCredential{}, oci.Root{}, registry.RetryPolicy{}, unpacker.Options{},
	} {
		for field := range reflect.TypeOf(v).Fields() {
			names[field.Name] = true
		}
	}
	for _, group := range []string{"Collect", "Pack", "Preflight", "Push", "Registry"} {
		delete(names, group) // they come before a dot
	}
	return names
}

// texts returns the strings of several words in the source of the library that begin like
// a hint, in lower case.
func texts(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{".", "manifests", "packager", "preflight", "registry", "unpacker", "reference"} {
		files, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
		require.NoError(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					text, err := strconv.Unquote(literal.Value)
					require.NoError(t, err)
					if strings.Count(text, " ") > 1 && text[0] >= 'a' && text[0] <= 'z' {
						all = append(all, text)
					}
				}
				return true
			})
		}
	}
	require.NotEmpty(t, all)
	return all
}

// A flag in a hint must exist.
func TestFlagsInHintsExist(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	require.NoError(t, err)
	var source strings.Builder
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "_test.go") {
			source.Write(data)
		}
	}
	for option := range options() {
		for _, flag := range regexp.MustCompile(`-[a-z][a-z-]*`).FindAllString(cli.Hint("set Preflight."+option), -1) {
			defined := regexp.MustCompile(`(\("|, "|Stdin = ")` + flag[1:] + `"`)
			assert.Regexp(t, defined, source.String(), option)
		}
	}
}
