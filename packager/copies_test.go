package packager_test

import (
	"archive/tar"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/tartest"
	"github.com/kubeoci/oci/packager"
)

// TestCopies packs two copies of files of sizes around those at which a file gets blocks of
// its own. Some of their blocks are in memory or in a file when they are used again.
func TestCopies(t *testing.T) {
	texts := map[string]string{"empty.yaml": ""}
	for i, size := range []int{1, 32 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 512<<10 - 1, 512 << 10, 512<<10 + 1, 3 << 19} {
		line := fmt.Sprintf("key-%d: %%0%dd\n", i, 40+i)
		var text strings.Builder
		for n := 0; text.Len() < size; n += 7919 {
			fmt.Fprintf(&text, line, n)
		}
		texts[fmt.Sprintf("%d/%d.yaml", i%3, i)] = text.String()[:size]
	}
	set := collectTexts(t, texts)
	plan := newPlan(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"})
	eachStore(t, func(t *testing.T, store *packager.Store) {
		cache := new(packager.Cache)
		first, err := plan.Pack(t.Context(), store, cache, nil)
		require.NoError(t, err)
		got := map[string]string{}
		for _, r := range tartest.Read(t, packed{first, store}.archive(t)) {
			if r.Typeflag == tar.TypeReg {
				got[r.Name] = r.Text
			}
		}
		assert.Equal(t, laidOut(texts, packager.LayoutBoth, "app"), got)

		again, err := plan.Pack(t.Context(), new(packager.Store), cache, nil)
		require.NoError(t, err)
		assert.Equal(t, first.Manifest, again.Manifest)
	})
}
