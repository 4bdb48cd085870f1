//go:build unix

package registry_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
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
	// It fails for any other host, so that the test sees which one it is asked about.
	const script = `
read -r host
case "$1 $host" in
"get $EXPECTED_HOST") printf '{"ServerURL":"%s","Username":"ci","Secret":"` + password + `"}' "$host" ;;
*) exit 1 ;;
esac`
	for _, tt := range []struct{ name, config string }{
		{"of one registry", `{"credHelpers":{%q:"xyz"}}`},
		{"of all registries", `{"auths":{%q:{}},"credsStore":"xyz"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			installHelper(t, script)
			srv, a := start(t, memregistry.Options{Users: users}), newArtifact(t, "demo")
			t.Setenv("EXPECTED_HOST", srv.host)
			client := srv.client(t, registry.Options{DockerConfig: writeConfig(t, tt.config, srv.host)})
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
	assert.Equal(t, 3, srv.count("POST /token"), "it is exchanged")
}

// The output of a failed helper may hold the secret.
func TestCredentialHelperThatFails(t *testing.T) {
	for _, tt := range []struct{ name, script string }{
		{"with a message", `echo "cannot store ` + password + `"; exit 1`},
		{"with a credential", `printf '{"Username":"ci","Secret":"` + password + `"}'; exit 1`},
		{"with garbage", `echo ` + password},
		{"without a password", `printf '{"Username":"ci","Secret":""}'`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			installHelper(t, tt.script)
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
		client := newClient(t, "localhost:5000", registry.Options{
			DockerConfig: writeConfig(t, config, "localhost:5000"), Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users})},
		})
		require.ErrorIs(t, client.VerifyAccess(t.Context(), repository), registry.ErrInvalidCredential)
	}
}

// The end of the context ends the search, although an entry has a credential.
func TestCredentialHelperOfTheStoreThatHangs(t *testing.T) {
	installHelper(t, `kill -STOP $$`)
	client := newClient(t, "ghcr.io", registry.Options{
		DockerConfig: writeConfig(t, `{"credsStore":"xyz","auths":{"ghcr.io":%s}}`, `{"username":"entry","password":"`+password+`"}`),
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
