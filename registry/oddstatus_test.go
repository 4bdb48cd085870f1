package registry_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// successes are all statuses of success, with those that the specification does not know.
var successes = []int{200, 201, 202, 203, 204, 205, 206, 207, 226, 299}

// answering lets the registry process the requests of a step, and replaces the status of
// a success.
func answering(code int, steps ...string) func(http.Handler) http.Handler {
	return func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, step := range steps {
				if strings.HasPrefix(describe(r), step) {
					w = &replacing{w, code}
				}
			}
			inner.ServeHTTP(w, r)
		})
	}
}

type replacing struct {
	http.ResponseWriter
	code int
}

func (w *replacing) WriteHeader(status int) {
	if status/100 == 2 {
		status = w.code
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *replacing) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// bare responds with a status and nothing else, and ignores the request.
func bare(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// Any success for a manifest or a blob is one if the registry has it then.
func TestOddSuccessOfWhatIsStored(t *testing.T) {
	for _, step := range []string{"PUT manifests/", "PUT blobs/uploads/"} {
		for _, code := range successes {
			t.Run(fmt.Sprint(step, code), func(t *testing.T) {
				inner := memregistry.Handler(memregistry.Options{})
				client := newClient(t, "localhost", registry.Options{Retry: once, Transport: inProcess{answering(code, step)(inner)}})
				a := newArtifact(t, "demo")
				_, err := a.push(t, client, registry.PushOptions{}, "v1")
				require.NoError(t, err)
				assert.True(t, requireTag(t, newClient(t, "localhost", registry.Options{Transport: inProcess{inner}}), a, "v1"))
			})
		}
	}
}

// If the registry does not have it, the error names the status, and never a host that
// cannot be reached.
func TestOddSuccessOfWhatIsNotStored(t *testing.T) {
	const allow = ", which the specification does not allow"
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		step, object, rest string
		expected           []int // statuses that the specification has
	}{
		{"PUT manifests/", "PUT of a manifest", "; the tag may be set", []int{201}},
		{"PUT blobs/uploads/", "PUT of an upload", "", []int{201}},
		{"POST blobs/uploads/", "POST of an upload", "", []int{201, 202}},
	} {
		for _, code := range successes {
			t.Run(fmt.Sprint(tt.step, code), func(t *testing.T) {
				for _, expected := range tt.expected {
					if code == expected {
						return
					}
				}
				srv := start(t, memregistry.Options{}, fault{tt.step, bare(code)})
				_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
				failed := requireKind(t, err, registry.ErrUnsupported)
				assert.Equal(t, code, failed.StatusCode)
				assert.False(t, failed.Retryable())
				assert.Contains(t, err.Error(), fmt.Sprintf("the registry responds to %s with status %d%s%s", tt.object, code, allow, tt.rest))
				assert.Equal(t, hintOdd, failed.Hint())
				assert.Empty(t, srv.digestOf(t, "v1"))
			})
		}
	}
}

const hintOdd = "check whether a proxy changes the responses of the registry; otherwise report the status to the owner of the registry"

func TestOddSuccessOfOtherRequests(t *testing.T) {
	a := newArtifact(t, "demo")
	pull := func(c *registry.Client) error {
		dst := new(packager.Store)
		defer func() { _ = dst.Close() }()
		_, err := c.Pull(t.Context(), repository, "v1", dst, registry.PullOptions{})
		return err
	}
	for _, tt := range []struct {
		step, object string
		run          func(*registry.Client) error
	}{
		{"GET blobs/", "GET of a blob", pull},
		{"GET manifests/", "GET of a manifest", pull},
		{"POST blobs/uploads/", "POST of an upload", func(c *registry.Client) error { return c.VerifyAccess(t.Context(), repository) }},
		{"GET tags/", "GET of the list of tags", func(c *registry.Client) error { return c.VerifyReadAccess(t.Context(), repository) }},
	} {
		for _, code := range successes[1:] {
			if code == http.StatusAccepted && tt.object == "POST of an upload" {
				continue // the expected status
			}
			t.Run(fmt.Sprint(tt.step, code), func(t *testing.T) {
				srv := stored(t, a, fault{tt.step, bare(code)})
				failed := requireKind(t, tt.run(srv.client(t, registry.Options{})), registry.ErrUnsupported)
				assert.Equal(t, code, failed.StatusCode)
				assert.Contains(t, failed.Error(), fmt.Sprintf("the registry responds to %s with status %d, which", tt.object, code))
			})
		}
	}
}

// What a tag points to is asked with GET if HEAD has an odd status, and a push that finds
// odd statuses for what it only looks up goes on.
func TestOddSuccessOfQuestions(t *testing.T) {
	a, old := newArtifact(t, "demo"), newArtifact(t, "old")
	for _, step := range []string{"GET manifests/", "HEAD "} {
		for _, code := range successes[1:] {
			t.Run(fmt.Sprint(step, code), func(t *testing.T) {
				srv := stored(t, old, fault{step, bare(code)})
				client := srv.client(t, registry.Options{})
				if step == "HEAD " {
					desc, err := client.Resolve(t.Context(), repository, "v1")
					require.NoError(t, err)
					assert.Equal(t, ocispec.MediaTypeImageManifest, desc.MediaType)
				}
				_, err := a.push(t, client, registry.PushOptions{}, "v1")
				require.NoError(t, err)
				assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
			})
		}
	}
}

// If the tag cannot be asked for, the outcome stays open, and the error states that.
func TestOddSuccessThatCannotBeConfirmed(t *testing.T) {
	a := newArtifact(t, "demo")
	for name, h := range map[string]http.HandlerFunc{"refused": status(403, "DENIED"), "failed": status(503, "UNAVAILABLE"), "cut": abort} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, memregistry.Options{})
			destination, err := srv.client(t, registry.Options{}).Lookup(t.Context(), repository, []string{"v1"}, registry.PushOptions{})
			require.NoError(t, err)
			srv.fail(fault{"PUT manifests/", bare(202)}, fault{"HEAD manifests/", h}, fault{"GET manifests/", h})
			_, err = destination.Push(t.Context(), a.store, a.Manifest)
			failed := requireKind(t, err, registry.ErrUnsupported)
			assert.Equal(t, 202, failed.StatusCode)
			assert.Contains(t, err.Error(), "the tag may be set")
		})
	}
}

// A page with an odd status may hide that the tag is set, too.
func TestPageForATag(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := start(t, memregistry.Options{}, fault{"PUT manifests/", page(http.StatusOK)})
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	requireKind(t, err, registry.ErrNotRegistry)
	require.EqualError(t, err, "push to "+srv.host+"/"+repository+":v1: the response is not from an OCI registry: status 200, OK: text/html; the tag may be set")
}
