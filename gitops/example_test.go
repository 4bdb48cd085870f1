package gitops_test

import (
	"fmt"
	"log"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/packager"
)

// The fields of the artifact come from the result of a build.
func ExampleFlux() {
	artifact := gitops.Artifact{
		Registry: "ghcr.io", Repository: "acme/shop", Tag: "1.4.0",
		Digest: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
		Paths:  packager.EnginePaths{Flux: "./", ArgoCD: "."},
	}
	objects, err := gitops.Flux(artifact, gitops.FluxOptions{
		Ref:             gitops.Ref{Range: ">=1.4.0 <2.0.0"},
		TargetNamespace: "shop",
		Verify: gitops.Verification{Identities: []gitops.Identity{
			gitops.ExactIdentity("https://issuer.example", "ci@acme.example"),
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(objects))
	// Output:
	// apiVersion: source.toolkit.fluxcd.io/v1
	// kind: OCIRepository
	// metadata:
	//   name: shop
	//   namespace: flux-system
	// spec:
	//   interval: 5m
	//   url: oci://ghcr.io/acme/shop
	//   ref:
	//     semver: ">=1.4.0 <2.0.0"
	//   verify:
	//     provider: cosign
	//     matchOIDCIdentity:
	//     - issuer: ^https://issuer\.example$
	//       subject: ^ci@acme\.example$
	// ---
	// apiVersion: kustomize.toolkit.fluxcd.io/v1
	// kind: Kustomization
	// metadata:
	//   name: shop
	//   namespace: flux-system
	// spec:
	//   interval: 10m
	//   prune: true
	//   targetNamespace: shop
	//   sourceRef:
	//     kind: OCIRepository
	//     name: shop
	//   path: ./
}

func ExampleArgoCD() {
	artifact := gitops.Artifact{
		Registry: "ghcr.io", Repository: "acme/shop", Tag: "1.4.0",
		Paths: packager.EnginePaths{Flux: "./deploy", ArgoCD: "deploy"},
	}
	objects, err := gitops.ArgoCD(artifact, gitops.ArgoCDOptions{TargetNamespace: "shop", Automated: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(objects))
	// Output:
	// apiVersion: argoproj.io/v1alpha1
	// kind: Application
	// metadata:
	//   name: shop
	//   namespace: argocd
	// spec:
	//   project: default
	//   source:
	//     repoURL: oci://ghcr.io/acme/shop
	//     targetRevision: 1.4.0
	//     path: deploy
	//   destination:
	//     server: https://kubernetes.default.svc
	//     namespace: shop
	//   syncPolicy:
	//     automated:
	//       prune: true
	//       selfHeal: true
}

func ExampleArtifact_Revisions() {
	artifact := gitops.Artifact{Tag: "1.4.0", Digest: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}
	revisions, err := artifact.Revisions(gitops.Ref{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(revisions.Flux)
	fmt.Println(revisions.ArgoCD)
	// Output:
	// 1.4.0@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
	// sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
}

// The Kustomization has Ready=True, because it has yet to see the new revision of its source.
func ExampleStatusOf() {
	const pushed = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
	// kubectl -n flux-system get ocirepository/shop kustomization/shop -o json
	objects := []byte(`{"apiVersion": "v1", "kind": "List", "items": [
	  {
	    "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
	    "metadata": {"name": "shop", "namespace": "flux-system", "generation": 1},
	    "status": {
	      "observedGeneration": 1,
	      "artifact": {"revision": "v1@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"},
	      "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "observedGeneration": 1}]
	    }
	  }, {
	    "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
	    "metadata": {"name": "shop", "namespace": "flux-system", "generation": 1},
	    "spec": {"sourceRef": {"kind": "OCIRepository", "name": "shop"}},
	    "status": {
	      "observedGeneration": 1,
	      "lastAppliedRevision": "v1@sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
	      "lastAttemptedRevision": "v1@sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
	      "conditions": [{"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "observedGeneration": 1}]
	    }
	  }
	]}`)
	status, err := gitops.StatusOf(pushed, objects)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.State)
	fmt.Println(status.Reason)
	fmt.Println(status.Condition.Kind, status.Condition.Type, status.Condition.Status)
	fmt.Println("live:", status.Revision)
	// Output:
	// Pending
	// the Kustomization has yet to apply it
	// Kustomization Ready True
	// live: v1@sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
}
