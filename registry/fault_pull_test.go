package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// inFaultsWithContent is inFaults for a registry that has an artifact under v1.
func inFaultsWithContent(t *testing.T, opts memregistry.Options, rules []faults.Rule, test func(*testing.T, *faulty, artifact)) {
	t.Helper()
	inFaults(t, opts, 0, rules, func(t *testing.T, f *faulty) {
		a := newArtifact(t, "demo")
		_, err := a.push(t, f.past, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		test(t, f, a)
	})
}

// pullTo pulls v1 to a new store.
func pullTo(t testing.TB, client *registry.Client) (*packager.Store, error) {
	t.Helper()
	dst := new(packager.Store)
	t.Cleanup(func() { _ = dst.Close() })
	_, err := client.Pull(t.Context(), repository, "v1", dst, registry.PullOptions{})
	return dst, err
}

// An interrupted response may have delivered a part.
var breaking = append(passing[:len(passing):len(passing)], []trouble{
	{faults.CutResponseBody(), registry.ErrUnreachable, time.Second},
	{faults.SilentResponse(), registry.ErrUnreachable, time.Minute},
}...)

func TestPullOutlastsFaults(t *testing.T) {
	for _, kind := range []faults.Kind{faults.Token, faults.ManifestGet, faults.BlobGet} {
		for _, tt := range breaking {
			t.Run(fmt.Sprint(kind, " ", tt.fault.Name), func(t *testing.T) {
				for _, times := range []int{min(2, tt.attempts()-1), 0} {
					rules := []faults.Rule{{On: on(kind), First: times, Do: tt.fault}}
					inFaultsWithContent(t, private, rules, func(t *testing.T, f *faulty, a artifact) {
						began := time.Now()
						dst, err := pullTo(t, f.client(t, registry.Options{}))
						if times > 0 {
							require.NoError(t, err)
							requireBlobs(t, a, dst)
						} else {
							requireKind(t, err, tt.kind)
							assert.GreaterOrEqual(t, f.count(kind), tt.attempts())
							exists, err := dst.Exists(t.Context(), a.Manifest)
							require.NoError(t, err)
							assert.False(t, exists)
						}
						assert.LessOrEqual(t, time.Since(began), 2*tt.within)
					})
				}
			})
		}
	}
}

func TestPullMeetsFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		on   faults.Kind
		do   faults.Fault
		want error
	}{
		{"corrupted manifest", faults.ManifestGet, faults.Corrupted(), registry.ErrNotRegistry},
		{"corrupted blob", faults.BlobGet, faults.Corrupted(), registry.ErrCorrupt},
		{"truncated manifest", faults.ManifestGet, faults.Truncated(), registry.ErrNotRegistry},
		{"truncated blob", faults.BlobGet, faults.Truncated(), registry.ErrCorrupt},
		{"another digest of the manifest", faults.ManifestGet, digestHeader, registry.ErrNotRegistry},
		{"no digest of the manifest", faults.ManifestGet, faults.Header("Docker-Content-Digest", ""), nil},
		{"no digest of a blob", faults.BlobGet, faults.Header("Docker-Content-Digest", ""), nil},
		{"page for a manifest", faults.ManifestGet, faults.Page(), registry.ErrNotRegistry},
		{"page for a blob", faults.BlobGet, faults.Page(), registry.ErrNotRegistry},
		{"redirect of a blob", faults.BlobGet, faults.Redirect("http://192.0.2.1"), nil},
		{"loop of a blob", faults.BlobGet, faults.Redirect(""), registry.ErrNotRegistry},
		{"lost manifest", faults.ManifestGet, faults.Status(404, "MANIFEST_UNKNOWN"), registry.ErrNotFound},
		{"slow blob", faults.BlobGet, faults.Slow(100 * time.Millisecond), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rule := faults.Rule{On: on(tt.on), Do: tt.do}
			if tt.want == nil {
				rule.First = 1
			}
			inFaultsWithContent(t, memregistry.Options{}, []faults.Rule{rule}, func(t *testing.T, f *faulty, a artifact) {
				dst, err := pullTo(t, f.client(t, registry.Options{}))
				requireOutcome(t, err, tt.want)
				if tt.want == nil {
					requireBlobs(t, a, dst)
				}
			})
		})
	}
}

// One kind of request may succeed after another failed.
func TestResolveMeetsFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   faults.Fault
		want error
	}{
		{"denial", faults.Status(404, ""), nil},
		{"no such method", faults.Status(405, ""), nil},
		{"no digest", faults.Header("Docker-Content-Digest", ""), nil},
		{"no size", faults.Header("Content-Length", ""), nil},
		{"no such digest", faults.Header("Docker-Content-Digest", "md5:1234"), registry.ErrNotRegistry},
		{"page", faults.Page(), registry.ErrNotRegistry},
		{"passing trouble", faults.Status(503, ""), registry.ErrServer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := []faults.Rule{{On: on(faults.ManifestHead), Do: tt.do}}
			inFaultsWithContent(t, private, rules, func(t *testing.T, f *faulty, a artifact) {
				desc, err := f.client(t, registry.Options{}).Resolve(t.Context(), repository, "v1")
				requireOutcome(t, err, tt.want)
				if tt.want == nil {
					assert.Equal(t, a.Manifest.Digest, desc.Digest)
				}
			})
		})
	}
}
