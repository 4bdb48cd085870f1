package registry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// attach attaches a signature, which is then the only referrer.
func attach(t *testing.T, ctx context.Context, p *registry.Published) error {
	attached, err := p.Attach(ctx, signature)
	if err != nil {
		return err
	}
	found, err := p.Referrers(ctx, "")
	if err == nil && assert.Len(t, found, 1) {
		assert.Equal(t, attached.Digest, found[0].Digest)
	}
	return err
}

// An attachment whose response is lost is listed under a tag only if the registry does not
// list it itself.
func TestResponseToAnAttachmentIsLost(t *testing.T) {
	for name, api := range map[string]bool{"referrers API": true, "no referrers API": false} {
		t.Run(name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
			opts := step(func(ctx context.Context, p *registry.Published) error {
				lost := fault{"PUT manifests/", srv.once(func(w http.ResponseWriter, r *http.Request) {
					srv.registry.ServeHTTP(httptest.NewRecorder(), r)
					abort(w, r)
				})}
				if srv.fail(lost); !api {
					srv.fail(slices.Insert(srv.noReferrers(), 0, lost)...)
				}
				return attach(t, ctx, p)
			})
			_, err := a.push(t, srv.client(t, registry.Options{}), opts, "v1")
			require.NoError(t, err)
			assert.Equal(t, api, srv.digestOf(t, "sha256-"+a.Manifest.Digest.Encoded()) == "")
		})
	}
}

// Any success for the index of referrers is one if the registry has it then.
func TestOddSuccessOfAnAttachment(t *testing.T) {
	srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
	srv.fail(fault{"GET referrers/", status(http.StatusNotFound, "")}, fault{"PUT manifests/", func(w http.ResponseWriter, r *http.Request) {
		answering(http.StatusAccepted, "")(srv.registry).ServeHTTP(withoutSubject{w}, r)
	}})
	_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
		return attach(t, ctx, p)
	}), "v1")
	require.NoError(t, err)

	srv, a = start(t, memregistry.Options{}), newArtifact(t, "first")
	srv.fail(fault{"PUT manifests/sha256-", bare(http.StatusAccepted)}, srv.noReferrers()[0], srv.noReferrers()[1])
	_, err = a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
		return attach(t, ctx, p)
	}), "v1")
	require.ErrorContains(t, err, "status 202")
}

// GHCR redirects questions for referrers to a web site, and other registries have a page
// there.
func TestPageInPlaceOfReferrers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		status   int
		redirect bool
	}{
		{"page", http.StatusOK, false},
		{"page elsewhere", http.StatusOK, true},
		{"no page elsewhere", http.StatusNotFound, true},
		{"too many requests elsewhere", http.StatusTooManyRequests, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{}), newArtifact(t, "first")
			answer := page(tt.status)
			if site := startStranger(t, answer); tt.redirect {
				answer = http.RedirectHandler(site.URL+"/packages", http.StatusSeeOther).ServeHTTP
			}
			srv.fail(slices.Insert(srv.noReferrers(), 0, fault{"GET referrers/", answer})...)
			_, err := a.push(t, srv.client(t, registry.Options{}), step(func(ctx context.Context, p *registry.Published) error {
				return attach(t, ctx, p)
			}), "v1")
			require.NoError(t, err)
			assert.Equal(t, 1, srv.count("GET referrers/"))
		})
	}
}
