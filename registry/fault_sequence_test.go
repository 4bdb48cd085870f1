package registry_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/registry"
)

const (
	token        = faults.Token
	uploadOpen   = faults.UploadOpen
	uploadPut    = faults.UploadPut
	uploadDelete = faults.UploadDelete
	blobHead     = faults.BlobHead
	manifestPut  = faults.ManifestPut
	manifestHead = faults.ManifestHead
	manifestGet  = faults.ManifestGet
)

// kinds returns the kinds of the requests, in order.
func (f *faulty) kinds() (kinds []faults.Kind) {
	for _, seen := range f.Seen() {
		kinds = append(kinds, seen.Kind)
	}
	return kinds
}

// times returns when the requests of a kind arrived.
func (f *faulty) times(kind faults.Kind) (times []time.Time) {
	for _, seen := range f.Seen() {
		if seen.Kind == kind {
			times = append(times, seen.At)
		}
	}
	return times
}

// newSmallArtifact returns an artifact of one blob, so that the order of its requests is
// fixed.
func newSmallArtifact(t testing.TB) artifact {
	t.Helper()
	return newArtifact(t, "demo").with(t, "small")
}

func TestSequenceOfAPush(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts memregistry.Options
		rule faults.Rule
		want []faults.Kind
	}{
		{
			"no fault", memregistry.Options{}, faults.Rule{On: on(faults.Other)},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, manifestPut},
		},
		{
			"no upload opened", memregistry.Options{}, faults.Rule{On: on(uploadOpen), First: 2, Do: faults.Status(503, "")},
			[]faults.Kind{manifestGet, uploadOpen, blobHead, uploadOpen, blobHead, uploadOpen, blobHead, uploadOpen, uploadPut, manifestPut},
		},
		{
			"upload cut", memregistry.Options{}, faults.Rule{On: on(uploadPut), First: 1, Do: faults.CutBody(5)},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, blobHead, uploadOpen, uploadPut, manifestPut},
		},
		{
			"upload lost", memregistry.Options{}, faults.Rule{On: on(uploadPut), First: 1, Do: faults.Status(404, "BLOB_UPLOAD_UNKNOWN")},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, blobHead, uploadOpen, uploadPut, manifestPut},
		},
		{
			"uploaded, and not said", memregistry.Options{}, faults.Rule{On: on(uploadPut), First: 1, Do: faults.CutResponse()},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, blobHead, manifestPut},
		},
		{
			"tagged, and not said", memregistry.Options{}, faults.Rule{On: on(manifestPut), First: 1, Do: faults.CutResponse()},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, manifestPut, manifestHead},
		},
		{
			"perhaps tagged", memregistry.Options{}, faults.Rule{On: on(manifestPut), First: 1, Do: faults.Status(503, "")},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, manifestPut, manifestHead, manifestGet, manifestPut},
		},
		{
			"not tagged", memregistry.Options{}, faults.Rule{On: on(manifestPut), First: 1, Do: faults.Status(429, "")},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, manifestPut, manifestPut},
		},
		{
			"no digest of the tag", memregistry.Options{}, faults.Rule{On: on(manifestPut), Do: faults.Header("Docker-Content-Digest", "")},
			[]faults.Kind{manifestGet, uploadOpen, uploadPut, manifestPut, manifestHead},
		},
		{
			"token", private, faults.Rule{On: on(faults.Other)},
			[]faults.Kind{manifestGet, token, manifestGet, uploadOpen, uploadPut, manifestPut},
		},
		{
			"no token at first", private, faults.Rule{On: on(token), First: 1, Do: faults.Status(500, "")},
			[]faults.Kind{manifestGet, token, manifestGet, token, manifestGet, uploadOpen, uploadPut, manifestPut},
		},
		{
			"token that expires", private, faults.Rule{On: on(uploadPut), First: 1, Do: faults.Expired()},
			[]faults.Kind{manifestGet, token, manifestGet, uploadOpen, uploadPut, token, uploadPut, manifestPut},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFaults(t, tt.opts, 0, []faults.Rule{tt.rule}, func(t *testing.T, f *faulty) {
				a := newSmallArtifact(t)
				_, err := a.push(t, f.client(t, registry.Options{}), registry.PushOptions{}, "v1")
				require.NoError(t, err)
				assert.Equal(t, tt.want, f.kinds())
				assert.True(t, requireTag(t, f.past, a, "v1"))
			})
		})
	}
}

