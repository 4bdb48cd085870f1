package argocd_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/versions"
	"github.com/argoproj/gitops-engine/pkg/health"
	synccommon "github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// handOver returns the Application, decoded without tolerance for unknown fields and values of
// another type.
func handOver(t *testing.T, a gitops.Artifact, opts gitops.ArgoCDOptions) (app v1alpha1.Application) {
	t.Helper()
	text, err := gitops.ArgoCD(a, opts)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalStrict(text, &app), "%s", text)
	assert.Equal(t, v1alpha1.ApplicationSchemaGroupVersionKind, app.GroupVersionKind())
	return app
}

func TestHandOver(t *testing.T) {
	a := fixture.Artifact()
	app := handOver(t, a, gitops.ArgoCDOptions{})
	assert.Equal(t, "argocd/shop", app.Namespace+"/"+app.Name)
	assert.Equal(t, v1alpha1.ApplicationSpec{
		Project:     "default",
		Source:      &v1alpha1.ApplicationSource{RepoURL: "oci://ghcr.io/acme/shop", TargetRevision: "1.4.0", Path: "deploy"},
		Destination: v1alpha1.ApplicationDestination{Server: v1alpha1.KubernetesInternalAPIServerAddr},
	}, app.Spec)
	assert.True(t, app.Spec.Source.IsOCI())
	explicit, err := app.Spec.Source.ExplicitType()
	require.NoError(t, err)
	assert.Nil(t, explicit, "Argo CD finds the type by the files")

	a.Recurse = true
	app = handOver(t, a, gitops.ArgoCDOptions{
		Name: "eu", Namespace: "team", Ref: gitops.Ref{ByDigest: true}, Project: "team", Cluster: "eu-1", TargetNamespace: "shop", CreateNamespace: true, Automated: true,
	})
	assert.Equal(t, "team/eu", app.Namespace+"/"+app.Name)
	assert.Equal(t, v1alpha1.ApplicationSpec{
		Project: "team",
		Source: &v1alpha1.ApplicationSource{
			RepoURL: "oci://ghcr.io/acme/shop", TargetRevision: a.Digest.String(), Path: "deploy", Directory: &v1alpha1.ApplicationSourceDirectory{Recurse: true},
		},
		Destination: v1alpha1.ApplicationDestination{Name: "eu-1", Namespace: "shop"},
		SyncPolicy: &v1alpha1.SyncPolicy{
			Automated: &v1alpha1.SyncPolicyAutomated{Prune: true, SelfHeal: true}, SyncOptions: v1alpha1.SyncOptions{"CreateNamespace=true"},
		},
	}, app.Spec)
}

// A value that YAML 1.1 or 1.2 would take for a number, a boolean, a date or nothing stays
// text.
func TestHandOverKeepsText(t *testing.T) {
	for _, text := range fixture.Scalars() {
		a := fixture.Artifact()
		a.Tag = text
		app := handOver(t, a, gitops.ArgoCDOptions{Cluster: text})
		assert.Equal(t, []string{text, text}, []string{app.Spec.Source.TargetRevision, app.Spec.Destination.Name})
	}
}

// A range that Argo CD would take for a tag is refused, and no other.
func TestHandOverRanges(t *testing.T) {
	for _, text := range []string{
		">=1.0.0 <2.0.0", "1.x", "~1.2", "^1", "1.2.x", "*", "=1.2.3", "1.2.3 - 1.4.0", "1.2 || 2.x",
		"1", "1.2", "1.2.3", "v1", "v1.2.3", "1.2.3-rc.1", "1.2.3+build", "01.2", "1.2-rc",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := gitops.ArgoCD(fixture.Artifact(), gitops.ArgoCDOptions{Ref: gitops.Ref{Range: text}})
			assert.Equal(t, versions.IsConstraint(text), err == nil, "%v", err)
		})
	}
}

// Each golden file of package gitops is valid by the schema of the custom resource definition.
func TestHandOverSchema(t *testing.T) {
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v3").Output()
	require.NoError(t, err)
	data, err := os.ReadFile(filepath.Join(string(bytes.TrimSpace(dir)), "manifests", "crds", "application-crd.yaml"))
	require.NoError(t, err)
	var definition struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema spec.Schema `json:"openAPIV3Schema"`
				}
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &definition))
	require.Len(t, definition.Spec.Versions, 1)
	schema := validate.NewSchemaValidator(&definition.Spec.Versions[0].Schema.OpenAPIV3Schema, nil, "", strfmt.Default)

	paths, err := filepath.Glob("../../../gitops/testdata/yaml/argocd-*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		documents := bytes.Split(data, []byte("---\n")) // a Secret may come first
		var object map[string]any
		require.NoError(t, yaml.Unmarshal(documents[len(documents)-1], &object))
		assert.Empty(t, schema.Validate(object).Errors, "%s", path)
	}
	assert.NotEmpty(t, schema.Validate(map[string]any{"spec": map[string]any{"project": 1}}).Errors, "the schema was not read")
}

