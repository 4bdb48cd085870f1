package packager_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// TestErrors pins the full text of every class of errors.
func TestErrors(t *testing.T) {
	plan := func(layout packager.Layout, prefix string, paths ...string) error {
		_, err := packager.NewPlan(setOf(t, paths...), layout, packager.Options{Prefix: prefix})
		return err
	}
	portable := func(prefix string, paths ...string) error {
		texts := map[string]string{}
		for _, p := range paths {
			texts[p] = "kind: List\n"
		}
		set, err := manifests.CollectFS(t.Context(), fsOf(texts), manifests.Options{PortableNames: true})
		require.NoError(t, err)
		_, err = packager.NewPlan(set, packager.LayoutBoth, packager.Options{Prefix: prefix})
		return err
	}
	annotation := func(key, value string) error {
		return packager.Options{Annotations: map[string]string{key: value}}.Validate("")
	}
	created := func(year int) error {
		return packager.Options{Created: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}.Validate("")
	}
	_, engineErr := packager.ParseGitOpsEngine("Jenkins" + strings.Repeat("!", 1<<20))
	for _, tt := range []struct {
		name    string
		err     error
		kind    error
		message string
		hint    string
	}{
		{
			"collision of the copies", plan(packager.LayoutBoth, "app", "a.yaml", "app/b.yaml"), manifests.ErrCollision,
			`two entries collide in the archive: "app/b.yaml" and the copy of "a.yaml" both need "app"`,
			`set Pack.Prefix to a name that the tree does not use, or choose LayoutRoot, which needs no copy`,
		},
		{
			"prefix", plan(packager.LayoutPrefix, "a/b\n", "a.yaml"), packager.ErrInvalidPrefix,
			`invalid prefix: "a/b\n"`,
			`set Pack.Prefix to the name of one directory if the name of the source directory does not serve, or choose LayoutRoot`,
		},
		{
			"prefix of version control", plan(packager.LayoutBoth, ".git", "a.yaml"), packager.ErrInvalidPrefix,
			`invalid prefix: ".git" is a name of version-control data, which readers refuse`,
			`set Pack.Prefix to the name of one directory if the name of the source directory does not serve, or choose LayoutRoot`,
		},
		{
			"prefix that is a drive", plan(packager.LayoutPrefix, "c:", "a.yaml"), packager.ErrInvalidPrefix,
			`invalid prefix: "c:" is a drive, which readers refuse`,
			`set Pack.Prefix to the name of one directory if the name of the source directory does not serve, or choose LayoutRoot`,
		},
		{
			"prefix that is not portable", portable("aux", "a.yaml"), packager.ErrInvalidPrefix,
			`invalid prefix: "aux" is a device name, which Windows refuses`,
			`set Pack.Prefix to another name, or unset Collect.PortableNames`,
		},
		{
			"prefix that differs by case", portable("deploy", "Deploy/b.yaml", "a.yaml"), manifests.ErrCollision,
			`two entries collide in the archive where case does not matter: "Deploy/b.yaml" and the copy of "a.yaml" both need "deploy"`,
			`set Pack.Prefix to a name that the tree does not use, or choose LayoutRoot, which needs no copy`,
		},
		{
			"long prefix", plan(packager.LayoutPrefix, strings.Repeat("é", 300), "a.yaml"), packager.ErrInvalidPrefix,
			`invalid prefix: "` + strings.Repeat("é", 80) + `"`,
			`set Pack.Prefix to the name of one directory if the name of the source directory does not serve, or choose LayoutRoot`,
		},
		{
			"engine", engineErr, packager.ErrUnknownEngine,
			`unknown GitOps engine: "Jenkins` + strings.Repeat("!", 33) + `" is not None, Flux or ArgoCD`, `set GitOpsEngine to None, Flux or ArgoCD`,
		},
		{
			"layout", plan("flat"+packager.Layout(strings.Repeat("!", 1<<20)), "app", "a.yaml"), packager.ErrUnknownLayout,
			`unknown layout: "flat` + strings.Repeat("!", 36) + `" is not root, prefix or both`, `set Layout to root, prefix or both`,
		},
		{
			"level", packager.Options{Level: 10}.Validate(""), packager.ErrInvalidLevel,
			`invalid compression level: 10 is not from 1 to 9`, `set Pack.Level to a number from 1 to 9, or to 0 for the default`,
		},
		{
			"artifact type", packager.Options{ArtifactType: "app"}.Validate(""), packager.ErrInvalidArtifactType,
			`invalid artifact type: "app" is not a media type`,
			`set Pack.ArtifactType to a media type such as application/vnd.example.app, or leave it empty`,
		},
		{
			"annotation without a key", annotation("", "x"), packager.ErrInvalidAnnotation,
			`invalid annotation "": the key is empty`, ``,
		},
		{
			"annotation of the creation time", annotation(ocispec.AnnotationCreated, "2025-01-01T00:00:00Z"), packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.created": Created sets it`,
			`set Pack.Created instead`,
		},
		{
			"annotation's key with a newline", annotation("a\nb", "x"), packager.ErrInvalidAnnotation,
			`invalid annotation "a\nb": the key contains control characters or is not UTF-8`, ``,
		},
		{
			"annotation's value with ESC", annotation("key", "secret\x1b[31m"), packager.ErrInvalidAnnotation,
			`invalid annotation "key": the value contains control characters`, ``,
		},
		{
			"annotation's value that is not UTF-8", annotation("key", "secret\xff"), packager.ErrInvalidAnnotation,
			`invalid annotation "key": the value is not UTF-8`, ``,
		},
		{
			"annotations too large", annotation(strings.Repeat("k", 200), strings.Repeat("v", 64<<10)), packager.ErrInvalidAnnotation,
			`invalid annotation "` + strings.Repeat("k", 100) + `": the annotations exceed 65536 bytes in total`, ``,
		},
		{
			"year of five digits", created(10000), packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.created": the year 10000 cannot be written`, ``,
		},
		{
			"year before the first", created(-1), packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.created": the year -1 cannot be written`, ``,
		},
		{
			"source given both ways", packager.Options{SourceURL: "https://example.com", Annotations: map[string]string{ocispec.AnnotationSource: ""}}.Validate(""),
			packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.source": SourceURL sets it`,
			`set Pack.SourceURL, or the annotation`,
		},
		{
			"revision given both ways", packager.Options{Revision: "a", Annotations: map[string]string{ocispec.AnnotationRevision: "a"}}.Validate(""),
			packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.revision": Revision sets it`,
			`set Pack.Revision, or the annotation`,
		},
		{
			"revision with a blank", packager.Options{Revision: "my branch@sha1:0123"}.Validate(""), packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.revision": the revision is longer than 512 bytes or contains blanks`,
			`set Pack.Revision as Flux writes it: branch@sha1:<hex>`,
		},
		{"archive", packager.ErrArchiveTooLarge, packager.ErrArchiveTooLarge, `archive is too large`, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.EqualError(t, tt.err, tt.message)
			require.ErrorIs(t, tt.err, tt.kind)
			hint := ""
			var hinting interface{ Hint() string }
			if errors.As(tt.err, &hinting) {
				hint = hinting.Hint()
			}
			assert.Equal(t, tt.hint, hint)
			for _, other := range []error{
				manifests.ErrCollision, packager.ErrInvalidPrefix, packager.ErrUnknownEngine, packager.ErrUnknownLayout, packager.ErrInvalidAnnotation, packager.ErrArchiveTooLarge,
			} {
				assert.Equal(t, other == tt.kind, errors.Is(tt.err, other), "%v", other)
			}
		})
	}
}

