package registry_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// opened answers POST with a location for the upload.
func opened(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusAccepted)
	}
}

func TestVerifyAccess(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv, a := start(t, opts), newArtifact(t, "demo")
		client := srv.client(t, registry.Options{Credential: ci})
		require.NoError(t, client.VerifyAccess(t.Context(), repository))

		probe := strings.Join(srv.requests(a), ", ")
		assert.NotContains(t, probe, "HEAD", "reading is not verified")
		assert.NotContains(t, probe, "PUT")
		assert.True(t, strings.HasSuffix(probe, "POST blobs/uploads/, DELETE blobs/uploads/id"), probe)
	})
}

func TestVerifyAccessCancelsTheUploadWhereItIs(t *testing.T) {
	for _, tt := range []struct{ name, location string }{
		{"relative", "/v2/" + repository + "/blobs/uploads/7?_state=a%2Fb&_state=c%3D"},
		{"elsewhere on the host", "/artifacts-uploads/7?_state=a%2Fb&_state=c%3D"},
		{"absolute", "http://HOST/uploads/7?_state=a%2Fb&_state=c%3D"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var cancelled []string
			srv := newServer(memregistry.Options{},
				fault{"DELETE", func(w http.ResponseWriter, r *http.Request) {
					cancelled = append(cancelled, r.URL.String())
					w.WriteHeader(http.StatusNoContent)
				}},
				fault{"POST blobs/uploads/", func(w http.ResponseWriter, r *http.Request) {
					opened(strings.Replace(tt.location, "HOST", r.Host, 1))(w, r)
				}})
			srv.Start()
			t.Cleanup(srv.Close)
			client := newClient(t, srv.URL, registry.Options{})
			require.NoError(t, client.VerifyAccess(t.Context(), repository))
			assert.Equal(t, []string{strings.TrimPrefix(tt.location, "http://HOST")}, cancelled)
		})
	}
}

// An upload that is not cancelled expires in any case.
func TestVerifyAccessIgnoresTheResponseToTheCancellation(t *testing.T) {
	for _, code := range []int{202, 302, 400, 401, 403, 404, 405, 429, 500, 503} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"DELETE", status(code, "UNKNOWN")})
			require.NoError(t, srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository))
			assert.Equal(t, 1, srv.count("DELETE"))
		})
	}
	t.Run("connection cut", func(t *testing.T) {
		srv := start(t, memregistry.Options{}, fault{"DELETE", abort})
		require.NoError(t, srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository))
	})
}

// A push would fail there, so access is not verified.
func TestVerifyAccessWithoutALocation(t *testing.T) {
	for _, tt := range []struct {
		location string
		kind     error
	}{
		{"", registry.ErrNotRegistry},
		{":", registry.ErrNotRegistry},
		{"https://localhost:5000/", registry.ErrUnsupported},
		{"http://localhost/", registry.ErrUnsupported},
		{"http://127.0.0.1:5000/", registry.ErrUnsupported},
		{"ftp://localhost:5000/", registry.ErrUnsupported},
		{"//other:5000/", registry.ErrUnsupported},
	} {
		t.Run(tt.location, func(t *testing.T) {
			var methods []string
			client := newClient(t, "localhost:5000", registry.Options{
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					methods = append(methods, r.Method)
					return inProcess{opened(tt.location)}.RoundTrip(r)
				}),
			})
			requireKind(t, client.VerifyAccess(t.Context(), repository), tt.kind)
			assert.Equal(t, []string{http.MethodPost}, methods)
		})
	}
}

// RFC 3986 section 6.2.3: the default port can be written or omitted.
func TestVerifyAccessKnowsDefaultPorts(t *testing.T) {
	for _, tt := range []struct{ endpoint, location string }{
		{"registry.example.com:443", "https://registry.example.com/upload"},
		{"registry.example.com", "https://Registry.example.com:443/upload"},
		{"http://registry.example.com", "http://registry.example.com:80/upload"},
	} {
		client := newClient(t, tt.endpoint, registry.Options{Transport: inProcess{opened(tt.location)}})
		require.NoError(t, client.VerifyAccess(t.Context(), repository), tt.endpoint)
	}
}

