package kinds_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/kinds"
)

func TestScopes(t *testing.T) {
	for _, tt := range []struct {
		apiVersion, kind            string
		clusterScoped, isNamespaced bool
	}{
		{"v1", "Namespace", true, false},
		{"v1", "ConfigMap", false, true},
		{"apps/v1", "Deployment", false, true},
		{"apps/v2", "Deployment", false, true},
		{"v2", "Namespace", false, false},
		{"rbac.authorization.k8s.io/v1", "ClusterRole", true, false},
		{"rbac.authorization.k8s.io/v1", "Role", false, true},
		{"helm.toolkit.fluxcd.io/v2", "HelmRelease", false, true},
		{"example.com/v1", "ConfigMap", false, false},
		{"v1", "", false, false},
		{"", "Namespace", false, false},
		{"v1", "Config", false, false},
		{"v1", "ConfigMap Secret", false, false},
	} {
		t.Run(tt.apiVersion+" "+tt.kind, func(t *testing.T) {
			assert.Equal(t, tt.clusterScoped, kinds.IsClusterScoped(tt.apiVersion, tt.kind))
			assert.Equal(t, tt.isNamespaced, kinds.IsNamespaced(tt.apiVersion, tt.kind))
		})
	}
}
