package cli_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/examples/cli"
)

// A path from the environment is used even if nothing is there; a default must exist.
func TestCredentialFile(t *testing.T) {
	const all = "auth.json docker/config.json home/.docker/config.json run/containers/auth.json"
	for _, tt := range []struct{ name, files, unset, want string }{
		{"everything", all, "", "auth.json"},
		{"missing file that Podman names", "docker/config.json", "", "auth.json"},
		{"file that Docker names", all, "REGISTRY_AUTH_FILE", "docker/config.json"},
		{"missing file that Docker names", "home/.docker/config.json", "REGISTRY_AUTH_FILE", "docker/config.json"},
		{"none", "", "REGISTRY_AUTH_FILE DOCKER_CONFIG", ""},
		{"default of Podman", "run/containers/auth.json", "REGISTRY_AUTH_FILE DOCKER_CONFIG", "run/containers/auth.json"},
		{"nothing set", all, "REGISTRY_AUTH_FILE DOCKER_CONFIG", "home/.docker/config.json"},
		{"nothing set and no home", all, "REGISTRY_AUTH_FILE DOCKER_CONFIG HOME USERPROFILE", "run/containers/auth.json"},
		{"no directory known", all, "REGISTRY_AUTH_FILE DOCKER_CONFIG HOME USERPROFILE XDG_RUNTIME_DIR", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir) // an unset variable is not the current directory
			for _, file := range append(strings.Fields(tt.files), "config.json", "containers/auth.json", ".docker/config.json") {
				path := filepath.Join(dir, filepath.FromSlash(file))
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
			}
			environment := map[string]string{
				"REGISTRY_AUTH_FILE": filepath.Join(dir, "auth.json"),
				"DOCKER_CONFIG":      filepath.Join(dir, "docker"),
				"HOME":               filepath.Join(dir, "home"),
				"USERPROFILE":        filepath.Join(dir, "home"),
				"XDG_RUNTIME_DIR":    filepath.Join(dir, "run"),
			}
			for name := range environment {
				if slices.Contains(strings.Fields(tt.unset), name) {
					environment[name] = ""
				}
				t.Setenv(name, environment[name])
			}
			want := tt.want
			if want != "" {
				want = filepath.Join(dir, filepath.FromSlash(want))
			}
			flags := flag.NewFlagSet("test", flag.ContinueOnError)
			connection := cli.ConnectionFlags(flags)
			require.NoError(t, flags.Parse(nil))
			opts, err := connection.Resolve(t.Context(), cli.Env{Getenv: os.Getenv}, flags)
			require.NoError(t, err)
			assert.Equal(t, want, opts.DockerConfig)
		})
	}
}
