package registry_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// answers are unexpected responses, and their kinds for a client without a credential.
// Code is empty for a response without a registry's error body.
var answers = []struct {
	status int
	code   string
	kind   error
}{
	{200, "", registry.ErrNotRegistry},
	{204, "", registry.ErrNotRegistry},
	{304, "", registry.ErrNotRegistry},
	{400, "", registry.ErrInvalid},
	{400, "MANIFEST_INVALID", registry.ErrInvalid},
	{401, "", registry.ErrAuthRequired},
	{401, "UNAUTHORIZED", registry.ErrAuthRequired},
	{403, "", registry.ErrNotRegistry},
	{403, "DENIED", registry.ErrAuthRequired},
	{404, "", registry.ErrNotRegistry},
	{404, "NAME_UNKNOWN", registry.ErrNotFound},
	{404, "BLOB_UPLOAD_UNKNOWN", registry.ErrNotFound},
	{403, "TOOMANYREQUESTS", registry.ErrRateLimited},
	{408, "", registry.ErrServer},
	{425, "", registry.ErrServer},
	{405, "", registry.ErrNotRegistry},
	{405, "UNSUPPORTED", registry.ErrUnsupported},
	{409, "TAG_IMMUTABLE", registry.ErrInvalid},
	{412, "PRECONDITION", registry.ErrInvalid},
	{413, "", registry.ErrTooLarge},
	{413, "SIZE_INVALID", registry.ErrTooLarge},
	{415, "", registry.ErrUnsupported},
	{416, "", registry.ErrInvalid},
	{429, "", registry.ErrRateLimited},
	{429, "TOOMANYREQUESTS", registry.ErrRateLimited},
	{500, "", registry.ErrServer},
	{500, "UNKNOWN", registry.ErrServer},
	{501, "", registry.ErrNotRegistry},
	{501, "UNSUPPORTED", registry.ErrUnsupported},
	{503, "", registry.ErrServer},
	{503, "UNAVAILABLE", registry.ErrServer},
	{507, "", registry.ErrServer},
	{511, "", registry.ErrNotRegistry},
}

var kinds = []error{
	registry.ErrAuthRequired, registry.ErrPermissionDenied, registry.ErrNotFound,
	registry.ErrTagConflict, registry.ErrTLSMismatch, registry.ErrNotRegistry, registry.ErrUnreachable,
	registry.ErrRateLimited, registry.ErrTooLarge, registry.ErrInvalid, registry.ErrUnsupported, registry.ErrServer,
	registry.ErrCorrupt,
}

// once is for tests that count requests: nothing is retried.
var once = registry.RetryPolicy{MaxAttempts: 1}

// requireKind asserts that err matches kind and none of its siblings.
func requireKind(t *testing.T, err, kind error) *registry.Error {
	t.Helper()
	failed := requireError(t, err)
	require.Equal(t, kind, failed.Kind, err.Error())
	for _, other := range kinds {
		same := other == kind || other == registry.ErrUnreachable &&
			(kind == registry.ErrNotRegistry || kind == registry.ErrTLSMismatch)
		if same {
			require.ErrorIs(t, err, other)
		} else {
			require.NotErrorIs(t, err, other)
		}
	}
	return failed
}

func TestPushIsRefused(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, step := range []struct {
		name     string
		requests []string // beside the one for the tag
		may      []string // be on the way
		tag      string   // in the error
	}{
		{"POST blobs/uploads/", nil, []string{openUpload("config"), openUpload("layer")}, ""},
		{"PUT blobs/uploads/", nil, append(uploads[:len(uploads):len(uploads)], cancellation, cancellation), ""},
		{"PUT manifests/", append(uploads[:4:4], "PUT manifests/v1"), nil, ":v1"},
	} {
		for _, answer := range answers {
			manifest := step.name == "PUT manifests/"
			switch {
			case answer.status == http.StatusNotFound && !strings.HasPrefix(step.name, "POST"):
				answer.kind = registry.ErrNotFound // the host has accepted something, so it is a registry
			case answer.kind == registry.ErrNotRegistry && (answer.status == 405 || answer.status == 501) && !strings.HasPrefix(step.name, "POST"):
				answer.kind = registry.ErrUnsupported
			}
			want, may := append([]string{"GET manifests/v1"}, step.requests...), step.may
			if strings.HasPrefix(step.name, "POST") && slices.Contains(mountRefusals, answer.status) {
				may = append(may[:2:2], plainUpload, plainUpload)
			}
			if answer.status/100 == 2 { // it may have been stored
				may = append(may, "HEAD manifests/v1", "GET manifests/v1", "HEAD blobs/config", "HEAD blobs/layer")
			}
			if manifest && answer.status >= http.StatusBadRequest { // it may have been set, or have pointed to another manifest
				may = []string{"HEAD manifests/v1", "GET manifests/v1"}
			}
			t.Run(fmt.Sprintf("%s %d %s", step.name, answer.status, answer.code), func(t *testing.T) {
				srv := start(t, memregistry.Options{}, fault{step.name, status(answer.status, answer.code)})
				result, err := a.push(t, srv.client(t, registry.Options{Retry: once}), registry.PushOptions{}, "v1")
				failed := requireKind(t, err, answer.kind)
				assert.Zero(t, result)
				assert.Equal(t, answer.status, failed.StatusCode)
				assert.Equal(t, answer.code, failed.Code)
				assert.Equal(t, "push to", failed.Op)
				assert.Equal(t, srv.host+"/"+repository+step.tag, failed.Reference)
				requireRequests(t, srv.requests(a), want, may...) // nothing is retried
				assert.Empty(t, srv.digestOf(t, "v1"))
			})
		}
	}
}

