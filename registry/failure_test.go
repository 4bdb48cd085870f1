package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/registry"
)

// stalls are ways in which a request is under way when that of another blob fails.
var stalls = []struct {
	name string
	// faults hold up the request, and call arrived then.
	faults func(srv *server, step string, arrived func()) []fault
}{
	{"no response", func(_ *server, step string, arrived func()) []fault {
		return []fault{{step, silence(arrived)}}
	}},
	{"a refusal that breaks off", func(_ *server, step string, arrived func()) []fault {
		return []fault{{step, stalledRefusal(http.StatusBadRequest, arrived)}}
	}},
	{"a failure that breaks off", func(_ *server, step string, arrived func()) []fault {
		return []fault{{step, stalledRefusal(http.StatusBadGateway, arrived)}}
	}},
	{"a token that is not there yet", func(srv *server, step string, arrived func()) []fault {
		return renewal(srv, step, silence(arrived))
	}},
	{"a token that breaks off", func(srv *server, step string, arrived func()) []fault {
		return renewal(srv, step, half(arrived))
	}},
}

// renewal refuses the token of a request, and answers the question for another one.
func renewal(srv *server, step string, answer http.HandlerFunc) []fault {
	var refused atomic.Bool
	return []fault{
		{step, func(w http.ResponseWriter, r *http.Request) {
			refused.Store(true)
			r.Header.Del("Authorization")
			srv.registry.ServeHTTP(w, r)
		}},
		{"GET /token", func(w http.ResponseWriter, r *http.Request) {
			if refused.Load() {
				answer(w, r)
				return
			}
			srv.registry.ServeHTTP(w, r)
		}},
	}
}

// stalledRefusal sends the status and the beginning of a body.
func stalledRefusal(status int, arrived func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"errors":[`)
		_ = http.NewResponseController(w).Flush()
		silence(arrived)(w, r)
	}
}

// The failure of one upload is that of the push, in whatever state the other upload is
// then.
func TestFailureWhileTheOtherUploadIsUnderWay(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, stall := range stalls {
		t.Run(stall.name, func(t *testing.T) {
			eachBlob(t, a, func(t *testing.T, step string, blob, other ocispec.Descriptor) {
				for _, otherStep := range blobSteps {
					t.Run("other "+otherStep.name, func(t *testing.T) {
						inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
							client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
							under := make(chan struct{})
							faults := stall.faults(srv, otherStep.of(other), func() { close(under) })
							srv.fail(append(faults, fault{step, func(w http.ResponseWriter, r *http.Request) {
								<-under
								synctest.Wait()
								status(http.StatusInsufficientStorage, "DENIED")(w, r)
							}})...)
							_, err := client.Push(t.Context(), a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
							failed := requireKind(t, err, registry.ErrServer)
							assert.Equal(t, http.StatusInsufficientStorage, failed.StatusCode, fmt.Sprint(err))
						})
					})
				}
			})
		})
	}
}

// The refusal to look up one tag decides, in whatever state the question for another one
// is then.
func TestRefusalWhileAnotherTagIsLookedUp(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, stall := range stalls {
		for _, tags := range [][]string{{"v1", "refused", "slow"}, {"v1", "slow", "refused"}} {
			t.Run(fmt.Sprint(stall.name, tags), func(t *testing.T) {
				inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
					client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
					under := make(chan struct{})
					faults := stall.faults(srv, "GET manifests/slow", func() { close(under) })
					srv.fail(append(faults, fault{"GET manifests/refused", func(w http.ResponseWriter, r *http.Request) {
						<-under
						synctest.Wait()
						status(http.StatusForbidden, "DENIED")(w, r)
					}})...)
					destination, err := client.Lookup(t.Context(), repository, tags, registry.PushOptions{})
					require.NoError(t, err)
					srv.fail()
					_, err = destination.Push(t.Context(), a.store, a.Manifest)
					assert.NoError(t, err)
				})
			})
		}
	}
}
