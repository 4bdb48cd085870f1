package flux_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// handOver returns the objects that the API server would store, decoded without tolerance for
// unknown fields and values of another type.
func handOver(t *testing.T, a gitops.Artifact, opts gitops.FluxOptions) (source sourcev1.OCIRepository, k kustomizev1.Kustomization) {
	t.Helper()
	text, err := gitops.Flux(a, opts)
	require.NoError(t, err)
	documents := bytes.Split(text, []byte("---\n"))
	require.Len(t, documents, 2)
	require.NoError(t, yaml.UnmarshalStrict(documents[0], &source), "%s", text)
	require.NoError(t, yaml.UnmarshalStrict(documents[1], &k), "%s", text)
	assert.Equal(t, sourcev1.GroupVersion.WithKind(sourcev1.OCIRepositoryKind), source.GroupVersionKind())
	assert.Equal(t, kustomizev1.GroupVersion.WithKind(kustomizev1.KustomizationKind), k.GroupVersionKind())
	return source, k
}

func TestHandOver(t *testing.T) {
	a := fixture.Artifact()
	source, k := handOver(t, a, gitops.FluxOptions{Secret: "login"})
	assert.Equal(t, sourcev1.OCIRepositorySpec{
		URL: "oci://ghcr.io/acme/shop", Reference: &sourcev1.OCIRepositoryRef{Tag: "1.4.0"}, Interval: metav1.Duration{Duration: 5 * time.Minute},
		SecretRef: &meta.LocalObjectReference{Name: "login"},
	}, source.Spec)
	assert.Equal(t, kustomizev1.KustomizationSpec{
		Path: "./deploy", Prune: true, Interval: metav1.Duration{Duration: 10 * time.Minute},
		SourceRef: kustomizev1.CrossNamespaceSourceReference{Kind: "OCIRepository", Name: "shop"},
	}, k.Spec)

	source, k = handOver(t, a, gitops.FluxOptions{
		Name: "eu", Namespace: "team", Ref: gitops.Ref{ByDigest: true}, Interval: time.Hour, ApplyInterval: 36 * time.Hour, RetryInterval: 1500 * time.Millisecond, Timeout: 90 * time.Second,
		TargetNamespace: "shop", NoPrune: true, Wait: true, DependsOn: []string{"crds", "infra/certs"}, CertSecret: "ca", Provider: "aws",
		Verify: gitops.Verification{Identities: []gitops.Identity{gitops.ExactIdentity("https://issuer.example", "a+b")}, TrustedRoot: "root"},
	})
	assert.Equal(t, "team/eu", source.Namespace+"/"+source.Name)
	assert.Equal(t, sourcev1.OCIRepositorySpec{
		URL: "oci://ghcr.io/acme/shop", Reference: &sourcev1.OCIRepositoryRef{Digest: a.Digest.String()}, Interval: metav1.Duration{Duration: time.Hour},
		Provider: sourcev1.AmazonOCIProvider, CertSecretRef: &meta.LocalObjectReference{Name: "ca"},
		Verify: &sourcev1.OCIRepositoryVerification{
			Provider: "cosign", TrustedRootSecretRef: &meta.LocalObjectReference{Name: "root"},
			MatchOIDCIdentity: []sourcev1.OIDCIdentityMatch{{Issuer: `^https://issuer\.example$`, Subject: `^a\+b$`}},
		},
	}, source.Spec)
	assert.Equal(t, "team/eu", k.Namespace+"/"+k.Name)
	assert.Equal(t, kustomizev1.KustomizationSpec{
		Path: "./deploy", Interval: metav1.Duration{Duration: 36 * time.Hour}, RetryInterval: &metav1.Duration{Duration: 1500 * time.Millisecond}, Timeout: &metav1.Duration{Duration: 90 * time.Second},
		TargetNamespace: "shop", Wait: true, SourceRef: kustomizev1.CrossNamespaceSourceReference{Kind: "OCIRepository", Name: "eu"},
		DependsOn: []kustomizev1.DependencyReference{{Name: "crds"}, {Namespace: "infra", Name: "certs"}},
	}, k.Spec)
}

