package registrysuite_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/registrysuite"
	"github.com/kubeoci/oci/internal/testing/registrytest"
)

// registry is the in-memory registry.
type registry = http.Handler

// The library works with all known differences between registries: those in
// docs/registries.md and some of other registries. Each shows in one case, and no other
// case fails because of it.
func TestDifferences(t *testing.T) {
	for i, tt := range []struct {
		name string
		do   func(http.ResponseWriter, *http.Request, registry)
		// The case that shows the difference, and its result.
		shown   string
		outcome registrysuite.Outcome
		note    string
	}{
		{"uploads go to a path", locationIs("%[2]s"), "location of an upload", registrysuite.Passed, "a path"},
		{"uploads go to a URL with a query", locationIs("http://%[1]s%[2]s?_state=a%%2Fb"), "location of an upload", registrysuite.Passed, "a URL, with a query"},
		{"uploads go to a path with a query", locationIs("%[2]s?_state=a%%2Fb%%3D"), "location of an upload", registrysuite.Passed, "a path, with a query"},
		{"nothing is mounted", mountIs(0), "mount", registrysuite.Passed, "none: existing blobs are sent again"},
		{"mounting is an error", mountIs(405), "mount", registrysuite.Passed, "status 405: existing blobs are sent again"},
		{"uploads are not cancelled", refuse(http.MethodDelete, "/blobs/uploads/", 405), "cancel an upload", registrysuite.Passed, "status 405"},
		{"uploads are cancelled", refuse(http.MethodDelete, "/blobs/uploads/", 204), "cancel an upload", registrysuite.Passed, ""},
		{"referrers are unknown", withoutReferrers, "referrers", registrysuite.Unavailable, "status 404"},
		{"attachments are listed under a tag", withoutReferrers, "steps between content and tags", registrysuite.Passed, "listed under a tag"},
		{"referrers are not announced", without("OCI-Subject"), "steps between content and tags", registrysuite.Passed, "listed by the referrers API, and under a tag"},
		{"conditions are evaluated", conditional(func(http.Header) {}), "conditions on setting a tag", registrysuite.Passed, "ETag, If-Match, If-None-Match"},
		{"weak ETags never match", conditional(weaken), "rules for tags", registrysuite.Passed, ""},
		{"conditions on new tags never hold", neverNew, "rules for tags", registrysuite.Passed, ""},
		{"no blob is deleted", refuse(http.MethodDelete, "/blobs/sha256:", 405), "a blob that the registry lost", registrysuite.Unavailable, "blobs cannot be deleted: status 405"},
		{"a lost blob is a bad request", lostIs(400, "MANIFEST_INVALID"), "a blob that the registry lost", registrysuite.Passed, ""},
		{"a lost blob is not found", lostIs(404, "MANIFEST_BLOB_UNKNOWN"), "a blob that the registry lost", registrysuite.Passed, ""},
		{"nothing is deleted", refuse(http.MethodDelete, "/manifests/", 405), "clean up", registrysuite.Unavailable, "status 405"},
		{"a missing repository is denied", missingIs(403, "DENIED"), "missing repository, tag and digest", registrysuite.Passed, "403 DENIED"},
		{"a missing repository is a missing manifest", missingIs(404, "MANIFEST_UNKNOWN"), "missing repository, tag and digest", registrysuite.Passed, "404 MANIFEST_UNKNOWN"},
		{"a missing repository is a missing name", missingIs(404, "NAME_UNKNOWN"), "missing repository, tag and digest", registrysuite.Passed, "404 NAME_UNKNOWN"},
		{"no digest is returned", without("Docker-Content-Digest"), "exists, resolve", registrysuite.Passed, ""},
		{"HEAD of a manifest is not found", refuse(http.MethodHead, "/manifests/", 404), "push again: nothing is sent", registrysuite.Passed, ""},
		{"HEAD of a blob is denied", refuse(http.MethodHead, "/blobs/", 401), "push, and pull byte for byte", registrysuite.Passed, ""},
	} {
		if testing.Short() && i%5 != 0 { // each runs the whole suite
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			memory := memregistry.Handler(memregistry.Options{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tt.do(w, r, memory) }))
			t.Cleanup(server.Close)
			t.Setenv("OCI_TEST_REGISTRY", server.Listener.Addr().String())
			source, err := registrytest.Find(t.Context(), registrytest.Given)
			require.NoError(t, err)
			report := registrysuite.Run(t, source, registrysuite.Options{LargeLayer: 1 << 20, Pushes: 4})
			shown := slices.IndexFunc(report.Results, func(r registrysuite.Result) bool { return r.Name == tt.shown })
			require.GreaterOrEqual(t, shown, 0)
			assert.Equal(t, tt.outcome, report.Results[shown].Outcome)
			assert.Equal(t, tt.note, report.Results[shown].Note)
		})
	}
}

