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

// registry is the one in memory.
type registry = http.Handler

// What registries do differently, and the library gets along with. Each is what
// one of those in the table of the README does, or what is known of others, and
// nothing else of the suite fails for it.
func TestDifferences(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(http.ResponseWriter, *http.Request, registry)
		// The case that shows the difference, and what came of it.
		shown   string
		outcome registrysuite.Outcome
		note    string
	}{
		{"uploads go to a path", placeIs("%[2]s"), "place of an upload", registrysuite.Passed, "a path"},
		{"uploads go to a URL with a query", placeIs("http://%[1]s%[2]s?_state=a%%2Fb"), "place of an upload", registrysuite.Passed, "a URL, with a query"},
		{"uploads go to a path with a query", placeIs("%[2]s?_state=a%%2Fb%%3D"), "place of an upload", registrysuite.Passed, "a path, with a query"},
		{"nothing is mounted", mountIs(0), "mount", registrysuite.Passed, "none: what is there is sent again"},
		{"mounting is an error", mountIs(405), "mount", registrysuite.Passed, "status 405: what is there is sent again"},
		{"uploads are not cancelled", refuse(http.MethodDelete, "/blobs/uploads/", 405), "cancel an upload", registrysuite.Passed, "status 405"},
		{"uploads are cancelled", refuse(http.MethodDelete, "/blobs/uploads/", 204), "cancel an upload", registrysuite.Passed, ""},
		{"referrers are unknown", refuse(http.MethodGet, "/referrers/", 404), "referrers", registrysuite.Unavailable, "status 404"},
		{"no blob is deleted", refuse(http.MethodDelete, "/blobs/sha256:", 405), "a blob that the registry has lost", registrysuite.Unavailable, "it loses none: status 405"},
		{"a lost blob is a bad request", lostIs(400, "MANIFEST_INVALID"), "a blob that the registry has lost", registrysuite.Passed, ""},
		{"a lost blob is not found", lostIs(404, "MANIFEST_BLOB_UNKNOWN"), "a blob that the registry has lost", registrysuite.Passed, ""},
		{"nothing is deleted", refuse(http.MethodDelete, "/manifests/", 405), "clean up", registrysuite.Unavailable, "status 405"},
		{"a missing repository is denied", missingIs(403, "DENIED"), "missing repository, tag and digest", registrysuite.Passed, "403 DENIED"},
		{"a missing repository is a missing manifest", missingIs(404, "MANIFEST_UNKNOWN"), "missing repository, tag and digest", registrysuite.Passed, "404 MANIFEST_UNKNOWN"},
		{"a missing repository is a missing name", missingIs(404, "NAME_UNKNOWN"), "missing repository, tag and digest", registrysuite.Passed, "404 NAME_UNKNOWN"},
		{"no digest is told", silentAbout("Docker-Content-Digest"), "exists, resolve", registrysuite.Passed, ""},
		{"manifests are got, and not asked for", refuse(http.MethodHead, "/manifests/", 404), "push again: nothing is sent", registrysuite.Passed, ""},
		{"blobs are never said to be there", refuse(http.MethodHead, "/blobs/", 401), "push, and read back byte for byte", registrysuite.Passed, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			memory := memregistry.Handler(memregistry.Options{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { row.do(w, r, memory) }))
			t.Cleanup(server.Close)
			t.Setenv("OCI_TEST_REGISTRY", server.Listener.Addr().String())
			source, err := registrytest.Find(t.Context(), registrytest.Given)
			require.NoError(t, err)
			report := registrysuite.Run(t, source, registrysuite.Options{LargeLayer: 1 << 20, Pushes: 4})
			shown := slices.IndexFunc(report.Results, func(r registrysuite.Result) bool { return r.Name == row.shown })
			require.GreaterOrEqual(t, shown, 0)
			assert.Equal(t, row.outcome, report.Results[shown].Outcome)
			assert.Equal(t, row.note, report.Results[shown].Note)
		})
	}
}

// answered is what the registry in memory says, to be changed before it is sent.
func answered(memory registry, r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	memory.ServeHTTP(recorder, r)
	return recorder
}

// send sends what was recorded.
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

// placeIs sends uploads to a place of a form, which is given the host and the path.
// Its query has to come back as it is.
func placeIs(form string) func(http.ResponseWriter, *http.Request, registry) {
	_, query, _ := strings.Cut(fmt.Sprintf(form, "", ""), "?")
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/uploads/") && !strings.HasPrefix(r.URL.RawQuery, query) {
			refusal(w, http.StatusBadRequest, "BLOB_UPLOAD_INVALID")
			return
		}
		resp := answered(memory, r)
		if resp.Code == http.StatusAccepted && r.Method == http.MethodPost {
			resp.Header().Set("Location", fmt.Sprintf(form, r.Host, resp.Header().Get("Location")))
		}
		send(w, resp)
	}
}

// mountIs answers what asks for a mount with a status, or opens an upload for 0.
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

// refuse answers requests of a method, for a path with something in it.
func refuse(method, path string, status int) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		if r.Method == method && strings.Contains(r.URL.Path, path) {
			refusal(w, status, "UNSUPPORTED")
			return
		}
		memory.ServeHTTP(w, r)
	}
}

// lostIs is how a manifest is refused that names a blob which is not there.
func lostIs(status int, code string) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		resp := answered(memory, r)
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") && resp.Code >= http.StatusBadRequest {
			refusal(w, status, code)
			return
		}
		send(w, resp)
	}
}

// missingIs is the answer to who asks for a manifest in a repository that does not
// exist.
func missingIs(status int, code string) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		resp := answered(memory, r)
		if strings.Contains(r.URL.Path, "/manifests/") && strings.Contains(resp.Body.String(), "NAME_UNKNOWN") {
			refusal(w, status, code)
			return
		}
		send(w, resp)
	}
}

// silentAbout leaves a header out of every answer.
func silentAbout(header string) func(http.ResponseWriter, *http.Request, registry) {
	return func(w http.ResponseWriter, r *http.Request, memory registry) {
		resp := answered(memory, r)
		resp.Header().Del(header)
		send(w, resp)
	}
}
