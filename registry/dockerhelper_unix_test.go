//go:build unix

package registry_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// installHelper puts a credential helper called xyz on the PATH.
func installHelper(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	//nolint:gosec // it has to be executable
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docker-credential-xyz"), []byte("#!/bin/sh\n"+script), 0o700))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// helperFor is a Docker configuration that asks the helper about host.
func helperFor(t *testing.T, host string) string {
	return writeConfig(t, `{"credHelpers":{%q:"xyz"}}`, host)
}

func TestCredentialHelper(t *testing.T) {
	// It answers only to the name of the registry, so that no other is asked for.
	const script = `
read -r host
case "$1 $host" in
"get $EXPECTED_HOST") printf '{"ServerURL":"%s","Username":"ci","Secret":"` + password + `"}' "$host" ;;
*) exit 1 ;;
esac`
	for _, row := range []struct{ name, config string }{
		{"of one registry", `{"credHelpers":{%q:"xyz"}}`},
		{"of all registries", `{"auths":{%q:{}},"credsStore":"xyz"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			installHelper(t, script)
			srv, a := start(t, memregistry.Options{Users: users}), newArtifact(t, "demo")
			t.Setenv("EXPECTED_HOST", srv.host)
			client := srv.client(t, registry.Options{DockerConfig: writeConfig(t, row.config, srv.host)})
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
		})
	}
}

func TestCredentialHelperWithAnIdentityToken(t *testing.T) {
	installHelper(t, `printf '{"Username":"<token>","Secret":"`+password+`"}'`)
	srv := start(t, memregistry.Options{Users: users, Bearer: true}, fault{"POST /token", status(401, "UNAUTHORIZED")})
	client := srv.client(t, registry.Options{DockerConfig: helperFor(t, srv.host)})
	requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
	assert.Equal(t, 1, srv.count("POST /token"), "it is exchanged")
}

// What a helper prints may hold the secret, whatever went wrong with it.
func TestCredentialHelperThatFails(t *testing.T) {
	for _, row := range []struct{ name, script string }{
		{"with a message", `echo "cannot store ` + password + `"; exit 1`},
		{"with an answer", `printf '{"Username":"ci","Secret":"` + password + `"}'; exit 1`},
		{"with garbage", `echo ` + password},
		{"without a password", `printf '{"Username":"ci","Secret":""}'`},
	} {
		t.Run(row.name, func(t *testing.T) {
			installHelper(t, row.script)
			srv := start(t, memregistry.Options{Users: users})
			client := srv.client(t, registry.Options{DockerConfig: helperFor(t, srv.host)})
			err := client.VerifyAccess(t.Context(), repository)
			require.ErrorIs(t, err, registry.ErrInvalidCredential)
			requireNothingSecretIn(t, err)
		})
	}
}

func TestCredentialHelperThatIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	srv := start(t, memregistry.Options{Users: users})
	config := helperFor(t, srv.host)
	err := srv.client(t, registry.Options{DockerConfig: config}).VerifyAccess(t.Context(), repository)
	require.ErrorIs(t, err, registry.ErrInvalidCredential)
	assert.Contains(t, err.Error(), "the credential helper")
}

func TestCredentialHelperThatKnowsNothing(t *testing.T) {
	installHelper(t, `echo "credentials not found in native keychain"; exit 1`)
	srv := start(t, memregistry.Options{Users: users})
	client := srv.client(t, registry.Options{DockerConfig: helperFor(t, srv.host)})
	requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrAuthRequired)
}

func TestCredentialHelperThatHangs(t *testing.T) {
	installHelper(t, `kill -STOP $$`)
	srv := start(t, memregistry.Options{Users: users})
	client := srv.client(t, registry.Options{DockerConfig: helperFor(t, srv.host)})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := client.VerifyAccess(ctx, repository)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireKind(t, err, nil)
}

// The child of a helper keeps its standard output open.
func TestCredentialHelperWhoseChildHangs(t *testing.T) {
	installHelper(t, `sleep 30; true`)
	srv := start(t, memregistry.Options{Users: users})
	client := srv.client(t, registry.Options{DockerConfig: helperFor(t, srv.host)})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.ErrorIs(t, client.VerifyAccess(ctx, repository), context.DeadlineExceeded)
	assert.Less(t, time.Since(began), 15*time.Second, "it was waited for")
}

func TestCredentialHelperPrintsNowhere(t *testing.T) {
	installHelper(t, `echo `+password+` >&2; exit 1`)
	srv := start(t, memregistry.Options{Users: users})
	client := srv.client(t, registry.Options{DockerConfig: helperFor(t, srv.host)})
	seen, stderr, err := os.Pipe()
	require.NoError(t, err)
	real := os.Stderr
	os.Stderr = stderr
	err = client.VerifyAccess(t.Context(), repository)
	os.Stderr = real
	require.NoError(t, stderr.Close())
	require.ErrorIs(t, err, registry.ErrInvalidCredential)
	out, err := io.ReadAll(seen)
	require.NoError(t, err)
	assert.Empty(t, string(out))
}

// A helper is a program on the PATH, not one that the configuration can point at.
func TestCredentialHelperWithAPath(t *testing.T) {
	for _, config := range []string{`{"credHelpers":{%q:"x/y"}}`, `{"auths":{%q:{}},"credsStore":"../x"}`} {
		_, err := registry.NewClient("localhost:5000", registry.Options{DockerConfig: writeConfig(t, config, "localhost:5000")})
		require.ErrorIs(t, err, registry.ErrInvalidCredential)
	}
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
			requireShown(t, row.want, writeConfig(t, "%s", strings.ReplaceAll(row.config, "%s", auth("entry"))), "ghcr.io", "org/app")
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
			requireShown(t, row.want, writeConfig(t, row.config, auth("entry")), "ghcr.io", "org/app")
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
			requireShown(t, "helper", writeConfig(t, "%s", row.config), row.endpoint, "org/app")
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
			cred, err := shown(t, writeConfig(t, `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, auth("entry")), "ghcr.io", "org/app")
			require.ErrorIs(t, err, registry.ErrInvalidCredential)
			assert.ErrorContains(t, err, row.text)
			requireNothingSecretIn(t, err)
			assert.True(t, cred.IsZero())
		})
	}
}

// A context that ends while an entry could still answer ends the search.
func TestCredentialHelperOfTheStoreThatHangs(t *testing.T) {
	installHelper(t, `kill -STOP $$`)
	client := newClient(t, "ghcr.io", registry.Options{
		DockerConfig: writeConfig(t, `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, auth("entry")),
		Transport:    inProcess{memregistry.Handler(memregistry.Options{Users: users})},
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := client.VerifyAccess(ctx, repository)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, registry.ErrInvalidCredential)
	assert.Less(t, time.Since(began), 15*time.Second, "it was waited for")
}
