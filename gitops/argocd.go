package gitops

import (
	"cmp"
	"regexp"
	"sync"
)

// ArgoCDOptions are the settings of an Application. The zero value follows the tag, and waits
// for a person to sync.
type ArgoCDOptions struct {
	// Name is the name of the Application: a DNS subdomain of at most 63 bytes. The default is
	// the last segment of the repository, with hyphens in place of dots and underscores.
	Name string
	// Namespace is that of the Application, argocd by default.
	Namespace string
	// Ref selects what the Application follows: the tag by default.
	Ref Ref
	// Project is the project of Argo CD, "default" by default.
	Project string

	// Server is the URL of the API server of the cluster to apply to. The default is that of
	// Argo CD itself, https://kubernetes.default.svc.
	Server string
	// Cluster is the name of a cluster that Argo CD knows, in place of Server.
	Cluster string
	// TargetNamespace is the namespace of the namespaced objects without one of their own. By
	// default, each object needs one. Unlike Flux, Argo CD renames nothing.
	TargetNamespace string
	// CreateNamespace makes Argo CD create TargetNamespace.
	CreateNamespace bool

	// Automated makes Argo CD apply each new revision and correct drift, as Flux does. By
	// default, a person has to sync.
	Automated bool
	// NoPrune keeps objects in the cluster that are no longer in the artifact. It is about
	// automated syncs.
	NoPrune bool
}

type application struct {
	Project     string            `yaml:"project"`
	Source      applicationSource `yaml:"source"`
	Destination destination       `yaml:"destination"`
	SyncPolicy  *syncPolicy       `yaml:"syncPolicy,omitempty"`
}

type applicationSource struct {
	RepoURL        string     `yaml:"repoURL"`
	TargetRevision string     `yaml:"targetRevision"`
	Path           string     `yaml:"path"`
	Directory      *directory `yaml:"directory,omitempty"`
}

type directory struct {
	Recurse bool `yaml:"recurse"`
}

type destination struct {
	Server    string `yaml:"server,omitempty"`
	Name      string `yaml:"name,omitempty"`
	Namespace string `yaml:"namespace,omitempty"`
}

type syncPolicy struct {
	Automated   *automated `yaml:"automated,omitempty"`
	SyncOptions []string   `yaml:"syncOptions,omitempty"`
}

type automated struct {
	Prune    bool `yaml:"prune,omitempty"`
	SelfHeal bool `yaml:"selfHeal"`
}

// ArgoCD returns an Application as YAML. For a registry with plain HTTP, a Secret without
// credentials precedes it that makes Argo CD use HTTP for this repository. It is in the
// namespace of the Application, and Argo CD reads it only in its own: move it there if
// Applications may be elsewhere. Argo CD reads OCI sources since version 3.1. The same input
// gives the same bytes.
//
// The error is an [*Error] of kind [ErrInvalidObjectName] or [ErrInvalidSetting], or a
// [*reference.Error] about the address, the tag or the digest, the latter only if opts.Ref
// needs it.
func ArgoCD(a Artifact, opts ArgoCDOptions) ([]byte, error) {
	where, err := a.address(opts.Ref)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(checkPath("Paths.ArgoCD", a.Paths.ArgoCD), opts.check()); err != nil {
		return nil, err
	}
	name, err := objectName(opts.Name, a.Repository)
	if err != nil {
		return nil, err
	}
	spec := application{
		Project:     cmp.Or(opts.Project, "default"),
		Source:      applicationSource{RepoURL: where.url, TargetRevision: opts.Ref.argoCD(a), Path: a.Paths.ArgoCD},
		Destination: destination{Server: opts.Server, Name: opts.Cluster, Namespace: opts.TargetNamespace},
		SyncPolicy:  opts.syncPolicy(),
	}
	if opts.Cluster == "" {
		spec.Destination.Server = cmp.Or(opts.Server, "https://kubernetes.default.svc")
	}
	if a.Recurse {
		spec.Source.Directory = &directory{Recurse: true}
	}
	namespace := cmp.Or(opts.Namespace, "argocd")
	app := object{APIVersion: "argoproj.io/v1alpha1", Kind: kindApplication, Metadata: metadata{Name: name, Namespace: namespace}, Spec: spec}
	if !where.plainHTTP {
		return documents(app)
	}
	return documents(object{
		APIVersion: "v1", Kind: "Secret",
		Metadata:   metadata{Name: name + "-repository", Namespace: namespace, Labels: map[string]string{"argocd.argoproj.io/secret-type": "repository"}},
		StringData: map[string]string{"type": "oci", "url": where.url, "insecureOCIForceHttp": "true"},
	}, app)
}

func (r Ref) argoCD(a Artifact) string {
	switch {
	case r.ByDigest:
		return a.Digest.String()
	case r.Range != "":
		return r.Range
	}
	return a.Tag
}

func (o ArgoCDOptions) syncPolicy() *syncPolicy {
	if !o.Automated && !o.CreateNamespace {
		return nil
	}
	var policy syncPolicy
	if o.Automated {
		policy.Automated = &automated{Prune: !o.NoPrune, SelfHeal: true}
	}
	if o.CreateNamespace {
		policy.SyncOptions = []string{"CreateNamespace=true"}
	}
	return &policy
}

// version matches text that semver.NewVersion of Masterminds/semver parses. Argo CD takes it
// for a tag, never for a range (versions.IsConstraint).
var version = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^v?[0-9]+(\.[0-9]+){0,2}([-+][0-9A-Za-z.+-]*)?$`)
})

func (o ArgoCDOptions) check() error {
	switch {
	case version().MatchString(o.Ref.Range):
		return setting("Range", o.Ref.Range, "Argo CD takes a version for a tag", `write an operator, as in "~1.2", or "1.2.x"`)
	case o.Server != "" && o.Cluster != "":
		return setting("Server", "", "Cluster is set as well", "unset one of Server and Cluster")
	case o.CreateNamespace && o.TargetNamespace == "":
		return setting("CreateNamespace", "", "TargetNamespace is missing", "set TargetNamespace")
	}
	subdomain := func(field, value string) error { return check(field, value, maxSubdomain, "-.") }
	return cmp.Or(
		checkOptional(checkNamespace, "Namespace", o.Namespace, "TargetNamespace", o.TargetNamespace),
		checkOptional(subdomain, "Project", o.Project),
		checkOptional(checkText, "Server", o.Server, "Cluster", o.Cluster),
	)
}
