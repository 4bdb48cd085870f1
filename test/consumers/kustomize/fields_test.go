// Package kustomize_test compares our knowledge of kustomize with kustomize itself.
package kustomize_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kubeoci/oci/internal/kustomize"
)

const probe = "probe-me"

// inflated lists the fields that are read only by running helm, which no engine does by
// default. The test observes how kustomize reads the others.
var inflated = map[string]bool{
	"helmGlobals.chartHome":                   true,
	"helmCharts[].valuesFile":                 true,
	"helmCharts[].additionalValuesFiles[]":    true,
	"helmChartInflationGenerator[].values":    true,
	"helmChartInflationGenerator[].chartHome": true,
}

// texts lists the fields that do not name a file. Fields that are new in kustomize must
// be added to it, or to the table of internal/kustomize.
func texts(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/texts.txt")
	require.NoError(t, err)
	return strings.Fields(string(text))
}

// We follow a field if, and only if, kustomize reads it as the path of a file or
// directory.
func TestFieldsThatArePaths(t *testing.T) {
	texts := texts(t)
	fields := textFields("", reflect.TypeFor[types.Kustomization](), nil)
	require.Greater(t, len(fields), 50)
	for _, field := range fields {
		t.Run(field, func(t *testing.T) {
			text := kustomizationWith(t, field)
			k, err := kustomize.Parse(text)
			followed := err == nil && slices.ContainsFunc(k.References, func(r kustomize.Reference) bool { return r.Path == probe })
			if inflated[field] {
				assert.True(t, followed)
				return
			}
			read := readsProbe(t, text)
			assert.Equal(t, read, followed, "kustomize reads it: %v, we follow it: %v\n%s", read, followed, text)
			assert.Equal(t, !read, slices.Contains(texts, field), "testdata/texts.txt lists the fields that do not name a file")
		})
	}
	for _, name := range texts {
		assert.Contains(t, fields, name, "kustomize does not have this field any more")
	}
}

// textFields lists the string fields of a type, such as "patches[].path".
func textFields(at string, typ reflect.Type, above []reflect.Type) (fields []string) {
	switch typ.Kind() {
	case reflect.String:
		return []string{at}
	case reflect.Pointer:
		return textFields(at, typ.Elem(), above)
	case reflect.Slice:
		return textFields(at+"[]", typ.Elem(), above)
	case reflect.Map:
		return textFields(at+".path", typ.Elem(), above) // the form of openapi
	case reflect.Interface:
		return []string{at}
	case reflect.Struct:
		if slices.Contains(above, typ) {
			return nil
		}
		for field := range structFields(typ) {
			name, inline := jsonName(field)
			below := at
			if !inline {
				below = strings.TrimPrefix(at+"."+name, ".")
			}
			fields = append(fields, textFields(below, field.Type, append(slices.Clip(above), typ))...)
		}
	}
	return fields
}

func structFields(typ reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if field := typ.Field(i); field.IsExported() && !yield(field) {
				return
			}
		}
	}
}

func jsonName(field reflect.StructField) (name string, inline bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name, name == "" && field.Anonymous || strings.Contains(options, "inline")
}

// kustomizationWith returns a kustomization with the probe in one field, and the other
// fields that kustomize requires.
func kustomizationWith(t *testing.T, field string) []byte {
	t.Helper()
	var value any = probe
	parts := strings.Split(field, ".")
	for _, part := range slices.Backward(parts) {
		name, lists := part, 0
		for strings.HasSuffix(name, "[]") {
			name, lists = strings.TrimSuffix(name, "[]"), lists+1
		}
		for range lists {
			value = []any{value}
		}
		value = map[string]any{name: value}
	}
	top := value.(map[string]any)
	if _, own := top["resources"]; !own {
		top["resources"] = []any{"app.yaml"}
	}
	for name, needed := range map[string]map[string]any{
		"configMapGenerator": {"name": "generated"},
		"secretGenerator":    {"name": "generated"},
		"patchesJson6902":    {"target": map[string]any{"version": "v1", "kind": "ConfigMap", "name": "app"}},
	} {
		if list, ok := top[name].([]any); ok {
			item := list[0].(map[string]any)
			maps.Copy(needed, item)
			list[0] = needed
		}
	}
	text, err := json.Marshal(top)
	require.NoError(t, err)
	return text
}

// readsProbe reports whether kustomize looks for the probe in the file system.
func readsProbe(t *testing.T, kustomization []byte) bool {
	t.Helper()
	fs := &recorder{FileSystem: filesys.MakeFsInMemory()}
	require.NoError(t, fs.WriteFile("/app/kustomization.yaml", kustomization))
	require.NoError(t, fs.WriteFile("/app/app.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n")))
	_, _ = krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, "/app") // most fail after looking
	return fs.probed
}

// recorder records whether kustomize looked for the probe.
type recorder struct {
	filesys.FileSystem
	probed bool
}

func (r *recorder) see(path string) { r.probed = r.probed || strings.Contains(path, probe) }

func (r *recorder) ReadFile(path string) ([]byte, error) {
	r.see(path)
	return r.FileSystem.ReadFile(path)
}

func (r *recorder) Open(path string) (filesys.File, error) {
	r.see(path)
	return r.FileSystem.Open(path)
}

func (r *recorder) Exists(path string) bool {
	r.see(path)
	return r.FileSystem.Exists(path)
}

func (r *recorder) IsDir(path string) bool {
	r.see(path)
	return r.FileSystem.IsDir(path)
}

func (r *recorder) Glob(pattern string) ([]string, error) {
	r.see(pattern)
	return r.FileSystem.Glob(pattern)
}

func (r *recorder) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	r.see(path)
	return r.FileSystem.CleanedAbs(path)
}
