//go:build unix

package dockerauth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/dockerauth"
)

// installHelper puts a credential helper called xyz on the PATH.
func installHelper(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	//nolint:gosec // it has to be executable
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docker-credential-xyz"), []byte("#!/bin/sh\n"+script), 0o700))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// known is a helper that knows one server, and prints the secret to standard error
// before all else.
const known = `
echo ` + password + ` >&2
read -r server
case "$1 $server" in
"get $EXPECTED_SERVER") printf '{"ServerURL":"%s","Username":"helper","Secret":"` + password + `"}' "$server" ;;
*) echo "credentials not found in native keychain"; exit 1 ;;
esac`

func TestCredentialHelperAndEntries(t *testing.T) {
	for _, row := range []struct{ name, config, want string }{
		{"helper over entry", `{"credHelpers":{"ghcr.io":"xyz"},"auths":{"ghcr.io":%s}}`, "helper"},
		{"helper over the store", `{"credHelpers":{"ghcr.io":"xyz"},"credsStore":"missing"}`, "helper"},
		{"helper of another host", `{"credHelpers":{"quay.io":"missing"},"auths":{"ghcr.io":%s}}`, "entry"},
		{"helper of another host, and a store", `{"credHelpers":{"quay.io":"missing"},"credsStore":"xyz"}`, "helper"},
		{"helper of the organisation", `{"credHelpers":{"ghcr.io/org":"xyz","ghcr.io":"missing"},"auths":{"ghcr.io":%s}}`, "helper"},
		{"helper of another organisation", `{"credHelpers":{"ghcr.io/else":"missing"},"auths":{"ghcr.io":%s}}`, "entry"},
		{"helper of the organisation, entry of the repository", `{"credHelpers":{"ghcr.io/org":"missing"},"auths":{"ghcr.io/org/app":%s}}`, "entry"},
		{"helper of the host, entry of the organisation", `{"credHelpers":{"ghcr.io":"missing"},"auths":{"ghcr.io/org":%s}}`, "entry"},
		{"helper and entry of the organisation", `{"credHelpers":{"ghcr.io/org":"xyz"},"auths":{"ghcr.io/org":%s}}`, "helper"},
		{"helper under a URL", `{"credHelpers":{"https://ghcr.io/v2/":"xyz"},"auths":{"ghcr.io":%s}}`, "helper"},
		{"helper for a wildcard", `{"credHelpers":{"*.io":"xyz"}}`, "helper"},
		{"helper for a wildcard, entry of the host", `{"credHelpers":{"*.io":"missing"},"auths":{"ghcr.io":%s}}`, "entry"},
		{"helper for a wildcard, and a store", `{"credHelpers":{"*.io":"xyz"},"credsStore":"missing"}`, "helper"},
		{"no helper in place of the store", `{"credHelpers":{"ghcr.io":""},"credsStore":"missing","auths":{"ghcr.io":%s}}`, "entry"},
		{"no helper in place of the store, nor an entry", `{"credHelpers":{"ghcr.io":""},"credsStore":"missing"}`, ""},

		{"store over entry", `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, "helper"},
		{"store and an empty entry", `{"credsStore":"xyz","auths":{"ghcr.io":{}}}`, "helper"},
		{"store over a broken entry", `{"credsStore":"xyz","auths":{"ghcr.io":7}}`, "helper"},
		{"store over an entry for a wildcard", `{"credsStore":"xyz","auths":{"*.io":%s}}`, "helper"},
		{"store, entry of the organisation", `{"credsStore":"missing","auths":{"ghcr.io/org":%s}}`, "entry"},
		{"store, entry of another organisation", `{"credsStore":"xyz","auths":{"ghcr.io/else":%s}}`, "helper"},
		{"store, empty entry of the organisation", `{"credsStore":"xyz","auths":{"ghcr.io/org":{}}}`, "helper"},
	} {
		t.Run(row.name, func(t *testing.T) {
			installHelper(t, known)
			t.Setenv("EXPECTED_SERVER", "ghcr.io")
			requireFound(t, row.want, writeConfig(t, "%s", strings.ReplaceAll(row.config, "%s", auth("entry"))), "ghcr.io", "org/app")
		})
	}
}

// Docker and oras-go leave it at that where the store holds nothing.
func TestCredentialHelperThatKnowsNothingAndEntries(t *testing.T) {
	for _, row := range []struct{ name, config, want string }{
		{"store, entry", `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, "entry"},
		{"store, entry for a wildcard", `{"credsStore":"xyz","auths":{"*.io":%s}}`, "entry"},
		{"store, entry of another host", `{"credsStore":"xyz","auths":{"quay.io":%s}}`, ""},
		{"helper of the host, entry", `{"credHelpers":{"ghcr.io":"xyz"},"auths":{"ghcr.io":%s}}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			installHelper(t, known)
			requireFound(t, row.want, writeConfig(t, row.config, auth("entry")), "ghcr.io", "org/app")
		})
	}
}

// Helpers know Docker Hub by the name that docker login gives it, and hosts only.
func TestCredentialHelperIsAskedAboutTheHost(t *testing.T) {
	for _, row := range []struct{ name, config, endpoint, server string }{
		{"a host", `{"credHelpers":{"https://ghcr.io/v1/":"xyz"}}`, "ghcr.io", "ghcr.io"},
		{"a port", `{"credsStore":"xyz"}`, "ghcr.io:5000", "ghcr.io:5000"},
		{"an organisation", `{"credHelpers":{"ghcr.io/org":"xyz"}}`, "ghcr.io", "ghcr.io"},
		{"a wildcard", `{"credHelpers":{"*.io":"xyz"}}`, "ghcr.io", "ghcr.io"},
		{"Docker Hub", `{"credHelpers":{"docker.io":"xyz"}}`, "docker.io", "https://index.docker.io/v1/"},
		{"Docker Hub, its organisation", `{"credHelpers":{"docker.io/org":"xyz"}}`, "docker.io", "https://index.docker.io/v1/"},
		{"Docker Hub, index", `{"credHelpers":{"https://index.docker.io/v1/":"xyz"}}`, "docker.io", "https://index.docker.io/v1/"},
		{"Docker Hub, store", `{"credsStore":"xyz"}`, "docker.io", "https://index.docker.io/v1/"},
	} {
		t.Run(row.name, func(t *testing.T) {
			installHelper(t, known)
			t.Setenv("EXPECTED_SERVER", row.server)
			requireFound(t, "helper", writeConfig(t, "%s", row.config), row.endpoint, "org/app")
		})
	}
}

// The entry does not stand in for a store that fails: it may be an old one.
func TestCredentialHelperOfTheStoreThatFails(t *testing.T) {
	for _, row := range []struct{ name, script, text string }{
		{"with an answer", `printf '{"Username":"ci","Secret":"` + password + `"}'; exit 1`, `the credential helper "xyz" failed for ghcr.io`},
		{"with garbage", `echo ` + password, `the credential helper "xyz" failed for ghcr.io`},
		{"with silence", `exit 0`, `the credential helper "xyz" failed for ghcr.io`},
		{"without saying so", `echo "credentials not found in native keychain"`, `the credential helper "xyz" failed for ghcr.io`},
		{"with no end", `yes ` + password, `the credential helper "xyz" failed for ghcr.io`},
		{"missing", ``, `the credential helper "xyz" for ghcr.io is not on the PATH`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.script == "" {
				t.Setenv("PATH", t.TempDir())
			} else {
				installHelper(t, row.script)
			}
			cred, err := find(t, writeConfig(t, `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, auth("entry")), "ghcr.io", "org/app")
			requireError(t, err, row.text)
			assert.Zero(t, cred)
		})
	}
}

