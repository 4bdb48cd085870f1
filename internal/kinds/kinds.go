// Package kinds lists kinds of objects that every cluster has, or every cluster with Flux,
// and whether their objects have a namespace.
package kinds

import (
	"slices"
	"strings"
)

// clusterScoped lists kinds without a namespace by apiVersion. They are those that
// kustomize knows (openapi.IsNamespaceScoped of its package kyaml). It takes all other
// kinds for namespaced ones.
var clusterScoped = fields(map[string]string{
	"v1":                                   "ComponentStatus Namespace Node NodeProxyOptions PersistentVolume",
	"admissionregistration.k8s.io/v1":      "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
	"admissionregistration.k8s.io/v1beta1": "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
	"apiextensions.k8s.io/v1":              "CustomResourceDefinition",
	"apiextensions.k8s.io/v1beta1":         "CustomResourceDefinition",
	"apiregistration.k8s.io/v1":            "APIService",
	"apiregistration.k8s.io/v1beta1":       "APIService",
	"certificates.k8s.io/v1":               "CertificateSigningRequest",
	"certificates.k8s.io/v1beta1":          "CertificateSigningRequest",
	"flowcontrol.apiserver.k8s.io/v1beta1": "FlowSchema PriorityLevelConfiguration",
	"networking.k8s.io/v1":                 "IngressClass",
	"networking.k8s.io/v1beta1":            "IngressClass",
	"node.k8s.io/v1":                       "RuntimeClass",
	"node.k8s.io/v1beta1":                  "RuntimeClass",
	"policy/v1beta1":                       "PodSecurityPolicy",
	"rbac.authorization.k8s.io/v1":         "ClusterRole ClusterRoleBinding",
	"rbac.authorization.k8s.io/v1beta1":    "ClusterRole ClusterRoleBinding",
	"scheduling.k8s.io/v1":                 "PriorityClass",
	"scheduling.k8s.io/v1beta1":            "PriorityClass",
	"storage.k8s.io/v1":                    "CSIDriver CSINode StorageClass VolumeAttachment",
	"storage.k8s.io/v1beta1":               "CSIDriver CSINode StorageClass VolumeAttachment",
})

// namespaced lists kinds with a namespace by group. The scope of a kind is the same in all
// versions of its group. The first part is known to kustomize as well, the second is in
// the CustomResourceDefinitions of Flux.
var namespaced = fields(map[string]string{
	"":                          "ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
	"apps":                      "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
	"autoscaling":               "HorizontalPodAutoscaler",
	"batch":                     "CronJob Job",
	"coordination.k8s.io":       "Lease",
	"discovery.k8s.io":          "EndpointSlice",
	"events.k8s.io":             "Event",
	"extensions":                "Ingress",
	"networking.k8s.io":         "Ingress NetworkPolicy",
	"policy":                    "PodDisruptionBudget",
	"rbac.authorization.k8s.io": "Role RoleBinding",

	"helm.toolkit.fluxcd.io":         "HelmRelease",
	"image.toolkit.fluxcd.io":        "ImagePolicy ImageRepository ImageUpdateAutomation",
	"kustomize.toolkit.fluxcd.io":    "Kustomization",
	"notification.toolkit.fluxcd.io": "Alert Provider Receiver",
	"source.extensions.fluxcd.io":    "ArtifactGenerator",
	"source.toolkit.fluxcd.io":       "Bucket ExternalArtifact GitRepository HelmChart HelmRepository OCIRepository",
})

// IsClusterScoped reports whether kustomize knows that objects of a kind have no
// namespace.
func IsClusterScoped(apiVersion, kind string) bool {
	return slices.Contains(clusterScoped[apiVersion], kind)
}

// IsNamespaced reports whether objects of a kind certainly have a namespace.
func IsNamespaced(apiVersion, kind string) bool {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	return slices.Contains(namespaced[group], kind)
}

// fields returns the kinds in a list with spaces between them.
func fields(lists map[string]string) map[string][]string {
	all := make(map[string][]string, len(lists))
	for key, kinds := range lists {
		all[key] = strings.Fields(kinds)
	}
	return all
}
