package oci_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

// printedTypes has a value of every exported type that is called Options or Result, and of
// the plans of a push and a build.
var printedTypes = []any{
	oci.BuildOptions{}, oci.ValidatedBuildOptions{}, oci.EmptyBuildOptions{}, oci.ValidatedEmptyBuildOptions{},
	oci.VerifyOptions{}, oci.ArtifactExistsOptions{}, oci.BuildResult{}, oci.BuildPlan{}, oci.BuildAllOptions{}, oci.BuildAllResult{},
	registry.Options{}, registry.PushOptions{}, registry.PullOptions{}, registry.PushResult{}, registry.PushPlan{},
	packager.Options{}, packager.Result{}, unpacker.Options{}, unpacker.Result{},
	preflight.Options{}, manifests.Options{}, gitops.FluxOptions{}, gitops.ArgoCDOptions{},
}

// A new type of this kind needs a Format and a MarshalJSON method, see package redact.
func TestPrintedTypesAreComplete(t *testing.T) {
	var declared, listed []string
	for _, dir := range []string{".", "reference", "manifests", "preflight", "packager", "unpacker", "registry", "gitops"} {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") {
				declared = append(declared, printedTypesIn(t, path)...)
			}
		}
	}
	for _, v := range printedTypes {
		listed = append(listed, fmt.Sprint(reflect.TypeOf(v)))
	}
	assert.ElementsMatch(t, declared, listed)
}

func printedTypesIn(t *testing.T, path string) (names []string) {
	t.Helper()
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if ok && spec.Name.IsExported() && !spec.Assign.IsValid() &&
			(strings.HasSuffix(spec.Name.Name, "Options") || strings.HasSuffix(spec.Name.Name, "Result") ||
				spec.Name.Name == "PushPlan" || spec.Name.Name == "BuildPlan") {
			names = append(names, file.Name.Name+"."+spec.Name.Name)
		}
		return !ok
	})
	return names
}

// fill sets every string within v to text, and every number to 1.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), text)
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text))
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text)
		fill(value, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !strings.HasPrefix(v.Type().Field(i).PkgPath, "crypto/") && v.Field(i).CanSet() {
				fill(v.Field(i), text)
			}
		}
	}
}

func filled(v any, text string) any {
	copied := reflect.New(reflect.TypeOf(v)).Elem()
	fill(copied, text)
	return copied.Interface()
}

func TestPrintedTypesHaveNoSecret(t *testing.T) {
	for i, v := range printedTypes {
		for n, text := range []string{
			"https://user:" + canary + "@host/x?token=" + canary, "git::https://" + canary + "@host/x", "user:" + canary + "@host//path", "//user:" + canary + "@host/",
		} {
			if testing.Short() && n != i%4 {
				continue
			}
			t.Run(fmt.Sprintf("%T/%.10s", v, text), func(t *testing.T) {
				for form, got := range everyForm(t, filled(v, text)) {
					assert.NotContains(t, got, canary, form)
				}
			})
		}
	}
}

// A list in JSON is an array, also in the result that comes with an error.
func TestZeroResultsAsJSON(t *testing.T) {
	for _, result := range []any{oci.BuildResult{}, oci.BuildPlan{}, oci.BuildAllResult{}, registry.PushPlan{}} {
		assert.NotContains(t, marshalled(t, result), "null", "%T", result)
	}
}

// Options may be stored as JSON, except for their secrets.
func TestOptionsAsJSON(t *testing.T) {
	for _, v := range printedTypes {
		if name := reflect.TypeOf(v).Name(); !strings.HasSuffix(name, "Options") {
			continue
		}
		for _, text := range []string{"", "text", `"<&>\ü` + "\n"} {
			t.Run(fmt.Sprintf("%T/%.10s", v, text), func(t *testing.T) {
				want := filled(v, text)
				if text == "" {
					want = v
				}
				data, err := json.Marshal(want)
				require.NoError(t, err)
				got := reflect.New(reflect.TypeOf(v))
				require.NoError(t, json.Unmarshal(data, got.Interface()))
				again, err := json.Marshal(got.Elem().Interface())
				require.NoError(t, err)
				assert.JSONEq(t, string(data), string(again))
				assert.Equal(t, fmt.Sprint(want), fmt.Sprint(got.Elem().Interface()))
			})
		}
	}
}

// A credential can be read from JSON, and is not written to it.
func TestCredentialAsJSON(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       registry.Credential
		err        error
	}{
		{"object", `{"Username":"ci","Password":"x"}`, registry.Credential{Username: "ci", Password: "x"}, nil},
		{"token", `{"identityToken":"x"}`, registry.Credential{IdentityToken: "x"}, nil},
		{"null", `null`, registry.Credential{}, nil},
		{"marshalled and empty", marshalled(t, registry.Credential{}), registry.Credential{}, nil},
		{"marshalled", marshalled(t, registry.Credential{Username: `c"i`, Password: "x"}), registry.Credential{Username: `c"i`}, nil},
		{"marshalled token", marshalled(t, registry.Credential{AccessToken: "x"}), registry.Credential{}, nil},
		{"other text", `"ci:x"`, registry.Credential{}, registry.ErrInvalidCredential},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got registry.Credential
			require.ErrorIs(t, json.Unmarshal([]byte(tt.data), &got), tt.err)
			assert.True(t, tt.want == got, "%#v", got) // which prints no secret
		})
	}
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

// Paths and patterns stay as they are, whatever characters they have: another pattern
// would select other files.
func TestOptionsAsJSONKeepNames(t *testing.T) {
	want := oci.BuildOptions{SourcePath: "/srv/wd:5@v2/tree"}
	want.Collect.Include = []string{"apps-?=*.yaml", "a:b@c"}
	want.Collect.Ignore = []string{"charts/a:b@c/", "x?y=z"}
	want.Preflight.Path = "clusters/a:b@c"
	want.Roots = []oci.Root{{Dir: "/srv/a:b@c", Path: "x:y@z"}}
	data, err := json.Marshal(want)
	require.NoError(t, err)
	var got oci.BuildOptions
	require.NoError(t, json.Unmarshal(data, &got))
	assert.Equal(t, want, got)
}

// A name that Validate derived is not recorded either by a build from options that were stored.
func TestValidatedOptionsAsJSON(t *testing.T) {
	for _, tt := range []struct{ name, given, want string }{
		{"derived name", "", ""},
		{"given name", "app", "app"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := validOptions(t)
			opts.Name = tt.given
			v, err := opts.Validate()
			require.NoError(t, err)
			require.Equal(t, "app", v.Name)
			var stored oci.BuildOptions
			require.NoError(t, json.Unmarshal([]byte(marshalled(t, v)), &stored))
			assert.Equal(t, tt.want, stored.Name)
			opts.RegistryEndpoint, stored.RegistryEndpoint = "", "" // asks no registry
			assert.Equal(t, plan(t, opts).Result.Artifact.Digest, plan(t, stored).Result.Artifact.Digest)

			empty, err := oci.EmptyBuildOptions{Name: tt.given, RegistryEndpoint: "ghcr.io", Repository: "app", Version: "v1"}.Validate()
			require.NoError(t, err)
			var storedEmpty oci.EmptyBuildOptions
			require.NoError(t, json.Unmarshal([]byte(marshalled(t, empty)), &storedEmpty))
			assert.Equal(t, tt.want, storedEmpty.Name)
		})
	}
}
