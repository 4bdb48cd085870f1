package packager_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"io"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/testing/goldentree"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

const treesDir = goldentree.Dir

var (
	trees        = goldentree.Names
	layouts      = goldentree.Layouts
	eachTree     = goldentree.Each
	collect      = goldentree.Collect
	collectTexts = goldentree.CollectTexts
	fsOf         = goldentree.FS
	sourceFiles  = goldentree.Manifests
	allFiles     = goldentree.Files
	laidOut      = goldentree.LaidOut
	noise        = goldentree.Noise
	manyBlocks   = goldentree.ManyBlocks
)

// small returns a Set of one file.
func small(t testing.TB) *manifests.Set {
	t.Helper()
	return collectTexts(t, map[string]string{"a.yaml": "kind: List\n"})
}

// packed is an artifact in a Store that the test closes.
type packed struct {
	packager.Result
	store *packager.Store
}

func pack(t testing.TB, set *manifests.Set, layout packager.Layout, opts packager.Options) packed {
	t.Helper()
	return packCached(t, newPlan(t, set, layout, opts), nil)
}

func packCached(t testing.TB, plan *packager.Plan, cache *packager.Cache) packed {
	t.Helper()
	store := new(packager.Store)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	result, err := plan.Pack(t.Context(), store, cache, nil)
	require.NoError(t, err)
	return packed{result, store}
}

func newPlan(t testing.TB, set *manifests.Set, layout packager.Layout, opts packager.Options) *packager.Plan {
	t.Helper()
	plan, err := packager.NewPlan(set, layout, opts)
	require.NoError(t, err)
	return plan
}

// facts returns a Result without its Plan and its Contents, for comparisons.
func facts(r packager.Result) packager.Result {
	r.Plan, r.Contents = nil, nil
	return r
}

// manifest returns the artifact's manifest from the store.
func (p packed) manifest(t testing.TB) ocispec.Manifest {
	t.Helper()
	var manifest ocispec.Manifest
	require.NoError(t, json.Unmarshal(fetch(t, p.store, p.Manifest), &manifest))
	return manifest
}

// archive returns the uncompressed layer.
func (p packed) archive(t testing.TB) []byte {
	t.Helper()
	return gunzip(t, fetch(t, p.store, p.Layer))
}

// fetch reads a blob and verifies it.
func fetch(t testing.TB, store content.Fetcher, desc ocispec.Descriptor) []byte {
	t.Helper()
	data, err := content.FetchAll(context.WithoutCancel(t.Context()), store, desc)
	require.NoError(t, err)
	return data
}

func gunzip(t testing.TB, data []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	return text
}