// After a final refusal nothing is retried, and nothing is left behind.
func TestFinalFailures(t *testing.T) {
	push := func(t *testing.T, c *registry.Client) error {
		_, err := newSmallArtifact(t).push(t, c, registry.PushOptions{}, "v1")
		return err
	}
	verify := func(t *testing.T, c *registry.Client) error { return c.VerifyAccess(t.Context(), repository) }
	pull := func(t *testing.T, c *registry.Client) error { _, err := pullTo(t, c); return err }
	for _, tt := range []struct {
		on   faults.Kind
		run  func(*testing.T, *registry.Client) error
		want []faults.Kind
	}{
		{uploadOpen, verify, []faults.Kind{uploadOpen}},
		{uploadPut, push, []faults.Kind{manifestGet, uploadOpen, uploadPut, uploadDelete}},
		{manifestPut, push, []faults.Kind{manifestGet, uploadOpen, uploadPut, manifestPut}},
		{manifestGet, pull, []faults.Kind{manifestGet}},
	} {
		for _, status := range []int{400, 403, 404, 405, 409, 413, 415, 501, 505, 507, 511} {
			if tt.on == uploadPut && status == http.StatusNotFound {
				continue // a lost upload
			}
			t.Run(fmt.Sprint(tt.on, " ", status), func(t *testing.T) {
				rules := []faults.Rule{{On: on(tt.on), Do: faults.Status(status, "SORRY")}}
				inFaults(t, memregistry.Options{}, 0, rules, func(t *testing.T, f *faulty) {
					failed := requireError(t, tt.run(t, f.client(t, registry.Options{})))
					assert.Equal(t, status, failed.StatusCode)
					want := tt.want
					if tt.on == manifestPut && status == http.StatusConflict { // it is asked for the tag
						want = append(slices.Clip(want), manifestHead, manifestGet)
					}
					assert.Equal(t, want, f.kinds())
				})
			})
		}
	}
}

// A connection that fails in the same way every time is not retried.
func TestFinalConnectionFailures(t *testing.T) {
	for _, tt := range []struct {
		name     string
		err      error
		attempts int
	}{
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, 1},
		{"TLS that is refused", &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, 1},
		{"unknown host", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, 1},
		{"plain HTTP", http.ErrSchemeMismatch, 1},
		{"name server that is busy", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}, 6},
		{"connection that was idle", errors.New("http: server closed idle connection"), 6}, // net/http has no type for it
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
					attempts++
					return nil, tt.err
				})})
				requireOutcome(t, kindOnly(client.VerifyAccess(t.Context(), repository)), registry.ErrUnreachable)
				assert.Equal(t, tt.attempts, attempts)
			})
		})
	}
}

// kindOnly returns ErrUnreachable for every error that matches it.
func kindOnly(err error) error {
	if failed, ok := errors.AsType[*registry.Error](err); ok && errors.Is(failed.Kind, registry.ErrUnreachable) {
		failed.Kind = registry.ErrUnreachable
	}
	return err
}

func TestAttempts(t *testing.T) {
	for given, want := range map[int]int{0: 6, 1: 1, 3: 3} {
		for _, kind := range []faults.Kind{manifestGet, uploadOpen, uploadPut, manifestPut} {
			t.Run(fmt.Sprint(kind, " ", given), func(t *testing.T) {
				rules := []faults.Rule{{On: on(kind), Do: faults.Cut()}}
				inFaults(t, memregistry.Options{}, 0, rules, func(t *testing.T, f *faulty) {
					f.network.DisableKeepAlives = true // net/http retries some requests by itself
					opts := registry.Options{Retry: registry.RetryPolicy{MaxAttempts: given, MinWait: time.Second}}
					_, err := newSmallArtifact(t).push(t, f.client(t, opts), registry.PushOptions{}, "v1")
					requireKind(t, err, registry.ErrUnreachable)
					assert.Equal(t, want, f.count(kind))
				})
			})
		}
	}
}

// A token that is never accepted is not requested again and again.
func TestTokenIsRenewedOnce(t *testing.T) {
	rules := []faults.Rule{{On: on(uploadPut), Do: faults.Expired()}}
	inFaults(t, private, 0, rules, func(t *testing.T, f *faulty) {
		_, err := newSmallArtifact(t).push(t, f.client(t, registry.Options{}), registry.PushOptions{}, "v1")
		requireKind(t, err, registry.ErrPermissionDenied)
		want := []faults.Kind{manifestGet, token, manifestGet, uploadOpen, uploadPut, token, uploadPut, uploadDelete}
		assert.Equal(t, want, f.kinds())
	})
}

// A cancelled push leaves no upload behind.
func TestUploadIsCancelledWithTheContext(t *testing.T) {
	inFaults(t, private, 0, []faults.Rule{{On: on(uploadPut), Do: faults.Silence()}}, func(t *testing.T, f *faulty) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		a, began := newSmallArtifact(t), time.Now()
		_, err := f.client(t, registry.Options{}).Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
		require.ErrorIs(t, err, context.Canceled)
		assert.LessOrEqual(t, time.Since(began), 4*time.Second)
		want := []faults.Kind{manifestGet, token, manifestGet, uploadOpen, uploadPut, uploadDelete}
		assert.Equal(t, want, f.kinds())
		assert.False(t, requireTag(t, f.past, a, "v1"))
	})
}