func TestPrefixes(t *testing.T) {
	for _, tt := range []struct {
		name, prefix string
		ok           bool
	}{
		{"plain", "app", true},
		{"blanks, dots and letters beyond ASCII", "my app v1.2 größe", true},
		{"leading dash and dot", "-.app", true},
		{"two dots within", "..a..b", true},
		{"one dot at the end", "app.", true},
		{"resembles version control", ".github", true},
		{"device name", "aux", true},
		{"letter and colon in a longer name", "a:b", true},
		{"version control", ".git", false},
		{"version control for NTFS", "git~1", false},
		{"version control in upper case", "CVS.", false},
		{"drive", "C:", false},
		{"255 bytes", strings.Repeat("p", 255), true},
		{"256 bytes", strings.Repeat("p", 256), false},
		{"empty", "", false},
		{"dot", ".", false},
		{"two dots", "..", false},
		{"two dots at the end", "app..", false},
		{"slash", "a/b", false},
		{"root", "/", false},
		{"slash at the end", "app/", false},
		{"backslash", `a\b`, false},
		{"newline", "a\nb", false},
		{"NUL", "a\x00", false},
		{"control character beyond ASCII", "a\u0085", false},
		{"not UTF-8", "a\xff", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, layout := range layouts {
				plan, err := packager.NewPlan(setOf(t, "x.yaml"), layout, packager.Options{Prefix: tt.prefix})
				validated := packager.Options{Prefix: tt.prefix}.Validate(layout)
				if tt.ok || layout == packager.LayoutRoot { // which ignores the prefix
					require.NoError(t, err)
					require.NoError(t, validated)
					continue
				}
				require.ErrorIs(t, err, packager.ErrInvalidPrefix)
				assert.Nil(t, plan)
				assert.NotRegexp(t, `[\x00-\x1f]`, err.Error())
				if tt.prefix == "" { // stands for the name of the Set
					require.NoError(t, validated)
					continue
				}
				require.ErrorIs(t, validated, packager.ErrInvalidPrefix)
			}
		})
	}
}
