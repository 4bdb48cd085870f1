package oci

import (
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// BuildResult describes a finished build. It marshals to JSON.
type BuildResult struct {
	Artifact OCIArtifact `json:"artifact"`
	// Tags are all tags that point to the artifact now, in the order in which they were
	// set.
	Tags []string `json:"tags"`
	// Unchanged reports that all tags pointed to this artifact before, and nothing was
	// sent.
	Unchanged bool `json:"unchanged"`
	// SameContent reports that a tag pointed to an artifact with the same content and kept
	// it: see [registry.PushOptions.KeepSameContent]. Artifact.Digest and ManifestSize are
	// of that artifact, and the other fields of the files that were packed.
	SameContent bool `json:"sameContent,omitempty"`
	// RequestedRepository is the repository in the options if it was illegal, and
	// Artifact.Repository is a normalised one.
	RequestedRepository string `json:"requestedRepository,omitempty"`
	// Files are the paths in the archive, in its order.
	Files []string `json:"files"`
	// Skipped lists the entries of the source that are not in the artifact, and why.
	Skipped []Skipped `json:"skipped,omitempty"`
	// Preflight is the policy by which the artifact was checked. PreflightOff means that it
	// was not.
	Preflight PreflightPolicy `json:"preflight"`
	// HasNamespaces reports that the artifact has an object of kind Namespace, which a Flux
	// Kustomization with targetNamespace would rename. It is also set if preflight did not
	// look: under PreflightOff, except by BuildEmpty, and for a file that it reports as too
	// large or too deep.
	HasNamespaces bool `json:"hasNamespaces,omitempty"`
	// Findings are the findings of preflight: empty if there are none, and nil, without a
	// member in JSON, under PreflightOff. They depend on the files and the options alone,
	// never on the registry.
	Findings []Finding `json:"findings,omitzero"`
}

// OCIArtifact is an artifact in a registry.
type OCIArtifact struct {
	// Name is the name in the options, or else the last segment of Repository.
	Name             string `json:"name"`
	Version          string `json:"version"`
	RegistryEndpoint string `json:"registryEndpoint"`
	// PlainHTTP reports that the registry was reached without TLS.
	PlainHTTP  bool   `json:"plainHTTP,omitempty"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	// SourcePath is the directory of the build, or "" for another source. It is not part
	// of the artifact.
	SourcePath string `json:"sourcePath,omitempty"`
	// CreatedAt is the creation time that the packed artifact records, also if SameContent
	// is set.
	CreatedAt time.Time `json:"createdAt"`

	// Reference is oci://host/repository:tag, or with @ and the digest if no tag was set.
	Reference string `json:"reference"`
	// Digest is the digest of the manifest, by which to deploy and to sign.
	Digest digest.Digest `json:"digest"`
	// MediaType and ManifestSize, in bytes, describe the manifest.
	MediaType    string `json:"mediaType"`
	ManifestSize int64  `json:"manifestSize"`
	// LayerDigest, LayerMediaType and LayerSize, in bytes, describe the compressed
	// archive.
	LayerDigest    digest.Digest `json:"layerDigest"`
	LayerMediaType string        `json:"layerMediaType"`
	LayerSize      int64         `json:"layerSize"`
	// ContentDigest and ContentSize, in bytes, describe the archive before compression.
	// The digest depends on the files, the layout and its prefix alone.
	ContentDigest digest.Digest `json:"contentDigest"`
	ContentSize   int64         `json:"contentSize"`
	// Paths are the paths to give to the engines: the first of AllPaths.
	Paths EnginePaths `json:"paths"`
	// AllPaths are the paths for each directory of [preflight.Options.EveryPath], in its
	// order: at least one.
	AllPaths []EnginePaths `json:"allPaths"`
}

func (j job) result(packed packager.Result, findings []Finding, pushed registry.PushResult, requested string) BuildResult {
	o, plan, ref := j.opts, packed.Plan, *j.ref
	if o.Push.DigestOnly {
		ref.Ref = pushed.Manifest.Digest.String()
	}
	files := make([]string, plan.Len())
	for i, entry := range plan.All() {
		files[i] = entry.Path
	}
	policy, _ := preflight.ParsePolicy(string(o.Preflight.Policy)) // it is validated
	if policy != PreflightOff && findings == nil {
		findings = []Finding{}
	}
	if trimBlanks(requested) == o.Repository {
		requested = ""
	}
	paths := o.paths(plan)
	return BuildResult{
		Tags:                o.allTags(),
		Unchanged:           pushed.Unchanged,
		SameContent:         pushed.SameContent,
		RequestedRepository: requested,
		Files:               files,
		Skipped:             plan.Set().Skipped(),
		Preflight:           policy,
		HasNamespaces:       j.namespaces || policy == PreflightOff,
		Findings:            findings,
		Artifact: OCIArtifact{
			Name:             o.Name,
			Version:          o.Version,
			RegistryEndpoint: o.RegistryEndpoint,
			PlainHTTP:        o.Registry.Scheme == registry.SchemeHTTP,
			Repository:       o.Repository,
			Tag:              o.Version,
			SourcePath:       o.SourcePath,
			CreatedAt:        packed.Created,
			Reference:        ref.String(),
			Digest:           pushed.Manifest.Digest,
			MediaType:        pushed.Manifest.MediaType,
			ManifestSize:     pushed.Manifest.Size,
			LayerDigest:      packed.Layer.Digest,
			LayerMediaType:   packed.Layer.MediaType,
			LayerSize:        packed.Layer.Size,
			ContentDigest:    packed.ContentDigest,
			ContentSize:      packed.ContentSize,
			Paths:            paths[0],
			AllPaths:         paths,
		},
	}
}

// HandOver describes the artifact to package gitops, which writes the objects for Flux and
// Argo CD, and tells whether the artifact has arrived. The paths are the first of
// Artifact.AllPaths. Set Recurse in it if the Argo CD Application is to read subdirectories,
// as with Preflight.DirectoryRecurse. Under PreflightOff, HasNamespaces is set in it, and
// [gitops.Flux] refuses a TargetNamespace: unset HasNamespaces if the tree has no Namespace.
func (r BuildResult) HandOver() gitops.Artifact {
	a := r.Artifact
	return gitops.Artifact{
		Registry: a.RegistryEndpoint, Repository: a.Repository, Tag: a.Tag, Digest: a.Digest,
		Paths: a.Paths, PlainHTTP: a.PlainHTTP, HasNamespaces: r.HasNamespaces,
	}
}

// paths returns the paths to give to the engines, for each directory that they render.
func (o BuildOptions) paths(plan *packager.Plan) (all []EnginePaths) {
	for _, dir := range o.Preflight.EveryPath() {
		all = append(all, plan.Paths().Below(dir))
	}
	return all
}