func TestVerifyAccessAnswers(t *testing.T) {
	for _, answer := range answers {
		if answer.status == http.StatusBadRequest && answer.code == "" {
			answer.kind = registry.ErrNotRegistry // the host has not responded as a registry before
		}
		t.Run(fmt.Sprintf("%d %s", answer.status, answer.code), func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"POST", status(answer.status, answer.code)})
			err := srv.client(t, registry.Options{Retry: once}).VerifyAccess(t.Context(), repository)
			assert.Equal(t, []string{"POST blobs/uploads/"}, srv.log, "there is nothing to cancel")
			failed := requireKind(t, err, answer.kind)
			assert.Equal(t, answer.status, failed.StatusCode)
			assert.Equal(t, answer.code, failed.Code)
			assert.Equal(t, "verify access to", failed.Op)
			assert.Equal(t, srv.host+"/"+repository, failed.Reference)
		})
	}
}

// An error body of unreasonable size is not read to the end.
func TestVerifyAccessReadsLittleOfAnError(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"POST", refusal(http.StatusForbidden, "DENIED", strings.Repeat("x", 1<<20))})
	failed := requireKind(t, srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository), registry.ErrAuthRequired)
	assert.Empty(t, failed.Code)
}

// NAME_UNKNOWN has its meaning only with status 404.
func TestVerifyAccessNameUnknownWithAnotherStatus(t *testing.T) {
	for status, kind := range map[int]error{
		http.StatusBadRequest: registry.ErrInvalid,
		http.StatusForbidden:  registry.ErrAuthRequired,
		http.StatusOK:         registry.ErrUnsupported,
	} {
		srv := start(t, memregistry.Options{}, fault{"POST", refusal(status, "NAME_UNKNOWN", "no such project")})
		requireKind(t, srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository), kind)
	}
}

func TestVerifyAccessIllegalRepository(t *testing.T) {
	srv := start(t, memregistry.Options{})
	for _, name := range []string{"", "Apps", "apps/../x", "apps/"} {
		err := srv.client(t, registry.Options{}).VerifyAccess(t.Context(), name)
		require.ErrorIs(t, err, reference.ErrInvalidRepository)
	}
	assert.Empty(t, srv.log)
}

// The context ends after the upload was opened, and the upload is still cancelled.
func TestVerifyAccessCancelsTheUploadAfterTheContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	inner := memregistry.Handler(memregistry.Options{})
	var methods []string
	client := newClient(t, "localhost", registry.Options{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			methods = append(methods, r.Method)
			assert.NoError(t, r.Context().Err())
			response, err := inProcess{inner}.RoundTrip(r)
			cancel()
			return response, err
		}),
	})
	require.NoError(t, client.VerifyAccess(ctx, repository))
	assert.Equal(t, []string{http.MethodPost, http.MethodDelete}, methods)
}

func TestVerifyAccessLeavesNothingBehind(t *testing.T) {
	srv := start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{})
	for range 3 {
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
	}
	assert.Equal(t, srv.count("POST"), srv.count("DELETE"))
	a := newArtifact(t, "demo")
	exists, err := client.Exists(t.Context(), repository, a.Manifest.Digest.String())
	require.NoError(t, err)
	assert.False(t, exists)
	assert.Empty(t, srv.digestOf(t, "latest"))
}

// The token may be refused when the upload is cancelled. The access is verified nevertheless.
func TestVerifyAccessThoughTheTokenIsRefusedLater(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users, Bearer: true})
	srv.fail(fault{"DELETE", func(w http.ResponseWriter, r *http.Request) {
		srv.fail(fault{"GET /token", status(http.StatusForbidden, "DENIED")})
		challenge("http://"+r.Host+"/token").ServeHTTP(w, r)
	}})
	require.NoError(t, srv.client(t, registry.Options{Credential: ci}).VerifyAccess(t.Context(), repository))
	assert.Equal(t, 2, srv.count("GET /token"))
}
