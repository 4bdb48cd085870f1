package oci_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/testing/faults"
)

// failing returns the options of a build that retries quickly.
func failing(t *testing.T, endpoint string) oci.BuildOptions {
	t.Helper()
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: endpoint, Repository: "org/repo", Version: "v1",
		Layout: oci.LayoutRoot, Username: "ci", Password: canary,
	}
	opts.Registry.Retry.MinWait, opts.Registry.Retry.MaxWait = time.Millisecond, time.Millisecond
	return opts
}

// requireFailure requires a kind and that it is known whether a retry is worthwhile, in
// both ways in which a tool may ask.
func requireFailure(t *testing.T, err, kind error, retryable bool) *oci.RegistryError {
	t.Helper()
	require.ErrorIs(t, err, kind)
	wrapped := fmt.Errorf("push: %w", err)
	assert.Equal(t, retryable, oci.Retryable(wrapped), err)
	var own interface{ Retryable() bool }
	require.ErrorAs(t, wrapped, &own)
	assert.Equal(t, retryable, own.Retryable(), err)
	assert.NotEmpty(t, oci.Hint(wrapped), err)
	var failure *oci.RegistryError
	require.ErrorAs(t, err, &failure)
	return failure
}

// The tool has a loop around a push of its own, which reads texts of errors. A loop that
// asks Retryable does the right thing in each of these cases.
func TestAdopterRetries(t *testing.T) {
	opening := []faults.Kind{faults.UploadOpen}
	loop := faults.Redirect("")
	for _, tt := range []struct {
		name      string
		on        []faults.Kind
		fault     faults.Fault
		kind, not error
		retryable bool
		uploads   int // that are opened at most, of two blobs
		once      int // the same with one attempt a step
	}{
		{"408 for ever", opening, faults.Status(408, ""), oci.ErrRegistryServer, oci.ErrRegistryInvalid, true, 12, 2},
		{"425 for ever", opening, faults.Status(425, ""), oci.ErrRegistryServer, oci.ErrRegistryInvalid, true, 12, 2},
		{"429 for an hour", opening, faults.Status(429, "", "Retry-After", "3600"), oci.ErrRegistryRateLimited, oci.ErrRegistryServer, true, 2, 2},
		{"403 for an hour", opening, faults.Status(403, "DENIED", "Retry-After", "3600"), oci.ErrRegistryRateLimited, oci.ErrRegistryPermissionDenied, true, 2, 2},
		{"500", opening, faults.Status(500, ""), oci.ErrRegistryServer, oci.ErrRegistryUnreachable, true, 12, 2},
		{"503", opening, faults.Status(503, ""), oci.ErrRegistryServer, oci.ErrRegistryUnreachable, true, 12, 2},
		{"reset", opening, faults.Reset(), oci.ErrRegistryUnreachable, oci.ErrRegistryServer, true, 12, 2},
		{"507", opening, faults.Status(507, ""), oci.ErrRegistryServer, oci.ErrRegistryUnreachable, false, 2, 2},
		{"a bare 400", nil, faults.Status(400, ""), oci.ErrRegistryNotRegistry, oci.ErrRegistryInvalid, false, 2, 2},
		{"a bare 400 for an upload", opening, faults.Status(400, ""), oci.ErrRegistryInvalid, oci.ErrRegistryUnreachable, false, 4, 4},
		{"a bare 400 for a manifest", []faults.Kind{faults.ManifestPut}, faults.Status(400, ""), oci.ErrRegistryInvalid, oci.ErrRegistryUnreachable, false, 2, 2},
		{"denied by the registry", opening, faults.Status(403, "DENIED"), oci.ErrRegistryPermissionDenied, oci.ErrRegistryRateLimited, false, 4, 4},
		{"denied by the token service", []faults.Kind{faults.Token}, faults.Status(403, "DENIED"), oci.ErrRegistryPermissionDenied, oci.ErrRegistryUnreachable, false, 0, 0},
		{"a redirect loop of the token service", []faults.Kind{faults.Token}, loop, oci.ErrRegistryServer, oci.ErrRegistryInvalid, true, 12, 2},
		{"a redirect loop of the registry", nil, loop, oci.ErrRegistryNotRegistry, oci.ErrRegistryInvalid, false, 20, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, endpoint := startFaulty(t, faults.Rule{On: tt.on, Do: tt.fault})
			_, err := attempt(t, failing(t, endpoint))
			failure := requireFailure(t, err, tt.kind, tt.retryable)
			require.NotErrorIs(t, err, tt.not)
			assert.LessOrEqual(t, count(f, faults.UploadOpen), tt.uploads)
			if errors.Is(tt.kind, oci.ErrRegistryRateLimited) {
				assert.Greater(t, failure.RetryAfter, 59*time.Minute, "the tool knows how long to wait")
			}

			f, endpoint = startFaulty(t, faults.Rule{On: tt.on, Do: tt.fault})
			opts := failing(t, endpoint)
			opts.Registry.Retry.MaxAttempts = 1
			_, err = attempt(t, opts)
			requireFailure(t, err, tt.kind, tt.retryable)
			assert.LessOrEqual(t, count(f, faults.UploadOpen), tt.once, "the loop is that of the tool")
		})
	}
}

