package packager_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/tartest"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// FuzzPack packs files of the sizes in a list, as numbers of two bytes in units of 64 bytes,
// less the last of each. The standard library has to read the layer as the files, and its
// content has to have the size and digest that the result gives.
func FuzzPack(f *testing.F) {
	const unit = 64
	borders := []int{1, 32 << 10, 48 << 10, 256 << 10, 512 << 10, 1 << 20}
	for _, size := range borders {
		for _, near := range []int{size, size + unit} {
			units := near / unit
			f.Add([]byte{byte(units >> 8), byte(units)}, byte(0))
			f.Add([]byte{byte(units >> 8), byte(units), 0, 1}, byte(1))
			f.Add([]byte{0, 1, byte(units >> 8), byte(units), byte(units >> 8), byte(units)}, byte(unit-1))
		}
	}
	f.Fuzz(func(t *testing.T, units []byte, less byte) {
		const most = 3 << 20
		texts, total := map[string]string{}, 0
		for i := 0; i+1 < len(units) && i < 64; i += 2 {
			size := max(0, (int(units[i])<<8|int(units[i+1]))*unit-int(less)%unit)
			if total += size; total > most || testing.Short() && total > most/5 {
				return
			}
			line := fmt.Sprintf("key-%d: the quick brown fox\n", i)
			texts[fmt.Sprintf("%d/%d.yaml", i%3, i)] = strings.Repeat(line, size/len(line)+1)[:size]
		}
		set, err := manifests.CollectFS(t.Context(), fsOf(texts), manifests.Options{})
		if len(texts) == 0 {
			require.ErrorIs(t, err, manifests.ErrNoManifestFiles)
			return
		}
		require.NoError(t, err)
		for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutPrefix, packager.LayoutBoth} {
			store := new(packager.Store)
			packed, err := packager.Pack(t.Context(), store, set, layout, packager.Options{Prefix: "app"})
			require.NoError(t, err)
			layer, err := store.Fetch(t.Context(), packed.Layer)
			require.NoError(t, err)
			plain, err := gzip.NewReader(layer)
			require.NoError(t, err)
			content, err := io.ReadAll(plain)
			require.NoError(t, err)
			require.NoError(t, layer.Close())
			require.NoError(t, store.Close())

			require.EqualValues(t, packed.ContentSize, len(content))
			require.Equal(t, packed.ContentDigest, packed.ContentDigest.Algorithm().FromBytes(content))
			require.True(t, bytes.HasSuffix(content, make([]byte, 1024)), "the archive has no end marker")
			got := map[string]string{}
			for _, r := range tartest.Read(t, content) {
				if r.Typeflag == tar.TypeReg {
					got[r.Name] = r.Text
				}
			}
			require.Equal(t, laidOut(texts, layout, "app"), got)
		}
	})
}
