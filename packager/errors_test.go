package packager_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
)

// TestErrors pins what every class of error says, to the letter.
func TestErrors(t *testing.T) {
	plan := func(engine packager.GitOpsEngine, prefix string, paths ...string) error {
		_, err := packager.Plan(filesOf(paths...), engine, prefix)
		return err
	}
	annotation := func(key, value string) error {
		return packager.Options{Annotations: map[string]string{key: value}}.Validate()
	}
	created := func(year int) error {
		return packager.Options{Created: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}.Validate()
	}
	for _, row := range []struct {
		name    string
		err     error
		kind    error
		message string
		hint    string
	}{
		{
			"collision", plan(packager.GitOpsEngineFlux, "", "a.yaml", "a.yaml/b.yaml"), packager.ErrCollision,
			`two entries collide in the archive: "a.yaml" and "a.yaml/b.yaml" both need "a.yaml"`,
			`give one of the two another name, or its root another path`,
		},
		{
			"collision of the copies", plan(packager.GitOpsEngineNone, "app", "a.yaml", "app/b.yaml"), packager.ErrCollision,
			`two entries collide in the archive: "app/b.yaml" and the copy of the tree both need "app"`,
			`choose another prefix, or one engine, so that the tree is laid out only once`,
		},
		{
			"prefix", plan(packager.GitOpsEngineArgoCD, "a/b\n", "a.yaml"), packager.ErrInvalidPrefix,
			`invalid prefix: "a/b\n"`,
			`give the tree a prefix of its own, the name of one folder, where that of the source directory does not serve`,
		},
		{
			"long prefix", plan(packager.GitOpsEngineArgoCD, strings.Repeat("é", 300), "a.yaml"), packager.ErrInvalidPrefix,
			`invalid prefix: "` + strings.Repeat("é", 80) + `"`,
			`give the tree a prefix of its own, the name of one folder, where that of the source directory does not serve`,
		},
		{
			"engine", plan(packager.GitOpsEngine("Jenkins"+strings.Repeat("!", 1<<20)), "app", "a.yaml"), packager.ErrUnknownEngine,
			`unknown GitOps engine: "Jenkins` + strings.Repeat("!", 33) + `" is not None, Flux or ArgoCD`, ``,
		},
		{
			"annotation without a key", annotation("", "x"), packager.ErrInvalidAnnotation,
			`invalid annotation "": the key is empty`, ``,
		},
		{
			"annotation of the creation time", annotation(ocispec.AnnotationCreated, "2025-01-01T00:00:00Z"), packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.created": the creation time is an option of its own`, ``,
		},
		{
			"annotation's key with a newline", annotation("a\nb", "x"), packager.ErrInvalidAnnotation,
			`invalid annotation "a\nb": the key holds control characters or is not UTF-8`, ``,
		},
		{
			"annotation's value with ESC", annotation("key", "secret\x1b[31m"), packager.ErrInvalidAnnotation,
			`invalid annotation "key": the value holds control characters`, ``,
		},
		{
			"annotation's value that is not UTF-8", annotation("key", "secret\xff"), packager.ErrInvalidAnnotation,
			`invalid annotation "key": the value is not UTF-8`, ``,
		},
		{
			"annotations too large", annotation(strings.Repeat("k", 200), strings.Repeat("v", 64<<10)), packager.ErrInvalidAnnotation,
			`invalid annotation "` + strings.Repeat("k", 100) + `": all together exceed 65536 bytes`, ``,
		},
		{
			"year of five digits", created(10000), packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.created": the year 10000 cannot be written`, ``,
		},
		{
			"year before the first", created(-1), packager.ErrInvalidAnnotation,
			`invalid annotation "org.opencontainers.image.created": the year -1 cannot be written`, ``,
		},
		{"archive", packager.ErrTooLarge, packager.ErrTooLarge, `archive is too large`, ``},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.EqualError(t, row.err, row.message)
			require.ErrorIs(t, row.err, row.kind)
			var hinting interface{ Hint() string }
			if assert.Equal(t, row.hint != "", errors.As(row.err, &hinting)) && row.hint != "" {
				assert.Equal(t, row.hint, hinting.Hint())
			}
			for _, other := range []error{
				packager.ErrCollision, packager.ErrInvalidPrefix, packager.ErrUnknownEngine, packager.ErrInvalidAnnotation, packager.ErrTooLarge,
			} {
				assert.Equal(t, other == row.kind, errors.Is(row.err, other), "%v", other)
			}
		})
	}
}

func TestPrefixes(t *testing.T) {
	for _, row := range []struct {
		name, prefix string
		ok           bool
	}{
		{"plain", "app", true},
		{"blanks, dots and letters beyond ASCII", "my app v1.2 größe", true},
		{"leading dash and dot", "-.app", true},
		{"two dots within", "..a..b", true},
		{"one dot at the end", "app.", true},
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
		t.Run(row.name, func(t *testing.T) {
			for _, engine := range engines {
				layout, err := packager.Plan(filesOf("x.yaml"), engine, row.prefix)
				validated := packager.Options{Engine: engine, Prefix: row.prefix}.Validate()
				if row.ok || engine == packager.GitOpsEngineFlux { // which has no prefix
					require.NoError(t, err)
					require.NoError(t, validated)
					continue
				}
				require.ErrorIs(t, err, packager.ErrInvalidPrefix)
				assert.Zero(t, layout)
				assert.NotRegexp(t, `[\x00-\x1f]`, err.Error())
				if row.prefix == "" { // stands for the name of the Set
					require.NoError(t, validated)
					continue
				}
				require.ErrorIs(t, validated, packager.ErrInvalidPrefix)
			}
		})
	}
}