// Some faults are no responses.
func TestAdopterRetriesConnections(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	_, silent := startFaulty(t, faults.Rule{On: []faults.Kind{faults.UploadOpen}, Do: faults.Silence()})
	unknown := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "registry.example.com", IsNotFound: true}
	}}
	for _, tt := range []struct {
		name, endpoint string
		connect        func(*oci.RegistryOptions)
		retryable      bool
		text           string
	}{
		{"refused", host(closed), func(*oci.RegistryOptions) {}, true, "refused"},
		{"unknown host", "registry.example.com", func(o *oci.RegistryOptions) { o.Transport = unknown }, false, "no such host"},
		{"silence", silent, func(o *oci.RegistryOptions) { o.Timeout = time.Second }, true, "not done within 1s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := failing(t, tt.endpoint)
			tt.connect(&opts.Registry)
			_, err := attempt(t, opts)
			requireFailure(t, err, oci.ErrRegistryUnreachable, tt.retryable)
			require.ErrorContains(t, err, tt.text)
		})
	}
}

// GHCR denies good credentials and redirects to itself, for moments.
func TestAdopterSurvivesMoments(t *testing.T) {
	for _, tt := range []struct {
		fault faults.Fault
		times int
	}{
		{faults.Status(403, "DENIED"), 2}, {faults.Status(401, "UNAUTHORIZED"), 2}, {faults.Status(503, ""), 4}, {faults.Cut(), 4},
	} {
		t.Run(tt.fault.Name, func(t *testing.T) {
			_, endpoint := startFaulty(t, faults.Rule{On: []faults.Kind{faults.Token}, First: tt.times, Do: tt.fault})
			_, err := attempt(t, failing(t, endpoint))
			require.NoError(t, err)
		})
	}
	t.Run("redirect loop", func(t *testing.T) {
		_, endpoint := startFaulty(t, faults.Rule{On: []faults.Kind{faults.Token}, First: 2 * 10, Do: faults.Redirect("")})
		_, err := attempt(t, failing(t, endpoint))
		require.NoError(t, err)
	})
}

// A controller has the Docker configuration of a Secret, and no file.
func TestAdopterUsesADockerConfigInBytes(t *testing.T) {
	_, endpoint := startFaulty(t)
	for _, tt := range []struct {
		name, config string
		want         error
	}{
		{"a host", fmt.Sprintf(`{"auths":{%q:{"username":"ci","password":%q}}}`, endpoint, canary), nil},
		{"a URL", fmt.Sprintf(`{"auths":{"http://%s/v1/":{"username":"ci","password":%q}}}`, endpoint, canary), nil},
		{"a helper of all hosts", fmt.Sprintf(`{"auths":{%q:{}},"credsStore":"x"}`, endpoint), oci.ErrInvalidCredential},
		{"a helper of the host", fmt.Sprintf(`{"credHelpers":{%q:"x"}}`, endpoint), oci.ErrInvalidCredential},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := failing(t, endpoint)
			opts.Username, opts.Password, opts.Registry.DockerConfigJSON = "", "", []byte(tt.config)
			_, err := attempt(t, opts)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.want)
			assert.NotEmpty(t, oci.Hint(err))
			assert.False(t, oci.Retryable(err))
		})
	}
}
