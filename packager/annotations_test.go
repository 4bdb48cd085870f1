package packager_test

import (
	"maps"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
)

const epoch = "1970-01-01T00:00:00Z"

// recorded packs a file with annotations and returns those of the manifest.
func recorded(t *testing.T, annotations map[string]string) map[string]string {
	t.Helper()
	return pack(t, small(t), packager.LayoutRoot, packager.Options{Annotations: annotations}).manifest(t).Annotations
}

func TestAnnotations(t *testing.T) {
	given := map[string]string{
		ocispec.AnnotationSource: "https://github.com/org/app.git", ocispec.AnnotationRevision: "main@sha1:0123456789abcdef",
		"empty": "", "spaces": " a\tb\r\nc ", "letters": "größe 日本", "quotes": `"<&>\u0000`,
	}
	before := maps.Clone(given)
	want := maps.Clone(given)
	want[ocispec.AnnotationCreated] = epoch
	assert.Equal(t, want, recorded(t, given))
	assert.Equal(t, before, given, "the caller's map was changed")
	assert.Equal(t, map[string]string{ocispec.AnnotationCreated: epoch}, recorded(t, nil))
}

func TestAnnotationsRefused(t *testing.T) {
	const secret = "hunter2"
	for _, tt := range []struct{ name, key, value string }{
		{"empty key", "", secret},
		{"creation time", ocispec.AnnotationCreated, secret},
		{"newline in the key", "a\nb", secret},
		{"NUL in the key", "a\x00", secret},
		{"key that is not UTF-8", "\xff", secret},
		{"NUL in the value", "key", secret + "\x00"},
		{"ESC in the value", "key", "https://user:" + secret + "@host/\x1b"},
		{"C1 control character in the value", "key", secret + "\u009b"},
		{"value that is not UTF-8", "key", secret + "\xff"},
		{"value too large", "key", strings.Repeat(secret, 64<<10)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			annotations := map[string]string{"fine": "fine", tt.key: tt.value}
			opts := packager.Options{Annotations: annotations}
			store := new(packager.Store)
			result, packed := packager.Pack(t.Context(), store, small(t), packager.LayoutRoot, opts)
			assert.Zero(t, result)
			require.NoError(t, store.Close())
			for _, err := range []error{opts.Validate(""), packed} {
				require.ErrorIs(t, err, packager.ErrInvalidAnnotation)
				var refused *packager.AnnotationError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, tt.key, refused.Key)
				assert.NotContains(t, err.Error(), secret)
				assert.NotContains(t, refused.Reason, secret)
			}
		})
	}
}

func TestSourceURL(t *testing.T) {
	for _, tt := range []struct{ name, given, want string }{
		{"none", " ", ""},
		{"URL", "https://github.com/org/app.git", "https://github.com/org/app.git"},
		{"blanks around it", " https://github.com/org/app\n", "https://github.com/org/app"},
		{"user, password and query", "https://user:hunter2@host/app?token=hunter2", "https://host/app"},
		{"user for SSH", "ssh://git@host/app.git", "ssh://git@host/app.git"},
		{"host and path", "git@github.com:org/app.git", "git@github.com:org/app.git"},
		{"path with an at sign", "https://host/a:b@c", "https://host/a:b@c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			given := map[string]string{ocispec.AnnotationSource: strings.TrimSpace(tt.given)}
			assert.Equal(t, tt.want, recorded(t, given)[ocispec.AnnotationSource], "as an annotation")
			got, recorded := pack(t, small(t), packager.LayoutRoot, packager.Options{SourceURL: tt.given}).manifest(t).Annotations[ocispec.AnnotationSource]
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", recorded)
		})
	}
	for _, bad := range []string{"https://user:hunter2/x@host/app", "https://host/\x1b", "\xff"} {
		err := packager.Options{SourceURL: bad}.Validate("")
		var refused *packager.AnnotationError
		require.ErrorAs(t, err, &refused, bad)
		assert.Equal(t, ocispec.AnnotationSource, refused.Key)
		assert.NotContains(t, err.Error(), "hunter")
	}
}

