package gitops_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/reference"
)

// kubectl returns one object, or a List of several. The order does not matter.
func TestFormsOfObjects(t *testing.T) {
	k, source := kustomization("", "", ready("Unknown", "Progressing", "")), ociRepository("", "", ready("Unknown", "Progressing", ""))
	list := []byte(`{"apiVersion":"v1","kind":"List","items":[` + string(source) + `,` + string(k) + `]}`)
	typed := []byte(`{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"KustomizationList","items":[` + string(k) + `]}`)
	want := statusOf(t, ours, k, source)
	for name, objects := range map[string][][]byte{
		"in the other order":                    {source, k},
		"a List":                                {list},
		"a List of one kind":                    {typed, source},
		"an older version of the API":           {[]byte(strings.Replace(string(k), "/v1", "/v1beta2", 1)), source},
		"a namespace in the source's reference": {[]byte(strings.Replace(string(k), `"name":"shop"}`, `"name":"shop","namespace":"flux-system"}`, 1)), source},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, want, statusOf(t, ours, objects...)) })
	}
}

func TestSourceInAnotherNamespace(t *testing.T) {
	k := strings.NewReplacer(`"namespace":"flux-system"`, `"namespace":"apps"`, `"name":"shop"}`, `"name":"shop","namespace":"flux-system"}`).Replace(string(kustomization("", "", "")))
	assert.Equal(t, gitops.Pending, statusOf(t, ours, []byte(k), ociRepository("", "", "")).State)
}

func TestObjectsAreRefused(t *testing.T) {
	k, source, app := string(kustomization("", "", "")), string(ociRepository("", "", "")), string(application("", "", ""))
	for _, tt := range []struct {
		name    string
		objects []string
		want    string
	}{
		{"none", nil, "no Kustomization and no Application"},
		{"a source alone", []string{source}, "no Kustomization and no Application"},
		{"an empty List", []string{`{"apiVersion":"v1","kind":"List","items":[]}`}, "no Kustomization and no Application"},
		{"two Kustomizations", []string{k, k}, `"Kustomization": more than one`},
		{"two in a List", []string{`{"kind":"List","items":[` + app + `,` + app + `]}`}, `"Application": more than one`},
		{"a List in a List", []string{`{"kind":"List","items":[{"kind":"List","items":[]}]}`}, `"List": want a Kustomization`},
		{"two engines", []string{k, app}, "objects of two engines"},
		{"a source beside an Application", []string{source, app}, "objects of two engines"},
		{"another source", []string{k, strings.Replace(source, `"shop"`, `"other"`, 1)}, "the Kustomization reads another source than the OCIRepository"},
		{"a source of another namespace", []string{k, strings.Replace(source, `"flux-system"`, `"other"`, 1)}, "the Kustomization reads another source than the OCIRepository"},
		{"a source of another kind", []string{strings.Replace(k, `"OCIRepository"`, `"GitRepository"`, 1), source}, "the Kustomization reads another source than the OCIRepository"},
		{"a kustomization of kustomize", []string{`{"apiVersion":"kustomize.config.k8s.io/v1beta1","kind":"Kustomization"}`}, `"Kustomization": want a Kustomization and an OCIRepository of Flux, or an Application of Argo CD`},
		{"another kind", []string{`{"apiVersion":"v1","kind":"Pod"}`}, `"Pod": want a Kustomization and an OCIRepository of Flux, or an Application of Argo CD`},
		{"YAML", []string{"kind: Kustomization"}, "not the JSON of an object: invalid character 'k' looking for beginning of value"},
		{"no JSON of such an object", []string{strings.Replace(k, `"generation":2`, `"generation":"x"`, 1)}, "not the JSON of an object: json: cannot unmarshal string into Go struct field"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var objects [][]byte
			for _, o := range tt.objects {
				objects = append(objects, []byte(o))
			}
			_, err := gitops.StatusOf(ours, objects...)
			require.ErrorIs(t, err, gitops.ErrInvalidStatus)
			assert.Contains(t, err.Error(), tt.want)
			assert.Less(t, len(err.Error()), 500)
		})
	}
}

func TestStatusOfIllegalDigest(t *testing.T) {
	for _, d := range []digest.Digest{"", "v1", "sha256:0a"} {
		_, err := gitops.StatusOf(d, kustomization("", "", ""))
		require.ErrorIs(t, err, reference.ErrInvalidDigest)
	}
}

func TestStatusAsJSON(t *testing.T) {
	data, err := json.Marshal(statusOf(t, ours, kustomization("", "", ready("Unknown", "Progressing", ""))))
	require.NoError(t, err)
	assert.JSONEq(t, `{"state":"Pending","reason":"the Kustomization has yet to apply it: the message",
		"condition":{"kind":"Kustomization","type":"Ready","status":"Unknown","reason":"Progressing","at":"2026-11-27T10:00:00Z"}}`, string(data))
}
