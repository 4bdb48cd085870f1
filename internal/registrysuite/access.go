package registrysuite

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/registry"
)

// secret is a password that is wrong everywhere.
const secret = "canary-none-77a0"

// requireUsers ends the case where anybody may do anything.
func requireUsers(t *testing.T, c trial) {
	t.Helper()
	if c.guarded.Writer.IsZero() {
		c.unavailable(t, "it has no users")
	}
}

// requireRefused requires an error of a kind from whatever one does with a
// credential.
func requireRefused(t *testing.T, c trial, credential registry.Credential, kind error) {
	t.Helper()
	client := newClient(t, c.guarded, c.guarded.OptionsFor(credential))
	repository := c.guarded.Repository("refused")
	a := newArtifact(t, "demo")
	_, pushed := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
	_, pulled := client.Pull(t.Context(), repository, "v1", new(counter), registry.PullOptions{})
	for name, err := range map[string]error{
		"push":        pushed,
		"pull":        pulled,
		"verify":      client.VerifyAccess(t.Context(), repository),
		"verify read": client.VerifyReadAccess(t.Context(), repository),
	} {
		require.ErrorIs(t, err, kind, name)
		assert.NotContains(t, err.Error(), secret)
	}
	tags, err := c.guarded.Tags(t.Context(), repository)
	require.NoError(t, err)
	assert.Empty(t, tags)
}

func withoutPassword(t *testing.T, c trial) {
	requireUsers(t, c)
	requireRefused(t, c, registry.Credential{}, registry.ErrAuthRequired)
}

func wrongPassword(t *testing.T, c trial) {
	requireUsers(t, c)
	for _, name := range []string{c.guarded.Writer.Username, "nobody"} {
		requireRefused(t, c, registry.Credential{Username: name, Password: secret}, registry.ErrPermissionDenied)
	}
}

func readOnlyUser(t *testing.T, c trial) {
	if c.guarded.Reader.IsZero() {
		c.unavailable(t, "it has no such user")
	}
	repository := c.guarded.Repository("read")
	a, other := newArtifact(t, "demo"), newArtifact(t, "other")
	a.push(t, newClient(t, c.guarded, c.guarded.Options()), repository, "v1")

	client := newClient(t, c.guarded, c.guarded.OptionsFor(c.guarded.Reader))
	require.NoError(t, client.VerifyReadAccess(t.Context(), repository))
	requireWhole(t, client, repository, "v1", a.Manifest)
	require.ErrorIs(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
	for _, tag := range []string{"v1", "v2"} {
		_, err := client.Push(t.Context(), other.store, other.Manifest, repository, []string{tag}, registry.PushOptions{})
		require.ErrorIs(t, err, registry.ErrPermissionDenied)
	}
	_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err, "nothing is to be done")
	requireNoTag(t, client, repository, "v2")
	requireTag(t, client, repository, "v1", a.Manifest)
}

// requirePrivate ends the case where the authority is none of the suite's.
func requirePrivate(t *testing.T, c trial) {
	t.Helper()
	if c.guarded.RootCAs == nil {
		c.unavailable(t, "it speaks no TLS, or with an authority that everybody knows")
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
		err := newClient(t, c.open, registry.Options{TLS: true}).VerifyAccess(t.Context(), c.open.Repository("scheme"))
		require.ErrorIs(t, err, registry.ErrTLSMismatch)
	}
	if !c.guarded.PlainHTTP {
		tried = true
		err := newClient(t, c.guarded, registry.Options{PlainHTTP: true}).VerifyAccess(t.Context(), c.guarded.Repository("scheme"))
		require.ErrorIs(t, err, registry.ErrNotRegistry)
	}
	require.True(t, tried)
}

func clientCertificate(t *testing.T, c trial) {
	if len(c.mutual.ClientCertificates) == 0 {
		c.unavailable(t, "it wants none")
	}
	opts := options(t, c.mutual, "certificate")
	build(t, opts)
	requireFiles(t, newClient(t, c.mutual, c.mutual.Options()), opts.Repository, "1.0.0", files())
}

func withoutClientCertificate(t *testing.T, c trial) {
	if len(c.mutual.ClientCertificates) == 0 {
		c.unavailable(t, "it wants none")
	}
	opts := c.mutual.Options()
	opts.ClientCertificates = nil
	err := newClient(t, c.mutual, opts).VerifyAccess(t.Context(), c.mutual.Repository("certificate"))
	var failed *registry.Error
	require.ErrorAs(t, err, &failed)
	switch failed.Kind {
	case registry.ErrUnreachable: // there was no connection
		c.note("no connection")
	case registry.ErrAuthRequired: // there was one, and then it wanted to know
		c.note("status %d", failed.StatusCode)
	default:
		require.NoError(t, err)
	}
}
