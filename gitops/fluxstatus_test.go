package gitops_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/gitops"
)

// recording is a file of testdata/flux.
type recording struct {
	Pushed  digest.Digest
	Outcome string
	States  []struct{ OCIRepository, Kustomization json.RawMessage }
}

func readRecording(t *testing.T, name string) (r recording) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "flux", name+".json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &r))
	return r
}

// play calls see with the objects after each state from which both exist.
func (r recording) play(see func(source, kustomization []byte)) {
	var source, kustomization []byte
	for _, s := range r.States {
		if s.OCIRepository != nil {
			source = s.OCIRepository
		}
		if s.Kustomization != nil {
			kustomization = s.Kustomization
		}
		if source != nil && kustomization != nil {
			see(source, kustomization)
		}
	}
}

// applied reports whether a Kustomization may be called live, by the rule that was right in
// every recording.
func applied(t *testing.T, kustomization []byte, d digest.Digest) bool {
	t.Helper()
	var k struct {
		Metadata struct{ Generation int64 }
		Status   struct {
			ObservedGeneration  int64
			LastAppliedRevision string
			Conditions          []struct{ Type, Status string }
		}
	}
	require.NoError(t, json.Unmarshal(kustomization, &k))
	ready := slices.ContainsFunc(k.Status.Conditions, func(c struct{ Type, Status string }) bool {
		return c.Type == "Ready" && c.Status == "True"
	})
	return ready && strings.HasSuffix(k.Status.LastAppliedRevision, d.String()) && k.Status.ObservedGeneration == k.Metadata.Generation
}

// Every recording with a known outcome, judged after each of its states.
func TestRecordings(t *testing.T) {
	paths, err := filepath.Glob("testdata/flux/*.json")
	require.NoError(t, err)
	outcomes := map[string]int{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		r := readRecording(t, name)
		outcomes[r.Outcome]++
		if r.Outcome == "" {
			continue // TestStages has its states
		}
		t.Run(name, func(t *testing.T) {
			var last gitops.Status
			r.play(func(source, kustomization []byte) {
				last = statusOf(t, r.Pushed, source, kustomization)
				switch last.State {
				case gitops.Live:
					assert.True(t, applied(t, kustomization, r.Pushed), "too early: %s", kustomization)
				case gitops.Failed:
					assert.Equal(t, "failed", r.Outcome, "false alarm: %+v", last)
				default:
					assert.Equal(t, gitops.Pending, last.State)
				}
				assert.NotEmpty(t, last.Reason)
			})
			assert.Equal(t, map[string]gitops.State{"ready": gitops.Live, "failed": gitops.Failed}[r.Outcome], last.State, "%+v", last)
		})
	}
	assert.Equal(t, map[string]int{"ready": 34, "failed": 15, "": 7}, outcomes)
}

// The states in which a digest is, in order and without repeats, over the stages that people
// meet: updates, a failure and its repair, a suspension, a deletion.
func TestStages(t *testing.T) {
	for _, tt := range []struct {
		name, recording, pushedBy, want string
	}{
		{"created", "shop.1-create", "shop.1-create", "Pending Live"},
		{"replaced by another", "shop.2-changed", "shop.1-create", "Live Pending"},
		{"over another", "shop.2-changed", "shop.2-changed", "Pending Live"},
		{"pushed again", "shop.3-unchanged", "shop.2-changed", "Live"},
		{"pushed again and requested", "shop.3-unchanged-poked", "shop.2-changed", "Live"},
		{"an earlier digest returns", "shop.6-annotation-gone", "shop.2-changed", "Pending Live"},
		{"another that fails is pushed", "shop.8a-broken", "shop.7-file-removed", "Live Pending"},
		{"repaired with the digest before", "shop.8b-mended", "shop.7-file-removed", "Pending Live"},
		{"the path vanishes", "shop.8c-path-missing", "shop.7-file-removed", "Live Pending Failed"},
		{"the path returns", "shop.8d-path-mended", "shop.7-file-removed", "Failed Pending Live"},
		{"suspended", "shop.8e-suspended", "shop.7-file-removed", "Live Suspended"},
		{"resumed", "shop.8f-resumed", "shop.7-file-removed", "Suspended Pending Live"},
		{"deleted", "shop.9-delete", "shop.7-file-removed", "Live Failed"},
		{"a range selects a higher version", "by-semver.2-next-version", "by-semver.2-next-version", "Pending Live"},
		{"a range leaves a version", "by-semver.3-same-content-next-version", "by-semver.2-next-version", "Live Pending"},
		{"by digest", "by-digest.1-create", "by-digest.1-create", "Pending Live"},
		{"another digest is pinned", "by-digest.1-create", "shop.1-create", "Pending"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pushed := readRecording(t, tt.pushedBy).Pushed
			var states []string
			readRecording(t, tt.recording).play(func(source, kustomization []byte) {
				states = append(states, string(statusOf(t, pushed, source, kustomization).State))
			})
			assert.Equal(t, tt.want, strings.Join(slices.Compact(states), " "))
		})
	}
}

// A missing dependency is no failure, and the reason names it.
func TestMissingDependency(t *testing.T) {
	const applied = "sha256:39c3ab384eea27c12e3b9d867c7853e9d1239119069624a4abda27b0b1ee87d7"
	readRecording(t, "depends-on.1-create").play(func(source, kustomization []byte) {
		status := statusOf(t, applied, source, kustomization)
		assert.Equal(t, gitops.Pending, status.State)
		if status.Condition.Reason == "DependencyNotReady" {
			assert.Contains(t, status.Reason, `dependency 'flux-system/nobody' not found`)
		}
	})
}
