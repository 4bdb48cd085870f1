package registry_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

const (
	hintUnreachable = "check the host and port, and that the registry is running"
	hintNotRegistry = "check the host and port; if the registry expects TLS there, unset Insecure, set Registry.Scheme to https, and remove http:// from RegistryEndpoint"
	hintPage        = "check the host and port, and whether a proxy or a login page responds in place of the registry"
	hintAuth        = "set Username and Password, or log in and set Registry.DockerConfig"
	hintPermission  = "check the credentials, and that they allow pushing to this repository"
	hintPassword    = "check Username and Password, or the token"
	hintNotFound    = "check the name; if the registry does not create repositories or projects by itself, create them first"
)

// The complete text of one error of each class, all of them from Push.
func TestErrorTexts(t *testing.T) {
	fails := func(err error) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	answers := func(step string, h http.HandlerFunc) http.RoundTripper {
		return inProcess{newServer(memregistry.Options{}, fault{step, h}).Config.Handler}
	}
	guarded := inProcess{memregistry.Handler(memregistry.Options{Users: users})}
	occupied, old := inProcess{memregistry.Handler(memregistry.Options{})}, newArtifact(t, "old")
	_, err := old.push(t, newClient(t, "localhost", registry.Options{Transport: occupied}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	a := newArtifact(t, "demo")

	const prefix = "push to registry.example.com/apps/demo"
	for _, tt := range []struct {
		name       string
		transport  http.RoundTripper
		credential registry.Credential
		kind       error
		tag        string
		text, hint string
	}{
		{
			"no connection", fails(errors.New("connection refused")), ci, registry.ErrUnreachable, "",
			"registry unreachable: connection refused", hintUnreachable,
		},
		{
			"certificate", fails(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), ci, registry.ErrUnreachable, "",
			"registry unreachable: tls: failed to verify certificate: x509: certificate signed by unknown authority",
			"add the certificate authority of the registry to Registry.RootCAs",
		},
		{
			"certificate of another host", fails(&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.example.com"}}, Host: "b.example.com"}}), ci, registry.ErrUnreachable, "",
			"registry unreachable: tls: failed to verify certificate: x509: certificate is valid for a.example.com, not b.example.com",
			"use a host name that the certificate is valid for",
		},
		{
			"certificate of the past", fails(&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired, Detail: "long ago"}}), ci, registry.ErrUnreachable, "",
			"registry unreachable: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: long ago",
			"renew the certificate of the registry, or correct the clock of this machine",
		},
		{
			"no client certificate", fails(&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}), ci, registry.ErrUnreachable, "",
			"registry unreachable: remote error: tls: certificate required",
			"check whether the registry expects a client certificate, which Registry.ClientCertificates presents, and that it accepts TLS 1.2 or newer",
		},
		{
			"TLS to a plain port", fails(http.ErrSchemeMismatch), ci, registry.ErrTLSMismatch, "",
			"registry unreachable: the server does not speak TLS",
			"set Registry.Scheme to http and remove https:// from RegistryEndpoint if the registry is used without TLS",
		},
		{
			"web page", answers("POST", page(http.StatusOK)), ci, registry.ErrNotRegistry, "",
			"the response is not from an OCI registry: status 200, OK: text/html", hintPage,
		},
		{
			"no credential for basic authentication", guarded, registry.Credential{}, registry.ErrAuthRequired, "",
			"registry requires authentication", hintAuth,
		},
		{
			"no credential", answers("POST", refusal(401, "UNAUTHORIZED", "log in")), registry.Credential{}, registry.ErrAuthRequired, "",
			"registry requires authentication: status 401, UNAUTHORIZED: log in", hintAuth,
		},
		{
			"wrong password", guarded, registry.Credential{Username: "ci", Password: "wrong"}, registry.ErrPermissionDenied, "",
			"registry denies access: status 401, UNAUTHORIZED: authentication required (user \"ci\" from the options)", hintPassword,
		},
		{
			"read-only user", guarded, registry.Credential{Username: "guest", Password: password}, registry.ErrPermissionDenied, "",
			"registry denies access: status 403, DENIED: requested access to the resource is denied (user \"guest\" from the options)", hintPermission,
		},
		{
			"no repository", answers("POST", refusal(404, "NAME_UNKNOWN", "")), ci, registry.ErrNotFound, "",
			"not found in the registry: status 404, NAME_UNKNOWN", hintNotFound,
		},
		{
			"tag conflict", occupied, ci, registry.ErrTagConflict, "",
			fmt.Sprintf("tag exists with other content: v1 is %s, not %s", old.Manifest.Digest, a.Manifest.Digest),
			"push under another tag, or unset Push.ImmutableTags",
		},
		{
			"other refusal", answers("POST", refusal(400, "MANIFEST_INVALID", "no rootfs")), ci, registry.ErrInvalid, "",
			"registry refuses the request as invalid: status 400, MANIFEST_INVALID: no rootfs", "check whether the registry accepts OCI artifacts of this kind",
		},
		{
			"server", answers("POST", page(http.StatusServiceUnavailable)), ci, registry.ErrServer, "",
			"registry failed: status 503, Service Unavailable", "try again later",
		},
		{
			"rate limit", answers("POST", refusal(429, "TOOMANYREQUESTS", "slow down")), ci, registry.ErrRateLimited, "",
			"registry limits the rate of requests: status 429, TOOMANYREQUESTS: slow down", "try again later, or less often",
		},
		{
			"too large", answers("POST", page(http.StatusRequestEntityTooLarge)), ci, registry.ErrTooLarge, "",
			"content too large: status 413, Request Entity Too Large",
			"push less, or raise the limit of the registry or of the proxy in front of it",
		},
		{
			"unsupported", answers("PUT manifests/", refusal(415, "MANIFEST_INVALID", "no artifacts")), ci, registry.ErrUnsupported, ":v1",
			"not supported: status 415, MANIFEST_INVALID: no artifacts", "check whether the registry accepts OCI artifacts",
		},
		{
			"quota", answers("PUT manifests/", refusal(412, "PRECONDITION", "quota exceeded")), ci, registry.ErrInvalid, ":v1",
			"registry refuses the request as invalid: status 412, PRECONDITION: quota exceeded",
			"read the registry's message: a quota or a policy may be the reason",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, "registry.example.com", registry.Options{Transport: tt.transport, Credential: tt.credential})
			_, err := a.push(t, client, registry.PushOptions{ImmutableTags: true}, "v1")
			require.EqualError(t, err, prefix+tt.tag+": "+tt.text)
			assert.Equal(t, tt.hint, requireKind(t, err, tt.kind).Hint())
		})
	}
}