// The status is read from the fields that the types of Argo CD have.
func TestStatusOfTypes(t *testing.T) {
	a := fixture.Artifact()
	a.Recurse = true
	revisions, err := a.Revisions(gitops.Ref{})
	require.NoError(t, err)
	now := metav1.Now()
	for _, tt := range []struct {
		name   string
		change func(*v1alpha1.Application)
		want   gitops.State
	}{
		{"live", func(*v1alpha1.Application) {}, gitops.Live},
		{"deleted", func(app *v1alpha1.Application) { app.DeletionTimestamp = &now }, gitops.Failed},
		{"another source was compared", func(app *v1alpha1.Application) { app.Status.Sync.ComparedTo.Source.TargetRevision = "1.3.0" }, gitops.Pending},
		{"without recursion", func(app *v1alpha1.Application) { app.Status.Sync.ComparedTo.Source.Directory = nil }, gitops.Pending},
		{"another revision", func(app *v1alpha1.Application) { app.Status.Sync.Revision = "sha256:1b" }, gitops.Pending},
		{"out of sync", func(app *v1alpha1.Application) { app.Status.Sync.Status = v1alpha1.SyncStatusCodeOutOfSync }, gitops.Pending},
		{"out of sync, by hand", func(app *v1alpha1.Application) {
			app.Status.Sync.Status, app.Spec.SyncPolicy = v1alpha1.SyncStatusCodeOutOfSync, nil
		}, gitops.Suspended},
		{"requested", func(app *v1alpha1.Application) { app.Operation = &v1alpha1.Operation{} }, gitops.Pending},
		{"running", func(app *v1alpha1.Application) {
			app.Status.OperationState = &v1alpha1.OperationState{Phase: synccommon.OperationRunning}
		}, gitops.Pending},
		{"failed", func(app *v1alpha1.Application) {
			app.Status.OperationState = &v1alpha1.OperationState{Phase: synccommon.OperationFailed, SyncResult: &v1alpha1.SyncOperationResult{Revision: revisions.ArgoCD}}
		}, gitops.Failed},
		{"failed without a result", func(app *v1alpha1.Application) {
			app.Status.OperationState = &v1alpha1.OperationState{Phase: synccommon.OperationError, Operation: v1alpha1.Operation{Sync: &v1alpha1.SyncOperation{Revision: revisions.ArgoCD}}}
		}, gitops.Failed},
		{"a dry run failed", func(app *v1alpha1.Application) {
			app.Status.OperationState = &v1alpha1.OperationState{Phase: synccommon.OperationError, Operation: v1alpha1.Operation{Sync: &v1alpha1.SyncOperation{Revision: revisions.ArgoCD, DryRun: true}}}
		}, gitops.Live},
		{"not compared", func(app *v1alpha1.Application) {
			app.Status.Conditions = []v1alpha1.ApplicationCondition{{Type: v1alpha1.ApplicationConditionComparisonError, Message: "x", LastTransitionTime: &now}}
		}, gitops.Failed},
		{"wrong spec", func(app *v1alpha1.Application) {
			app.Status.Conditions = []v1alpha1.ApplicationCondition{{Type: v1alpha1.ApplicationConditionInvalidSpecError}}
		}, gitops.Failed},
		{"unknown error", func(app *v1alpha1.Application) {
			app.Status.Conditions = []v1alpha1.ApplicationCondition{{Type: v1alpha1.ApplicationConditionUnknownError}}
		}, gitops.Failed},
		{"not synced", func(app *v1alpha1.Application) {
			app.Status.Sync.Status = v1alpha1.SyncStatusCodeOutOfSync
			app.Status.Conditions = []v1alpha1.ApplicationCondition{{Type: v1alpha1.ApplicationConditionSyncError}}
		}, gitops.Failed},
		{"a warning", func(app *v1alpha1.Application) {
			app.Status.Conditions = []v1alpha1.ApplicationCondition{{Type: v1alpha1.ApplicationConditionSharedResourceWarning}}
		}, gitops.Live},
		{"progressing", func(app *v1alpha1.Application) { app.Status.Health.Status = health.HealthStatusProgressing }, gitops.Pending},
		{"degraded", func(app *v1alpha1.Application) { app.Status.Health.Status = health.HealthStatusDegraded }, gitops.Failed},
		{"suspended", func(app *v1alpha1.Application) { app.Status.Health.Status = health.HealthStatusSuspended }, gitops.Suspended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := handOver(t, a, gitops.ArgoCDOptions{Automated: true})
			app.Status = v1alpha1.ApplicationStatus{
				Sync: v1alpha1.SyncStatus{
					Status: v1alpha1.SyncStatusCodeSynced, Revision: revisions.ArgoCD,
					ComparedTo: v1alpha1.ComparedTo{Source: *app.Spec.Source.DeepCopy(), Destination: app.Spec.Destination},
				},
				Health:       v1alpha1.AppHealthStatus{Status: health.HealthStatusHealthy},
				ReconciledAt: &now,
			}
			tt.change(&app)
			data, err := json.Marshal(app)
			require.NoError(t, err)
			status, err := gitops.StatusOf(a.Digest, data)
			require.NoError(t, err)
			assert.Equal(t, tt.want, status.State, "%+v", status)
		})
	}
}
