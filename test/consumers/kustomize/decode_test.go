package kustomize_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/kubeoci/oci/internal/kustomize"
)

// verdict is what we know of a text: whether kustomize refuses it, and whether Flux
// does, which decodes the kustomization at its path without strictness.
type verdict struct{ kustomize, flux bool }

func verdictOf(text []byte) verdict {
	k, err := kustomize.Parse(text)
	if err != nil {
		return verdict{true, !errors.Is(err, kustomize.ErrEmpty)}
	}
	var v verdict
	decoding := []error{kustomize.ErrUnknownField, kustomize.ErrNotString, kustomize.ErrNotBoolean, kustomize.ErrNotNumber}
	for _, f := range k.Faults {
		if slices.Contains(decoding, f.Err) { // others are found later
			v.kustomize, v.flux = true, v.flux || !f.Lenient
		}
	}
	return v
}

// truth decodes a text as kustomize and Flux do.
func truth(text []byte) verdict {
	var strict, lenient types.Kustomization
	err := strict.Unmarshal(text)
	strict.FixKustomization()
	return verdict{err != nil || strict.CheckEmpty() != nil, yaml.Unmarshal(text, &lenient) != nil}
}

// We know the type of each scalar in a kustomization.
func TestTypesOfFields(t *testing.T) {
	values := []string{"text", "'1'", "1", "1.10", "3.0", "0x1f", "true", "'true'", "yes", "'yes'", "Off", "y", "2024-01-01", "~", "[]", "{}", "[a]", "{a: b}"}
	for _, field := range scalarFields("", reflect.TypeFor[types.Kustomization](), nil) {
		if strings.HasSuffix(field, "Inline.path") || strings.HasSuffix(field, "Local.path") || field == "kind" || field == "apiVersion" {
			continue // any value, or certain texts only
		}
		t.Run(field, func(t *testing.T) {
			for _, value := range values {
				text := []byte(nest(field, value))
				want, got := truth(text), verdictOf(text)
				if got.kustomize && got.flux && want.kustomize && isPath(field) {
					continue // kustomize does not read a number as a path, and nobody names a file so
				}
				if value == "~" && strings.HasSuffix(field, "[]") && isPath(field) || strings.Contains(field, "files[]") && value == "~" {
					continue // refused later
				}
				assert.True(t, want == got, "%s: kustomize and Flux refuse: %v, we: %v", text, want, got)
			}
		})
	}
}

// isPath reports whether a field is followed.
func isPath(field string) bool {
	k, err := kustomize.Parse([]byte(nest(field, "probe.yaml")))
	return err == nil && len(k.References) > 0
}

// scalarFields lists the fields of a type that are no structs, such as "patches[].path".
func scalarFields(at string, typ reflect.Type, above []reflect.Type) (fields []string) {
	switch typ.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64:
		return []string{at}
	case reflect.Pointer:
		return scalarFields(at, typ.Elem(), above)
	case reflect.Slice:
		return scalarFields(at+"[]", typ.Elem(), above)
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
			fields = append(fields, scalarFields(below, field.Type, append(slices.Clip(above), typ))...)
		}
		return fields
	}
	return textFields(at, typ, above)
}

// nest returns a kustomization with a value in one field.
func nest(field, value string) string {
	text := value
	for _, part := range slices.Backward(strings.Split(field, ".")) {
		name, lists := strings.CutSuffix(part, "[]")
		if lists {
			text = "[" + text + "]"
		}
		text = "{" + name + ": " + text + "}"
	}
	return text
}

// We know all fields of each mapping in a kustomization, and no others.
func TestUnknownFields(t *testing.T) {
	mappings := structsIn("", reflect.TypeFor[types.Kustomization](), nil)
	require.Greater(t, len(mappings), 20)
	for _, at := range mappings {
		t.Run(at, func(t *testing.T) {
			for _, name := range []string{"unknown", "pathh", "Unknown", "path ", "'1'", "1", "true"} {
				text := []byte("{" + name + ": ~}")
				if at != "" {
					text = []byte(nest(at, string(text)))
				}
				want, got := truth(text), verdictOf(text)
				assert.True(t, want == got, "%s: kustomize and Flux refuse: %v, we: %v", text, want, got)
			}
		})
	}
}

// structsIn lists the mappings with fixed fields.
func structsIn(at string, typ reflect.Type, above []reflect.Type) (all []string) {
	switch typ.Kind() {
	case reflect.Pointer:
		return structsIn(at, typ.Elem(), above)
	case reflect.Slice:
		return structsIn(at+"[]", typ.Elem(), above)
	case reflect.Struct:
		if slices.Contains(above, typ) {
			return nil
		}
		all = append(all, at)
		for field := range structFields(typ) {
			name, inline := jsonName(field)
			below := at
			if !inline {
				below = strings.TrimPrefix(at+"."+name, ".")
			}
			all = append(all, structsIn(below, field.Type, append(slices.Clip(above), typ))...)
		}
	}
	return slices.Compact(all)
}

// Of several values of a field, we follow the one that kustomize keeps.
func TestValuesThatKustomizeKeeps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		text := []byte(randomGenerator(random, 0))
		var decoded types.Kustomization
		require.NoError(t, decoded.Unmarshal(text), "%s", text)
		k, err := kustomize.Parse(text)
		require.NoError(t, err, "%s", text)
		var want, got []string
		for _, g := range decoded.ConfigMapGenerator {
			want = append(want, g.EnvSources...)
			if g.EnvSource != "" {
				want = append(want, g.EnvSource)
			}
		}
		for _, r := range k.References {
			got = append(got, r.Path)
		}
		assert.ElementsMatch(t, want, got, "%s", text)
	}
}

// randomGenerator returns a kustomization with a generator whose fields are there several
// times.
func randomGenerator(random *rand.Rand, n int) string {
	var fields func(depth int) string
	fields = func(depth int) string {
		var all []string
		for range 1 + random.IntN(4) {
			n++
			switch random.IntN(6) {
			case 0:
				all = append(all, fmt.Sprintf("env: e%d", n))
			case 1:
				all = append(all, fmt.Sprintf("ENV: e%d", n))
			case 2:
				all = append(all, "envs: ~")
			case 3, 4:
				all = append(all, fmt.Sprintf("envs: [s%d]", n))
			case 5:
				if depth < 2 {
					all = append(all, "<<: "+[]string{fields(depth + 1), "[" + fields(depth+1) + ", " + fields(depth+1) + "]"}[random.IntN(2)])
				}
			}
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	return "configMapGenerator: [" + fields(0) + "]\nnamePrefix: a"
}