func TestErrorTextsOfTheOtherOperations(t *testing.T) {
	at := func(h http.HandlerFunc) *registry.Client {
		return newClient(t, "registry.example.com", registry.Options{Transport: inProcess{h}})
	}
	client := at(refusal(http.StatusNotFound, "MANIFEST_UNKNOWN", "no such tag"))
	_, err := client.Resolve(t.Context(), repository, "v1")
	require.EqualError(t, err, "resolve registry.example.com/apps/demo:v1: not found in the registry: status 404, MANIFEST_UNKNOWN: no such tag")
	assert.Equal(t, "check the name, and the tag or digest", requireKind(t, err, registry.ErrNotFound).Hint())

	a := newArtifact(t, "demo")
	_, err = client.Resolve(t.Context(), repository, a.Manifest.Digest.String())
	require.EqualError(t, err, "resolve registry.example.com/apps/demo@"+a.Manifest.Digest.String()+": not found in the registry: status 404, MANIFEST_UNKNOWN: no such tag")

	client = at(page(http.StatusNotFound))
	_, err = client.Exists(t.Context(), repository, "v1")
	requireKind(t, err, registry.ErrNotRegistry)
	err = client.VerifyAccess(t.Context(), repository)
	require.EqualError(t, err, "verify access to registry.example.com/apps/demo: the response is not from an OCI registry: status 404, Not Found: text/html")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.EqualError(t, client.VerifyAccess(ctx, repository), "verify access to registry.example.com/apps/demo: context canceled")
}

// Other packages can construct an Error, for their tests.
func TestErrorOfFewFacts(t *testing.T) {
	err := &registry.Error{Op: "push to", Reference: "ghcr.io/org/app"}
	require.EqualError(t, err, "push to ghcr.io/org/app")
	assert.Empty(t, err.Unwrap())
	assert.Empty(t, err.Hint())

	err.Kind = registry.ErrNotFound
	require.EqualError(t, err, "push to ghcr.io/org/app: not found in the registry")
	require.ErrorIs(t, err, registry.ErrNotFound)
	assert.Equal(t, hintNotFound, err.Hint())
}

func TestTagConflictError(t *testing.T) {
	const have, want digest.Digest = "sha256:a", "sha256:b"
	for _, tt := range []struct {
		err  registry.TagConflictError
		text string
	}{
		{registry.TagConflictError{Tag: "v1", Have: have, Want: want}, "v1 is sha256:a, not sha256:b"},
		{registry.TagConflictError{Tag: "v1", Want: want}, "v1 is not sha256:b"},
		{registry.TagConflictError{Tag: "v1", Have: have, Want: want, Reason: "it exists"}, "v1: it exists (it is sha256:a, not sha256:b)"},
		{registry.TagConflictError{Tag: "v1", Want: want, Reason: "it is Friday"}, "v1: it is Friday (it would be sha256:b)"},
		{registry.TagConflictError{Want: want, Reason: "it is Friday"}, "the artifact: it is Friday (it would be sha256:b)"},
	} {
		err := fmt.Errorf("wrapped: %w", &tt.err)
		require.ErrorIs(t, err, registry.ErrTagConflict)
		require.NotErrorIs(t, err, registry.ErrNotFound)
		assert.Equal(t, tt.err.Reason != "", errors.Is(err, registry.ErrTagRefused))
		assert.EqualError(t, &tt.err, tt.text)
	}
}
