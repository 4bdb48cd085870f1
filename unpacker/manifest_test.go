package unpacker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/unpacker"
)

const dockerManifestType = "application/vnd.docker.distribution.manifest.v2+json"

// TestUnpackNoArtifact checks that other content is refused, and listed by the
// error.
func TestUnpackNoArtifact(t *testing.T) {
	layerOf := func(mediaTypes ...string) []ocispec.Descriptor {
		layers := make([]ocispec.Descriptor, len(mediaTypes))
		for i, mediaType := range mediaTypes {
			layers[i] = ocispec.DescriptorEmptyJSON
			layers[i].MediaType = mediaType
		}
		return layers
	}
	image := func(artifactType string, layers ...string) any {
		return ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest, ArtifactType: artifactType, Layers: layerOf(layers...)}
	}
	ten := strings.Split(strings.Repeat("text/plain ", 10), " ")[:10]
	const imageType = ocispec.MediaTypeImageManifest
	const supported = `no layer has one of the media types "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar", "application/vnd.cncf.flux.content.v1.tar+gzip"`
	for _, tt := range []struct {
		name, mediaType string
		document        any
		kind            error
		reason          string
		contents        []string
	}{
		{
			"index instead of a manifest", ocispec.MediaTypeImageIndex,
			ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: layerOf(imageType, dockerManifestType)},
			unpacker.ErrNotArtifact, "it is not an image manifest", []string{imageType, dockerManifestType},
		},
		{
			"index without a media type", "", map[string]any{"manifests": layerOf(imageType)},
			unpacker.ErrNotArtifact, "it is not an image manifest", []string{imageType},
		},
		{
			"index under the type of a manifest", imageType, ocispec.Index{Manifests: layerOf(imageType)},
			unpacker.ErrNotArtifact, "it is not an image manifest", []string{imageType},
		},
		{
			"index and manifest in one", imageType, map[string]any{"layers": layerOf(layerType), "manifests": layerOf(imageType)},
			unpacker.ErrNotArtifact, "it is not an image manifest", []string{layerType, imageType},
		},
		{
			"manifest under the type of an index", ocispec.MediaTypeImageIndex, image("", layerType),
			unpacker.ErrNotArtifact, `its descriptor has the media type "application/vnd.oci.image.index.v1+json"`, []string{layerType},
		},
		{
			"image of Docker", dockerManifestType, map[string]any{"mediaType": dockerManifestType, "layers": layerOf("application/vnd.docker.image.rootfs.diff.tar.gzip")},
			unpacker.ErrNotArtifact, "it is not an image manifest", []string{"application/vnd.docker.image.rootfs.diff.tar.gzip"},
		},
		{
			"unknown artifact type", "application/vnd.oci.artifact.manifest.v1+json", map[string]any{"artifactType": "application/vnd.example", "blobs": layerOf(layerType)},
			unpacker.ErrNotArtifact, "it is not an image manifest", nil,
		},
		{"HTML", imageType, "<html>", unpacker.ErrNotArtifact, "it is not JSON", nil},
		{"it has no layers", imageType, image(""), unpacker.ErrNotArtifact, "it has no layers", nil},
		{"several layers", imageType, image("", layerType, "text/plain", fluxType), unpacker.ErrNotArtifact, "2 layers of files", []string{layerType, "text/plain", fluxType}},
		{"more than 10 layers", imageType, image("", append(ten, layerType)...), unpacker.ErrNotArtifact, "11 layers, and the limit is 10", append(ten, layerType)},
		{
			"a layer of another type", imageType, image("application/vnd.example", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
			unpacker.ErrUnsupportedLayer, supported, []string{"application/vnd.cncf.helm.chart.content.v1.tar+gzip"},
		},
		{
			"a layer of Docker", imageType, image("", "application/vnd.docker.image.rootfs.diff.tar.gzip"),
			unpacker.ErrUnsupportedLayer, supported, []string{"application/vnd.docker.image.rootfs.diff.tar.gzip"},
		},
		{
			"a media type with a parameter", imageType, image("", layerType+"; a=b"),
			unpacker.ErrUnsupportedLayer, supported, []string{layerType + "; a=b"},
		},
		{
			"a layer of zstd", imageType, image("", ocispec.MediaTypeImageLayerZstd),
			unpacker.ErrUnsupportedLayer, supported, []string{ocispec.MediaTypeImageLayerZstd},
		},
		{
			"invalid media types", imageType, image("\x1b[31m", "a\nb", ""),
			unpacker.ErrUnsupportedLayer, supported, []string{"a\nb", ""},
		},
		{"manifest of more than 4 MiB", imageType, strings.Repeat("a", 4<<20), unpacker.ErrNotArtifact, fmt.Sprintf("a manifest has at most 4194304 bytes, not %d", 4<<20+2), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := blobs{}
			_, _, err := unpackBoth(t, b, b.document(t, tt.mediaType, tt.document), unpacker.Options{})
			requireKind(t, err, tt.kind)
			var artifactErr *unpacker.ArtifactError
			require.ErrorAs(t, err, &artifactErr)
			assert.Equal(t, tt.reason, artifactErr.Reason)
			assert.Equal(t, tt.contents, artifactErr.Contents)
			for _, mediaType := range tt.contents[:min(len(tt.contents), 10)] {
				assert.Contains(t, err.Error(), fmt.Sprintf("%q", mediaType))
			}
		})
	}
}