// Bytes come from a cluster: no program is started for them.
func TestParseRunsNoHelper(t *testing.T) {
	const refused = `the entry for ghcr.io needs the credential helper "xyz", which is not run for DockerConfigJSON`
	for _, tt := range []struct{ name, config, want, refused string }{
		{"entry", `{"auths":{"ghcr.io":%s}}`, "entry", ""},
		{"entry, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, "entry", ""},
		{"entry of another host, and a store", `{"credsStore":"xyz","auths":{"quay.io":%s}}`, "", ""},
		{"empty entry, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":{}}}`, "", refused},
		{"empty entry of the organisation, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":%s,"ghcr.io/org":{}}}`, "entry", ""},
		{"store alone", `{"credsStore":"xyz"}`, "", ""},
		{"empty entry, and no store", `{"auths":{"ghcr.io":{}}}`, "", ""},
		{"helper", `{"credHelpers":{"ghcr.io":"xyz"},"auths":{"ghcr.io":%s}}`, "", refused},
		{"helper of another host", `{"credHelpers":{"quay.io":"xyz"},"auths":{"ghcr.io":%s}}`, "entry", ""},
		{"helper for a wildcard", `{"credHelpers":{"*.io":"xyz"}}`, "", refused},
		{"entry that cannot be read, and a store", `{"credsStore":"xyz","auths":{"ghcr.io":7}}`, "", `the entry for "ghcr.io" in the Docker configuration cannot be read`},
		{"space", " \n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			started := filepath.Join(t.TempDir(), "started")
			installHelper(t, "touch "+started)
			config, err := dockerauth.Parse([]byte(strings.ReplaceAll(tt.config, "%s", auth("entry"))))
			require.NoError(t, err)
			cred, err := config.Credential(t.Context(), "ghcr.io", "org/app")
			if tt.refused != "" {
				requireError(t, err, tt.refused)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, tt.want, cred.Username)
			assert.NoFileExists(t, started)
		})
	}
}

func TestParseOfBrokenBytes(t *testing.T) {
	for _, text := range []string{"{", "7", `{"auths":[]}`, `{"auths":{}} x`} {
		_, err := dockerauth.Parse([]byte(text))
		requireError(t, err, "the Docker configuration cannot be read")
	}
	_, err := dockerauth.Parse([]byte(`{"credsStore":"../x"}`))
	requireError(t, err, `"../x" is not the name of a credential helper`)
}
