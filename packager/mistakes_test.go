package packager_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// Mistakes of a caller are errors.
func TestPlanMistakes(t *testing.T) {
	plan, err := packager.NewPlan(small(t), packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	for _, tt := range []struct {
		name, err string
		ctx       context.Context
		plan      *packager.Plan
		store     packager.Pusher
	}{
		{"nil context", "the context is nil", nil, plan, new(packager.Store)},
		{"nil Plan", "the Plan was not made by NewPlan", t.Context(), nil, new(packager.Store)},
		{"zero Plan", "the Plan was not made by NewPlan", t.Context(), new(packager.Plan), new(packager.Store)},
		{"nil store", "the store is nil", t.Context(), plan, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.plan.Pack(tt.ctx, tt.store, nil, nil)
			require.ErrorContains(t, err, tt.err)
			_, _, err = tt.plan.Recall(tt.ctx, tt.store, new(packager.Cache), nil)
			require.ErrorContains(t, err, tt.err)
			if tt.store != nil {
				_, err = tt.plan.Digest(tt.ctx)
				require.ErrorContains(t, err, tt.err)
			}
		})
	}
	_, err = packager.NewPlan(nil, packager.LayoutRoot, packager.Options{})
	require.ErrorContains(t, err, "the Set is nil")
	for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutBoth} { // preflight reports that it is empty
		empty, err := packager.Pack(t.Context(), new(packager.Store), new(manifests.Set), layout, packager.Options{Prefix: "app"})
		require.NoError(t, err)
		assert.EqualValues(t, 1024, empty.ContentSize)
	}
	zero := new(packager.Plan)
	assert.Zero(t, zero.ArchiveSize())
	assert.Empty(t, zero.Entries())
	assert.Nil(t, zero.Set())
	for _, contents := range []*packager.Contents{nil, {}} {
		assert.False(t, contents.Has(manifests.File{}, nil))
	}
	assert.Zero(t, (*packager.Cache)(nil).Size())
}

// pusher is a store of a caller.
type pusher func(ocispec.Descriptor) error

func (p pusher) Push(_ context.Context, desc ocispec.Descriptor, r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	return p(desc)
}

// Packing ends with its context, whatever the functions of the caller do.
func TestPackOfACallerThatBlocks(t *testing.T) {
	for _, media := range []string{ocispec.MediaTypeImageLayerGzip, ocispec.MediaTypeImageConfig, ocispec.MediaTypeImageManifest, "observe", "observe while recalling"} {
		t.Run(media, func(t *testing.T) {
			plan, err := packager.NewPlan(small(t), packager.LayoutRoot, packager.Options{})
			require.NoError(t, err)
			cache := new(packager.Cache)
			_, err = plan.Pack(t.Context(), new(packager.Store), cache, nil)
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer synctest.Wait()
				defer close(release)
				store := pusher(func(desc ocispec.Descriptor) error {
					if desc.MediaType == media {
						<-release
					}
					return nil
				})
				observe := func(manifests.File, []byte) {
					if media == "observe" || media == "observe while recalling" {
						<-release
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				if media == "observe while recalling" {
					_, _, err = plan.Recall(ctx, store, cache, observe)
				} else {
					_, err = plan.Pack(ctx, store, cache, observe)
				}
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Less(t, time.Since(began), 2*time.Second)
			})
		})
	}
}