// A document that readers in other languages read in another way is refused.
func TestUnpackAmbiguousManifest(t *testing.T) {
	b := blobs{}
	good := b.add(layerType, gzipped(t, archiveOf(t, regular("a.yaml", "good"))))
	evil := b.add(layerType, gzipped(t, archiveOf(t, regular("a.yaml", "evil"))))
	list := func(layer ocispec.Descriptor) string {
		return fmt.Sprintf(`[{"mediaType":%q,"digest":%q,"size":%d}]`, layer.MediaType, layer.Digest, layer.Size)
	}
	for name, tt := range map[string]struct{ text, reason string }{
		"duplicate key":         {`"layers":` + list(good) + `,"layers":` + list(evil), `ambiguous key: "layers" after "layers"`},
		"in another case":       {`"layers":` + list(good) + `,"Layers":` + list(evil), `ambiguous key: "Layers" after "layers"`},
		"in another case alone": {`"LAYERS":` + list(evil), `ambiguous key: "LAYERS" in place of "layers"`},
		"in the descriptor":     {`"layers":` + strings.Replace(list(good), `"size"`, `"Digest":"`+evil.Digest.String()+`","size"`, 1), `ambiguous key: "Digest" after "digest"`},
		"in the annotations":    {`"layers":` + list(good) + `,"annotations":{"a":"1","a":"2"}`, `ambiguous key: "a" after "a"`},
		"a million layers":      {`"layers":[0` + strings.Repeat(",0", 1<<20) + `]`, "the document is too complex: more than 100000 values"},
		"deeply nested":         {`"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "the document is too complex: more than 100 levels"},
	} {
		t.Run(name, func(t *testing.T) {
			manifest := b.add(ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,`+tt.text+`}`))
			_, _, err := unpackBoth(t, b, manifest, unpacker.Options{})
			requireKind(t, err, unpacker.ErrNotArtifact)
			var artifactErr *unpacker.ArtifactError
			require.ErrorAs(t, err, &artifactErr)
			assert.Equal(t, tt.reason, artifactErr.Reason)
		})
	}
	text := `{"schemaVersion":2,"layers":` + list(good) + `,"annotations":{"a":"1","A":"2"},"x":{"b":1,"B":1}}`
	_, unpacked, err := unpackBoth(t, b, b.add(ocispec.MediaTypeImageManifest, []byte(text)), unpacker.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "1", "A": "2"}, unpacked.Annotations, "cases may differ in annotations")
}

// The media type can be in the manifest, in its descriptor, or in both.
func TestUnpackManifestType(t *testing.T) {
	for _, types := range [][2]string{{ocispec.MediaTypeImageManifest, ""}, {"", ocispec.MediaTypeImageManifest}} {
		b := blobs{}
		layer := b.add(layerType, gzipped(t, archiveOf(t, regular("a.yaml", "a"))))
		manifest := b.document(t, types[0], ocispec.Manifest{MediaType: types[1], Layers: []ocispec.Descriptor{layer}})
		files, _, err := unpackBoth(t, b, manifest, unpacker.Options{})
		require.NoError(t, err)
		assert.Len(t, files, 1)
	}
}

