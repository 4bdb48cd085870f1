// Package kustomize_test holds what we know of kustomize against kustomize.
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

// inflated are the fields that are read with a program, helm, alone, which no
// engine runs by default. What kustomize makes of the others is seen to happen.
var inflated = map[string]bool{
	"helmGlobals.chartHome":                   true,
	"helmCharts[].valuesFile":                 true,
	"helmCharts[].additionalValuesFiles[]":    true,
	"helmChartInflationGenerator[].values":    true,
	"helmChartInflationGenerator[].chartHome": true,
}

// texts are the fields that name no file. One that is new to kustomize is not
// among them, and has to be put there, or into the table of internal/kustomize.
func texts(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/texts.txt")
	require.NoError(t, err)
	return strings.Fields(string(text))
}

// Every field of kustomize that names a file or folder is one that we follow, and
// no other is.
func TestFieldsThatArePaths(t *testing.T) {
	texts := texts(t)
	fields := textFields("", reflect.TypeFor[types.Kustomization](), nil)
	require.Greater(t, len(fields), 50)
	for _, field := range fields {
		t.Run(field, func(t *testing.T) {
			text := kustomizationWith(t, field)
			references, err := kustomize.Parse(text)
			followed := err == nil && slices.ContainsFunc(references, func(r kustomize.Reference) bool { return r.Path == probe })
			if inflated[field] {
				assert.True(t, followed)
				return
			}
			read := whatIsRead(t, text)
			assert.Equal(t, read, followed, "kustomize reads it: %v, we follow it: %v\n%s", read, followed, text)
			assert.Equal(t, !read, slices.Contains(texts, field), "testdata/texts.txt is to have the fields that name no file")
		})
	}
	for _, name := range texts {
		assert.Contains(t, fields, name, "kustomize has no such field any more")
	}
}

// textFields lists what in a type takes a text, such as "patches[].path".
func textFields(at string, typ reflect.Type, above []reflect.Type) (fields []string) {
	switch typ.Kind() {
	case reflect.String:
		return []string{at}
	case reflect.Pointer:
		return textFields(at, typ.Elem(), above)
	case reflect.Slice:
		return textFields(at+"[]", typ.Elem(), above)
	case reflect.Map:
		return textFields(at+".path", typ.Elem(), above) // as openapi has it
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

// kustomizationWith has the probe in one field, and what kustomize wants beside.
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

// whatIsRead reports whether kustomize looks for the probe in the file system.
func whatIsRead(t *testing.T, kustomization []byte) bool {
	t.Helper()
	fs := &recorder{FileSystem: filesys.MakeFsInMemory()}
	require.NoError(t, fs.WriteFile("/app/kustomization.yaml", kustomization))
	require.NoError(t, fs.WriteFile("/app/app.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n")))
	_, _ = krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, "/app") // most fail, having looked
	return fs.probed
}

// recorder knows whether somebody looked for the probe.
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