// A value that YAML 1.1 or 1.2 would take for a number, a boolean, a date or nothing stays
// text.
func TestHandOverKeepsText(t *testing.T) {
	for _, text := range fixture.Scalars() {
		t.Run(text, func(t *testing.T) {
			a := fixture.Artifact()
			a.Tag = text
			source, _ := handOver(t, a, gitops.FluxOptions{})
			assert.Equal(t, text, source.Spec.Reference.Tag)

			source, _ = handOver(t, a, gitops.FluxOptions{Ref: gitops.Ref{Range: text}})
			assert.Equal(t, text, source.Spec.Reference.SemVer)

			if lower := strings.ToLower(text); len(validation.IsDNS1123Label(lower)) == 0 {
				source, k := handOver(t, a, gitops.FluxOptions{Name: lower, Namespace: lower, TargetNamespace: lower, Secret: lower, DependsOn: []string{"infra/" + lower}})
				assert.Equal(t, []string{lower, lower, lower}, []string{source.Name, source.Namespace, source.Spec.SecretRef.Name})
				assert.Equal(t, []string{lower, lower, lower, lower, lower}, []string{k.Name, k.Namespace, k.Spec.TargetNamespace, k.Spec.SourceRef.Name, k.Spec.DependsOn[0].Name})
			}
		})
	}
}

// Our rules for names are those of Kubernetes, with the limit of a label's value.
func TestHandOverNames(t *testing.T) {
	for _, text := range []string{
		"a", "a-b", "a.b", "a..b", ".a", "a.", "-a", "a-", "a.-b", "a-.b", "A", "a_b", "é", "1", "1.2", "a b", "a/b", "a--b",
		strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a.", 31) + "a", strings.Repeat("a.", 32) + "a",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := gitops.Flux(fixture.Artifact(), gitops.FluxOptions{Name: text})
			legal := len(validation.IsDNS1123Subdomain(text)) == 0 && len(validation.IsValidLabelValue(text)) == 0
			assert.Equal(t, legal, err == nil, "%v", err)

			_, err = gitops.Flux(fixture.Artifact(), gitops.FluxOptions{TargetNamespace: text})
			assert.Equal(t, len(validation.IsDNS1123Label(text)) == 0, err == nil, "%v", err)

			_, err = gitops.Flux(fixture.Artifact(), gitops.FluxOptions{Secret: text})
			assert.Equal(t, len(validation.IsDNS1123Subdomain(text)) == 0, err == nil, "%v", err)
		})
	}
}

// The URL names for Flux the registry and the repository that it names for us: parseRepository
// of source-controller.
func TestHandOverURL(t *testing.T) {
	for _, registry := range []string{"ghcr.io", "registry:5000", "localhost:5000", "127.0.0.1:5000", "localhost", "zot"} {
		t.Run(registry, func(t *testing.T) {
			a := fixture.Artifact()
			a.Registry = registry
			text, err := gitops.Flux(a, gitops.FluxOptions{})
			repository, parseErr := name.NewRepository(registry + "/" + a.Repository)
			require.NoError(t, parseErr)
			same := repository.RegistryStr() == registry && repository.RepositoryStr() == a.Repository
			same = same && registry != "localhost" // which older versions look for at Docker Hub
			assert.Equal(t, same, err == nil, "%s %v", repository, err)
			assert.Equal(t, same, bytes.Contains(text, []byte("url: oci://"+registry+"/"+a.Repository+"\n")))
		})
	}
}

// The ranges of the documentation are those of the library that Flux parses them with.
func TestHandOverRanges(t *testing.T) {
	for _, text := range []string{">=1.0.0 <2.0.0", "1.x", "~1.2", "1.2.x", "*"} {
		_, err := semver.NewConstraint(text)
		assert.NoError(t, err, text)
	}
}

// crd returns the schema of a kind of a controller, from its module. The module is no
// requirement, since it would bring hundreds of others.
func crd(t *testing.T, controller, file string) *validate.SchemaValidator {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", "github.com/fluxcd/"+controller+"/api")
	version, err := list.Output()
	require.NoError(t, err)
	download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/fluxcd/"+controller+"@"+strings.TrimSpace(string(version)))
	out, err := download.Output()
	if err != nil {
		t.Skipf("NOT RUN: the module of %s cannot be downloaded: %v", controller, err)
	}
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(out, &module))
	data, err := os.ReadFile(filepath.Join(module.Dir, "config", "crd", "bases", file))
	require.NoError(t, err)
	var definition struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema spec.Schema `json:"openAPIV3Schema"`
				}
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &definition))
	for _, version := range definition.Spec.Versions {
		if version.Name == "v1" {
			return validate.NewSchemaValidator(&version.Schema.OpenAPIV3Schema, nil, "", strfmt.Default)
		}
	}
	t.Fatal("no version v1")
	return nil
}