// record returns the response of the in-memory registry, to be changed before it is
// sent.
func record(memory registry, r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	memory.ServeHTTP(recorder, r)
	return recorder
}

// send sends a recorded response.
func send(w http.ResponseWriter, resp *httptest.ResponseRecorder) {
	for name, values := range resp.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.Code)
	_, _ = w.Write(resp.Body.Bytes()) // the client is gone
}

func refusal(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status >= http.StatusBadRequest {
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": code}}}) // the client is gone
	}
}

// locationIs sends uploads to a location in a format of host and path, and requires
// its query unchanged in the next request.
func locationIs(form string) func(http.ResponseWriter, *http.Request, registry) {
	_, query, _ := strings.Cut(fmt.Sprintf(form, "", ""), "?")
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/uploads/") && !strings.HasPrefix(r.URL.RawQuery, query) {
			refusal(w, http.StatusBadRequest, "BLOB_UPLOAD_INVALID")
			return
		}
		resp := record(memory, r)
		if resp.Code == http.StatusAccepted && r.Method == http.MethodPost {
			resp.Header().Set("Location", fmt.Sprintf(form, r.Host, resp.Header().Get("Location")))
		}
		send(w, resp)
	}
}

// mountIs responds to mounts with a status, or opens an upload for 0.
func mountIs(status int) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		if r.Method == http.MethodPost && r.URL.Query().Has("mount") {
			if status != 0 {
				refusal(w, status, "UNSUPPORTED")
				return
			}
			r.URL.RawQuery = ""
		}
		memory.ServeHTTP(w, r)
	}
}

// refuse responds with a status to requests of a method whose path contains path.
func refuse(method, path string, status int) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		if r.Method == method && strings.Contains(r.URL.Path, path) {
			refusal(w, status, "UNSUPPORTED")
			return
		}
		memory.ServeHTTP(w, r)
	}
}

// lostIs responds with an error to a manifest that refers to a missing blob.
func lostIs(status int, code string) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		resp := record(memory, r)
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") && resp.Code >= http.StatusBadRequest {
			refusal(w, status, code)
			return
		}
		send(w, resp)
	}
}

// missingIs responds with an error to requests for a manifest in a missing repository.
func missingIs(status int, code string) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		resp := record(memory, r)
		if strings.Contains(r.URL.Path, "/manifests/") && strings.Contains(resp.Body.String(), "NAME_UNKNOWN") {
			refusal(w, status, code)
			return
		}
		send(w, resp)
	}
}

// without omits a header from every response.
func without(header string) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		resp := record(memory, r)
		resp.Header().Del(header)
		send(w, resp)
	}
}

// withoutReferrers lists no referrers, and does not announce that it would.
func withoutReferrers(w http.ResponseWriter, r *http.Request, memory registry) {
	if strings.Contains(r.URL.Path, "/referrers/sha256:") {
		refusal(w, http.StatusNotFound, "UNSUPPORTED")
		return
	}
	without("OCI-Subject")(w, r, memory)
}

// conditional evaluates the conditions of requests, and changes the headers of responses.
func conditional(change func(http.Header)) func(http.ResponseWriter, *http.Request, registry) {
	memory := memregistry.Handler(memregistry.Options{ConditionalPut: true})
	return func(w http.ResponseWriter, r *http.Request, _ registry) {
		resp := record(memory, r)
		change(resp.Header())
		send(w, resp)
	}
}

// weaken makes an ETag a weak one, which does not match itself (RFC 9110, section 8.8.3.2).
func weaken(header http.Header) {
	if etag := header.Get("ETag"); etag != "" {
		header.Set("ETag", "W/"+etag)
	}
}

// neverNew refuses tags that are to be set only if they do not exist.
func neverNew(w http.ResponseWriter, r *http.Request, memory registry) {
	if r.Header.Get("If-None-Match") != "" {
		refusal(w, http.StatusPreconditionFailed, "UNSUPPORTED")
		return
	}
	memory.ServeHTTP(w, r)
}