// TestUnpackErrors pins the full text of every class of errors.
func TestUnpackErrors(t *testing.T) {
	gz := func(entries ...entry) []byte { return gzipped(t, archiveOf(t, entries...)) }
	longHeader := gz(regular(strings.Repeat(long(255)+"/", 4)+"f", ""))
	b := blobs{}
	index := b.document(t, ocispec.MediaTypeImageIndex, ocispec.Index{
		MediaType: ocispec.MediaTypeImageIndex, ArtifactType: "application/vnd.example",
		Manifests: make([]ocispec.Descriptor, 12),
	})
	unpacked := func(layer []byte, opts unpacker.Options) error {
		src, manifest := artifactOf(t, layerType, layer)
		_, _, err := unpackAll(t, src, manifest, opts)
		return err
	}
	_, _, indexErr := unpackAll(t, b, index, unpacker.Options{})
	_, _, helmErr := unpackAll(t, b, b.manifest(t, ocispec.Descriptor{MediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip"}), unpacker.Options{})
	_, _, fileErr := unpackAll(t, b, b.manifest(t, b.add(plainType, []byte("a: 1\n"))), unpacker.Options{})
	_, _, digestErr := unpackAll(t, b, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: "a\nb"}, unpacker.Options{})
	for _, tt := range []struct {
		name          string
		err           error
		message, hint string
	}{
		{
			"index", indexErr,
			`not an artifact with one layer of files: it is not an image manifest; it is "application/vnd.oci.image.index.v1+json" of the type "application/vnd.example"; it contains ` +
				strings.Repeat(`"", `, 9) + `"" and 2 more`,
			"name the image manifest of an artifact that contains manifests",
		},
		{
			"digest", digestErr,
			`content is corrupt: "application/vnd.oci.image.manifest.v1+json" "a\nb": invalid digest`,
			"fetch it again; if the error persists, push the artifact again",
		},
		{
			"zstd", unpacked([]byte("\x28\xb5\x2f\xfd"), unpacker.Options{}),
			`unsupported layer: "application/vnd.oci.image.layer.v1.tar+gzip" sha256:1c986dc083de2f3d01811ccf5feba7bbf933659591bf729c687c1177df4cb47d: its content is zstd, not gzip`,
			"push the files as one gzip-compressed tar archive of the media type application/vnd.oci.image.layer.v1.tar+gzip, as oras push does with a directory",
		},
		{
			"media type", helmErr,
			`unsupported layer: no layer has one of the media types "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar", "application/vnd.cncf.flux.content.v1.tar+gzip"; ` +
				`it is "application/vnd.oci.image.manifest.v1+json"; it contains "application/vnd.cncf.helm.chart.content.v1.tar+gzip"`,
			"push the files as one gzip-compressed tar archive of the media type application/vnd.oci.image.layer.v1.tar+gzip, as oras push does with a directory",
		},
		{
			"plain file", fileErr,
			`unsupported layer: "application/vnd.oci.image.layer.v1.tar" sha256:37b128c59f1f5097f73f82691cb519f1f568667faab5ced1b4ab979d36837eae: its content is something else, not a tar archive`,
			"push the files as one gzip-compressed tar archive of the media type application/vnd.oci.image.layer.v1.tar+gzip, as oras push does with a directory",
		},
		{
			"name", unpacked(gz(regular("../a\nb", "")), unpacker.Options{}),
			`unsafe entry in the archive: "../a\nb": the name contains control characters`,
			"do not trust the artifact unless you know who made it",
		},
		{
			"link", unpacked(gz(special('2', "a", "../b")), unpacker.Options{}),
			`link in the archive: "a": its target is "../b"`,
			"set SkipLinks if the links are not needed, or push files in their place",
		},
		{
			"version control", unpacked(gz(regular("a/.git/config", "")), unpacker.Options{}),
			`data of a version-control system in the archive: "a/.git/config": programs run commands in ".git"`,
			"set AllowVersionControl if you trust the artifact, or remove the data and push it again",
		},
		{
			"portable name", unpacked(gz(regular("a/CON", "")), unpacker.Options{PortableNames: true}),
			`unsafe entry in the archive: "a/CON": "CON" is a device name, which Windows refuses`,
			"rename it, and push the artifact again",
		},
		{
			"header", unpacked(longHeader, unpacker.Options{MaxHeaderSize: 1}),
			`more than MaxHeaderSize 1024: "application/vnd.oci.image.layer.v1.tar+gzip" ` + digest.FromBytes(longHeader).String() + `: the header of an entry`,
			"set a higher MaxHeaderSize if you trust the artifact",
		},
		{
			"case", unpacked(gz(regular("a", ""), regular("A", "")), unpacker.Options{}),
			`two entries collide in the archive: "A": "A" differs from "a" by case only`,
			"rename one of the two, and push the artifact again",
		},
		{
			"limit of an entry", unpacked(gz(regular("a/b", "")), unpacker.Options{MaxPathLength: 2}),
			`more than MaxPathLength 2: "a/b"`,
			"set a higher MaxPathLength if you trust the artifact",
		},
		{
			"limit", unpacked([]byte("12345"), unpacker.Options{MaxCompressedSize: 4}),
			`more than MaxCompressedSize 4: "application/vnd.oci.image.layer.v1.tar+gzip" sha256:5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5: it has 5 bytes`,
			"set a higher MaxCompressedSize if you trust the artifact",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.EqualError(t, tt.err, tt.message)
			var hinting interface{ Hint() string }
			require.ErrorAs(t, tt.err, &hinting)
			assert.Equal(t, tt.hint, hinting.Hint())
		})
	}
}
