package unpacker_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

// sizes are declared sizes at the limits of integers.
var sizes = []int64{-1 << 63, -1, 0, 1, 1 << 31, 1 << 32, 1 << 62, 1<<63 - 1}

// FuzzArtifact gives any manifest, config and layer to a Store and to both functions that
// unpack. In the manifest, LAYER and CONFIG stand for the digests. There is no panic,
// declared sizes take no memory, errors have a type, and after an error the target is as it
// was.
func FuzzArtifact(f *testing.F) {
	layer := gzipped(f, archiveOf(f, regular("a.yaml", "a"), directory("d")))
	config := `{"rootfs":{"diff_ids":["` + digest.FromBytes(archiveOf(f, regular("a.yaml", "a"), directory("d"))).String() + `"]}}`
	descriptor := func(mediaType, name string, size int64) string {
		return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, name, size)
	}
	image := func(config, layers string) []byte {
		return []byte(`{"schemaVersion":2,"mediaType":"` + ocispec.MediaTypeImageManifest + `","config":` + config + `,"layers":[` + layers + `]}`)
	}
	goodConfig := descriptor(ocispec.MediaTypeImageConfig, "CONFIG", int64(len(config)))
	goodLayer := descriptor(layerType, "LAYER", int64(len(layer)))
	good := image(goodConfig, goodLayer)
	for _, empty := range []bool{false, true} {
		f.Add(good, []byte(config), layer, int64(len(good)), empty)
		f.Add([]byte{}, []byte{}, []byte{}, int64(0), empty)
	}
	for _, size := range sizes {
		f.Add(good, []byte(config), layer, size, true)
		f.Add(image(descriptor(ocispec.MediaTypeImageConfig, "CONFIG", size), goodLayer), []byte(config), layer, int64(-2), true)
		f.Add(image(goodConfig, descriptor(layerType, "LAYER", size)), []byte(config), layer, int64(-2), true)
		archive := ended(rawPAX('x', fmt.Sprintf("28 size=%019d\n", max(size, 0))), rawEntry('0', "b", ""))
		f.Add(image(goodConfig, descriptor(plainType, "LAYER", int64(len(archive)))), []byte(`{}`), archive, int64(-2), false)
	}
	for _, text := range []string{
		`{"layers":[` + goodLayer + `],"Layers":[]}`, `{"layers":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
		`{"layers":[0` + strings.Repeat(",0", 5000) + `]}`, `{"layers":[` + descriptor(layerType, "sha256:"+strings.Repeat("0", 64), 1) + `]}`,
		`{"layers":[` + descriptor(layerType, "../../LAYER", 1) + `]}`, `{"manifests":[{}]}`, `null`, `[]`, `{"layers":null,"config":null}`,
	} {
		f.Add([]byte(text), []byte(config), layer, int64(-2), true)
	}
	padded := regular("ä", "a")
	padded.PAXRecords = map[string]string{"zz.pad": strings.Repeat("x", 100_000)}
	for _, e := range []entry{padded, regular(".git/config", ""), regular("a\u202eb", ""), special(tar.TypeSymlink, "a", "..")} {
		bad := gzipped(f, archiveOf(f, e))
		f.Add(image(goodConfig, descriptor(layerType, "LAYER", int64(len(bad)))), []byte(`{}`), bad, int64(-2), true)
	}

	f.Fuzz(func(t *testing.T, manifest, config, layer []byte, size int64, empty bool) {
		manifest = bytes.ReplaceAll(manifest, []byte("LAYER"), []byte(digest.FromBytes(layer)))
		manifest = bytes.ReplaceAll(manifest, []byte("CONFIG"), []byte(digest.FromBytes(config)))
		src := blobs{digest.FromBytes(layer): layer, digest.FromBytes(config): config}
		desc := src.add(ocispec.MediaTypeImageManifest, manifest)
		if size != -2 { // otherwise the right one
			desc.Size = size
		}
		outside := t.TempDir()
		dir := filepath.Join(outside, "out")
		if empty {
			require.NoError(t, os.Mkdir(dir, 0o700))
		}
		before := snapshot(t, outside)
		store := &packager.Store{TempDir: t.TempDir()}
		defer func() { require.NoError(t, store.Close()) }()

		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		pushAll(t, store, src, manifest, desc)
		_, _, storeErr := unpacker.UnpackFS(t.Context(), store, desc, fuzzLimits)
		_, inMemory, memErr := unpacker.UnpackFS(t.Context(), src, desc, fuzzLimits)
		opts := fuzzLimits
		opts.InPlace = empty && size%2 == 0
		unpacked, err := unpacker.Unpack(t.Context(), src, desc, dir, opts)
		runtime.ReadMemStats(&end)
		require.Less(t, end.TotalAlloc-start.TotalAlloc, uint64(64<<20+100*(len(manifest)+len(config)+len(layer))), "memory")

		require.Equal(t, inMemory, unpacked)
		requireTyped(t, storeErr)
		if err == nil {
			require.NoError(t, memErr)
			require.Equal(t, []string{"out"}, namesIn(t, outside))
			require.Len(t, unpacked.Files, len(allFiles(t, dir)))
			return
		}
		require.EqualError(t, memErr, err.Error())
		requireTyped(t, err)
		require.Equal(t, before, snapshot(t, outside), "the target changed")
	})
}

// pushAll pushes the manifest, and all that it seems to describe, with any content.
func pushAll(t *testing.T, store *packager.Store, src blobs, manifest []byte, desc ocispec.Descriptor) {
	t.Helper()
	var doc ocispec.Manifest
	_ = json.Unmarshal(manifest, &doc) // as far as it goes
	for _, d := range slices.Concat([]ocispec.Descriptor{desc, doc.Config}, doc.Layers[:min(len(doc.Layers), 20)]) {
		text := src[d.Digest]
		err := store.Push(t.Context(), d, bytes.NewReader(text))
		exists, existsErr := store.Exists(t.Context(), d)
		require.NoError(t, existsErr)
		if err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			require.False(t, exists)
			continue
		}
		require.True(t, exists)
		require.EqualValues(t, d.Size, len(text))
		blob, err := store.Fetch(t.Context(), d)
		require.NoError(t, err)
		data, err := content.ReadAll(blob, d)
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, data))
	}
}

func requireTyped(t *testing.T, err error) {
	t.Helper()
	typed := err == nil || errors.Is(err, errdef.ErrNotFound) || slices.ContainsFunc(unpackKinds, func(kind error) bool { return errors.Is(err, kind) })
	require.True(t, typed, "%v", err)
}
