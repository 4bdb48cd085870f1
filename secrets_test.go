package oci_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/registry"
)

func TestOptionsKeepTheirSecrets(t *testing.T) {
	connect := oci.RegistryOptions{Credential: registry.Credential{AccessToken: canary}}
	for _, opts := range []any{
		oci.BuildOptions{Repository: "shown", Password: canary, Registry: connect},
		oci.ValidatedBuildOptions{Repository: "shown", Password: canary, Registry: connect},
		oci.EmptyBuildOptions{Repository: "shown", Password: canary, Registry: connect},
		oci.ValidatedEmptyBuildOptions{Repository: "shown", Password: canary, Registry: connect},
		oci.VerifyOptions{Repository: "shown", Password: canary, Registry: connect},
		oci.ArtifactExistsOptions{Repository: "shown", Password: canary, Registry: connect},
	} {
		t.Run(fmt.Sprintf("%T", opts), func(t *testing.T) {
			for form, text := range everyForm(t, opts) {
				assert.NotContains(t, text, canary, form)
				assert.Contains(t, text, "shown", form)
			}
		})
	}
}

// Text that Validate would refuse without repeating it is not printed before either.
func TestOptionsKeepSecretsInTheWrongPlace(t *testing.T) {
	for _, endpoint := range []string{
		"user:" + canary + "@ghcr.io", "https://user:" + canary + "@ghcr.io", "https://user:x/" + canary + "@ghcr.io", "ghcr.io?" + canary,
	} {
		source := "https://user:" + canary + "@git.example.com/x?token=" + canary
		annotations := map[string]string{"source": source}
		for _, opts := range []any{
			oci.BuildOptions{RegistryEndpoint: endpoint, Pack: oci.PackOptions{Annotations: annotations, SourceURL: source}},
			oci.ValidatedBuildOptions{RegistryEndpoint: endpoint, Pack: oci.PackOptions{Annotations: annotations, SourceURL: source}},
			oci.EmptyBuildOptions{RegistryEndpoint: endpoint, Pack: oci.PackOptions{Annotations: annotations, SourceURL: source}},
			oci.ValidatedEmptyBuildOptions{RegistryEndpoint: endpoint, Pack: oci.PackOptions{Annotations: annotations, SourceURL: source}},
			oci.PackOptions{Annotations: annotations, SourceURL: source},
			oci.VerifyOptions{RegistryEndpoint: endpoint},
			oci.ArtifactExistsOptions{RegistryEndpoint: endpoint},
		} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				assert.NotContains(t, fmt.Sprintf(verb, opts), canary)
			}
		}
	}
}

// everyForm returns v in every form in which it can end up in a log.
func everyForm(t *testing.T, v any) map[string]string {
	t.Helper()
	forms := map[string]string{}
	pointer := reflect.New(reflect.TypeOf(v))
	pointer.Elem().Set(reflect.ValueOf(v))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		forms[verb] = fmt.Sprintf(verb, v)
		forms[verb+" of a pointer"] = fmt.Sprintf(verb, pointer.Interface())
		forms[verb+" in a slice"] = fmt.Sprintf(verb, []any{v})
	}
	data, err := json.Marshal(v)
	require.NoError(t, err)
	forms["JSON"] = string(data)
	var text, jsonText bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("message", "value", v)
	slog.New(slog.NewJSONHandler(&jsonText, nil)).Info("message", "value", v)
	forms["slog text"], forms["slog JSON"] = text.String(), jsonText.String()
	return forms
}