func TestRevision(t *testing.T) {
	for _, tt := range []struct{ given, want string }{
		{"", ""},
		{"main@sha1:0123456789abcdef", "main@sha1:0123456789abcdef"},
		{" v1.2.3@sha1:0123456789abcdef\n", "v1.2.3@sha1:0123456789abcdef"},
		{"sha1:0123456789abcdef", "sha1:0123456789abcdef"},
		{"größe", "größe"},
		{strings.Repeat("r", 512), strings.Repeat("r", 512)},
	} {
		got, recorded := pack(t, small(t), packager.LayoutRoot, packager.Options{Revision: tt.given}).manifest(t).Annotations[ocispec.AnnotationRevision]
		assert.Equal(t, tt.want, got)
		assert.Equal(t, tt.want != "", recorded)
	}
	for _, bad := range []string{"a b", "a\u00a0b", "a\nb", "a\x00", "a\u0085b", "\xff", strings.Repeat("r", 513)} {
		err := packager.Options{Revision: bad}.Validate("")
		var refused *packager.AnnotationError
		require.ErrorAs(t, err, &refused, "%q", bad)
		assert.Equal(t, ocispec.AnnotationRevision, refused.Key)
	}
}

func TestAnnotationsSize(t *testing.T) {
	opts := packager.Options{Annotations: map[string]string{"a": strings.Repeat("x", 1<<15-1), "b": strings.Repeat("x", 1<<15-1)}}
	require.NoError(t, opts.Validate(""))
	opts.Annotations["b"] += "x"
	require.ErrorIs(t, opts.Validate(""), packager.ErrInvalidAnnotation)
}

// The annotations of the caller are recorded as they are.
func TestAnnotationsAreNotChanged(t *testing.T) {
	for _, tt := range []struct{ name, value string }{
		{"address of mail", "jane@example.com"},
		{"address of mail behind a colon", "contact:jane@example.com"},
		{"mailto", "mailto:jane@x"},
		{"name and address of mail", "Jane Doe <jane@example.com>"},
		{"build", "build:2024@main"},
		{"package", "pkg:npm/%40angular/core@1.0"},
		{"package with a query", "pkg:oci/app@sha256%3Aabc?arch=amd64"},
		{"path with an at sign", "https://host/a:b@c"},
		{"path with a scope", "https://host/@scope/app"},
		{"query", "https://host/x?v=abc"},
		{"query of a path", "github.com/org/app?ref=main"},
		{"question", "really? yes"},
		{"SSH", "ssh://git@host/repo.git"},
		{"Git over SSH", "git+ssh://git@host/app.git"},
		{"scp", "git@github.com:org/repo"},
		{"image with a digest", "app:v1@sha256:0123456789abcdef0123456789abcdef"},
		{"blanks around", " https://host/app \n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.value, recorded(t, map[string]string{"key": tt.value})["key"])
		})
	}
}

// A value with a credential is refused, and not part of the error.
func TestAnnotationsWithACredential(t *testing.T) {
	for _, tt := range []struct{ name, value string }{
		{"user and password", "https://user:hunter2@host/app.git"},
		{"token as the user", "https://hunter2@host/app.git"},
		{"empty user", "https://:hunter2@host:8443/app"},
		{"encoded", "https://user:hunter2%40x@host/app"},
		{"another scheme", "oci://user:hunter2@host/app"},
		{"without a scheme", "//user:hunter2@host/app"},
		{"password for SSH", "ssh://git:hunter2@host/app"},
		{"slash in the password", "https://user:hunter2/x@host/app"},
		{"blank in the password", "https://user:hunter x@host/app"},
		{"in a sentence", "built from https://user:hunter2@host/app today"},
		{"token in the query", "https://host/app?token=hunter2&x=y"},
		{"signature", "https://host/app?X-Amz-Date=1&X-Amz-Signature=hunter2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := packager.Options{Annotations: map[string]string{"key": tt.value}}.Validate("")
			require.ErrorIs(t, err, packager.ErrInvalidAnnotation)
			require.EqualError(t, err, `invalid annotation "key": the value holds a URL with a password or a token`)
			var refused *packager.AnnotationError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "key", refused.Key)
			assert.Equal(t, "write the URL without user information, and without the secrets of its query", refused.Hint())
		})
	}
}
