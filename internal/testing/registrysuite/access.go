package registrysuite

import (
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/registry"
)

// secret is a password that is wrong everywhere.
const secret = "canary-none-77a0"

// requireUsers ends the case if the registry has no users.
func requireUsers(t *testing.T, c trial) {
	t.Helper()
	if c.guarded.Writer.IsZero() {
		c.unavailable(t, "no users")
	}
}

// refused returns the errors of all operations with a credential, by operation.
func refused(t *testing.T, c trial, credential registry.Credential, repository string) map[string]error {
	t.Helper()
	client := newClient(t, c.guarded, c.guarded.OptionsFor(credential))
	a := newArtifact(t, "refused")
	_, pushed := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v2"}, registry.PushOptions{})
	_, pulled := client.Pull(t.Context(), repository, "v1", new(counter), registry.PullOptions{})
	return map[string]error{
		"push":        pushed,
		"pull":        pulled,
		"verify":      client.VerifyAccess(t.Context(), repository),
		"verify read": client.VerifyReadAccess(t.Context(), repository),
	}
}

// guardedRepository pushes an artifact to a repository with access control.
func guardedRepository(t *testing.T, c trial) (string, artifact) {
	t.Helper()
	repository, a := c.guarded.Repository("guarded"), newArtifact(t, "demo")
	a.push(t, newClient(t, c.guarded, c.guarded.Options()), repository, "v1")
	return repository, a
}

func withoutPassword(t *testing.T, c trial) {
	requireUsers(t, c)
	repository, _ := guardedRepository(t, c)
	resp, err := c.guarded.Do(t.Context(), registry.Credential{}, http.MethodGet, "/v2/"+repository+"/manifests/v1")
	require.NoError(t, err)
	anybodyReads := resp.Status == http.StatusOK
	if anybodyReads {
		c.note("anybody may read")
	}
	for name, err := range refused(t, c, registry.Credential{}, repository) {
		if anybodyReads && (name == "pull" || name == "verify read") {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, registry.ErrAuthRequired, name)
	}
	requireNoTag(t, newClient(t, c.guarded, c.guarded.Options()), repository, "v2")
}

func wrongPassword(t *testing.T, c trial) {
	requireUsers(t, c)
	repository, _ := guardedRepository(t, c)
	for _, user := range []string{c.guarded.Writer.Username, "nobody"} {
		for name, err := range refused(t, c, registry.Credential{Username: user, Password: secret}, repository) {
			require.ErrorIs(t, err, registry.ErrPermissionDenied, "%s as %s", name, user)
			assert.NotContains(t, err.Error(), secret)
		}
	}
	requireNoTag(t, newClient(t, c.guarded, c.guarded.Options()), repository, "v2")
}

func readOnlyUser(t *testing.T, c trial) {
	if c.guarded.Reader.IsZero() {
		c.unavailable(t, "no read-only users")
	}
	repository, a := guardedRepository(t, c)
	other := newArtifact(t, "other")
	client := newClient(t, c.guarded, c.guarded.OptionsFor(c.guarded.Reader))
	require.NoError(t, client.VerifyReadAccess(t.Context(), repository))
	requireWhole(t, client, repository, "v1", a.Manifest)
	require.ErrorIs(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
	for _, tag := range []string{"v1", "v2"} {
		_, err := client.Push(t.Context(), other.store, other.Manifest, repository, []string{tag}, registry.PushOptions{})
		require.ErrorIs(t, err, registry.ErrPermissionDenied)
	}
	_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err, "the tag already has that digest")
	requireNoTag(t, client, repository, "v2")
	requireTag(t, client, repository, "v1", a.Manifest)
}

// requirePrivate ends the case if the registry has no private authority.
func requirePrivate(t *testing.T, c trial) {
	t.Helper()
	if c.guarded.RootCAs == nil {
		c.unavailable(t, "no TLS with a private authority")
	}
}

func privateAuthority(t *testing.T, c trial) {
	requirePrivate(t, c)
	opts := options(t, c.guarded, "tls")
	build(t, opts)
	requireFiles(t, newClient(t, c.guarded, c.guarded.Options()), opts.Repository, "1.0.0", files())
}

func unknownAuthority(t *testing.T, c trial) {
	requirePrivate(t, c)
	opts := c.guarded.Options()
	opts.RootCAs = x509.NewCertPool()
	err := newClient(t, c.guarded, opts).VerifyAccess(t.Context(), c.guarded.Repository("tls"))
	require.ErrorIs(t, err, registry.ErrUnreachable)
	var unknown x509.UnknownAuthorityError
	assert.ErrorAs(t, err, &unknown)

	opts.RootCAs, opts.InsecureSkipVerify = nil, true
	require.NoError(t, newClient(t, c.guarded, opts).VerifyAccess(t.Context(), c.guarded.Repository("tls")))
}

func otherScheme(t *testing.T, c trial) {
	tried := false
	if c.open.PlainHTTP {
		tried = true
		err := newClient(t, c.open, registry.Options{Scheme: registry.SchemeHTTPS}).VerifyAccess(t.Context(), c.open.Repository("scheme"))
		require.ErrorIs(t, err, registry.ErrTLSMismatch)
	}
	if !c.guarded.PlainHTTP {
		tried = true
		err := newClient(t, c.guarded, registry.Options{Scheme: registry.SchemeHTTP}).VerifyAccess(t.Context(), c.guarded.Repository("scheme"))
		require.ErrorIs(t, err, registry.ErrNotRegistry)
	}
	require.True(t, tried)
}

func clientCertificate(t *testing.T, c trial) {
	if len(c.mutual.ClientCertificates) == 0 {
		c.unavailable(t, "no client certificates")
	}
	opts := options(t, c.mutual, "certificate")
	build(t, opts)
	requireFiles(t, newClient(t, c.mutual, c.mutual.Options()), opts.Repository, "1.0.0", files())
}

func withoutClientCertificate(t *testing.T, c trial) {
	if len(c.mutual.ClientCertificates) == 0 {
		c.unavailable(t, "no client certificates")
	}
	opts := c.mutual.Options()
	opts.ClientCertificates = nil
	err := newClient(t, c.mutual, opts).VerifyAccess(t.Context(), c.mutual.Repository("certificate"))
	var failed *registry.Error
	require.ErrorAs(t, err, &failed)
	switch failed.Kind {
	case registry.ErrUnreachable: // the handshake failed
		c.note("no connection")
	case registry.ErrAuthRequired: // the handshake succeeded, and the request was refused
		c.note("status %d", failed.StatusCode)
	default:
		require.NoError(t, err)
	}
}