// Each golden file of package gitops is valid by the schemas of the custom resource
// definitions.
func TestHandOverSchemas(t *testing.T) {
	schemas := map[string]*validate.SchemaValidator{
		"OCIRepository": crd(t, "source-controller", "source.toolkit.fluxcd.io_ocirepositories.yaml"),
		"Kustomization": crd(t, "kustomize-controller", "kustomize.toolkit.fluxcd.io_kustomizations.yaml"),
	}
	paths, err := filepath.Glob("../../../gitops/testdata/yaml/flux-*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			for document := range bytes.SplitSeq(data, []byte("---\n")) {
				var object map[string]any
				require.NoError(t, yaml.Unmarshal(document, &object))
				result := schemas[object["kind"].(string)].Validate(object)
				assert.Empty(t, result.Errors, "%s", document)
			}
		})
	}
	wrong := map[string]any{"spec": map[string]any{"url": "oci://a/b", "interval": "5"}}
	assert.NotEmpty(t, schemas["OCIRepository"].Validate(wrong).Errors, "the schema was not read")
}

// The status is read from the fields that the types of Flux have, in the form in which a
// client with dynamic types gets them.
func TestStatusOfTypes(t *testing.T) {
	a := fixture.Artifact()
	revisions, err := a.Revisions(gitops.Ref{})
	require.NoError(t, err)
	source, k := handOver(t, a, gitops.FluxOptions{})
	source.Generation, k.Generation = 3, 3
	now := metav1.Now()
	condition := func(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: 3, LastTransitionTime: now}
	}
	source.Status = sourcev1.OCIRepositoryStatus{
		ObservedGeneration: 3, Artifact: &meta.Artifact{Revision: revisions.Flux},
		Conditions: []metav1.Condition{condition(meta.ReadyCondition, metav1.ConditionTrue, meta.SucceededReason, "")},
	}
	for _, tt := range []struct {
		name   string
		change func()
		want   gitops.State
	}{
		{"applied", func() {}, gitops.Live},
		{"health checks are canceled", func() {
			k.Status.Conditions[0] = condition(meta.ReadyCondition, metav1.ConditionFalse, meta.HealthCheckCanceledReason, "")
		}, gitops.Pending},
		{"a dependency", func() { k.Status.Conditions[0].Reason = meta.DependencyNotReadyReason }, gitops.Pending},
		{"no artifact", func() { k.Status.Conditions[0].Reason = meta.ArtifactFailedReason }, gitops.Pending},
		{"failed to fetch", func() {
			k.Status.Conditions = append(k.Status.Conditions, condition(meta.ReconcilingCondition, metav1.ConditionTrue, meta.ProgressingWithRetryReason, "Fetching manifests for revision "+revisions.Flux))
		}, gitops.Failed},
		{"failed to build", func() { k.Status.Conditions[0].Reason = meta.BuildFailedReason }, gitops.Failed},
		{"stalled", func() {
			k.Status.Conditions = []metav1.Condition{condition(meta.StalledCondition, metav1.ConditionTrue, meta.InvalidCELExpressionReason, "")}
		}, gitops.Failed},
		{"suspended", func() { k.Spec.Suspend = true }, gitops.Suspended},
		{"deleted", func() { k.DeletionTimestamp = &now }, gitops.Failed},
	} {
		if tt.name == "applied" {
			k.Status = kustomizev1.KustomizationStatus{
				ObservedGeneration: 3, LastAppliedRevision: revisions.Flux, LastAttemptedRevision: revisions.Flux,
				Conditions: []metav1.Condition{condition(meta.ReadyCondition, metav1.ConditionTrue, meta.ReconciliationSucceededReason, "")},
			}
		}
		tt.change()
		t.Run(tt.name, func(t *testing.T) {
			status, err := gitops.StatusOf(a.Digest, dynamic(t, &source), dynamic(t, &k))
			require.NoError(t, err)
			assert.Equal(t, tt.want, status.State, "%+v", status)
			assert.Equal(t, revisions.Flux, status.Revision)
		})
	}
}

// dynamic returns the JSON of an unstructured object.
func dynamic(t *testing.T, object runtime.Object) []byte {
	t.Helper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	require.NoError(t, err)
	data, err := (&unstructured.Unstructured{Object: fields}).MarshalJSON()
	require.NoError(t, err)
	return data
}