// mountRefusals are the statuses of registries that do not support mounting.
var mountRefusals = []int{400, 403, 404, 405, 422, 501}

// Some registries refuse lookups of missing tags, or all reads with write-only
// credentials, with various statuses. Others do not support mounting.
func TestPushThoughQuestionsAreRefused(t *testing.T) {
	const get, mount = "GET manifests/", "POST blobs/uploads/?mount="
	all := []int{400, 401, 403, 404, 405, 409, 413, 422, 501}
	plain := []string{plainUpload, plainUpload, upload("config"), upload("layer")}
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		name  string
		steps []string
		codes []int
		up    []string // requests that upload
	}{
		{"tag", []string{get}, all, uploads},
		{"mount", []string{mount}, mountRefusals, plain},
		{"both", []string{get, mount}, mountRefusals, plain},
	} {
		for _, code := range tt.codes {
			for _, opts := range []registry.Options{{}, {Credential: ci}} {
				t.Run(fmt.Sprintf("%s %d %s", tt.name, code, opts.Credential.Username), func(t *testing.T) {
					var faults []fault
					for _, step := range tt.steps {
						faults = append(faults, fault{step, status(code, "")})
					}
					want := slices.Concat([]string{"GET manifests/v1"}, tt.up, []string{"PUT manifests/v1"})
					may := []string{openUpload("config"), openUpload("layer")} // one of them suffices
					server := memregistry.Options{}
					if !opts.Credential.IsZero() { // the first challenge follows one of these
						server.Users = users
						may = append(may, "GET manifests/v1", openUpload("config"), openUpload("layer"), plainUpload, plainUpload)
					}
					srv := start(t, server, faults...)
					result, err := a.push(t, srv.client(t, opts), registry.PushOptions{}, "v1")
					require.NoError(t, err)
					assert.False(t, result.Unchanged)
					assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
					requireRequests(t, srv.requests(a), want, may...)
				})
			}
		}
	}
}

// A web server, or a registry behind a login page.
func TestPushToAWebServer(t *testing.T) {
	login := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			page(http.StatusOK)(w, r)
			return
		}
		http.Redirect(w, r, "/login?state="+password, http.StatusFound)
	}
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"a page for everything", page(http.StatusOK)},
		{"a page with status 404", page(http.StatusNotFound)},
		{"a page with status 400", page(http.StatusBadRequest)},
		{"a login page", login},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"", tt.handler})
			client := srv.client(t, registry.Options{})
			_, err := a.push(t, client, registry.PushOptions{}, "v1")
			requireKind(t, err, registry.ErrNotRegistry)
			requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrNotRegistry)
		})
	}
}

// A refusal after a credential was sent concerns that credential.
func TestRefusalOfACredential(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
	}{
		{401, "UNAUTHORIZED"}, {401, ""}, {403, "DENIED"},
	} {
		t.Run(fmt.Sprintf("%d %s", tt.status, tt.code), func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users}, fault{"PUT manifests/", status(tt.status, tt.code)})
			_, err := newArtifact(t, "demo").push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
			failed := requireKind(t, err, registry.ErrPermissionDenied)
			assert.Equal(t, tt.status, failed.StatusCode)
			assert.Equal(t, tt.code, failed.Code)
		})
	}
}

func TestReadingIsRefused(t *testing.T) {
	for _, tt := range []struct {
		status int
		kind   error
	}{
		{401, registry.ErrAuthRequired},
		{403, registry.ErrAuthRequired},
		{404, registry.ErrNotFound},
		{405, registry.ErrUnsupported},
		{415, registry.ErrUnsupported},
		{429, registry.ErrRateLimited},
		{500, registry.ErrServer},
		{503, registry.ErrServer},
	} {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{"", status(tt.status, "UNKNOWN")})
			client := srv.client(t, registry.Options{})

			_, err := client.Resolve(t.Context(), repository, "v1")
			failed := requireKind(t, err, tt.kind)
			assert.Equal(t, tt.status, failed.StatusCode)
			assert.Equal(t, "resolve", failed.Op)
			assert.Equal(t, srv.host+"/"+repository+":v1", failed.Reference)

			exists, err := client.Exists(t.Context(), repository, "v1")
			assert.False(t, exists)
			if tt.status == http.StatusNotFound {
				require.NoError(t, err)
			} else {
				requireKind(t, err, tt.kind)
			}
		})
	}
}
