package gitops

import (
	"cmp"
	"strings"
	"time"
)

// FluxOptions are the settings of an OCIRepository and a Kustomization. The zero value follows
// the tag, applies every change, and removes the objects that are no longer in the artifact.
type FluxOptions struct {
	// Name is the name of both objects: a DNS subdomain of at most 63 bytes. The default is the
	// last segment of the repository, with hyphens in place of dots and underscores.
	Name string
	// Namespace is that of both objects, flux-system by default.
	Namespace string
	// Ref selects what the OCIRepository follows: the tag by default.
	Ref Ref

	// Interval is the time between two questions to the registry, 5 minutes by default.
	// Durations are whole milliseconds.
	Interval time.Duration
	// ApplyInterval is the time between two corrections of drift in the cluster, 10 minutes
	// by default. A new revision is applied without waiting for it.
	ApplyInterval time.Duration
	// RetryInterval is the time until a failed revision is tried again, ApplyInterval by
	// default.
	RetryInterval time.Duration
	// Timeout limits applying and waiting. The default is that of Flux: ApplyInterval less 30
	// seconds.
	Timeout time.Duration

	// TargetNamespace is the namespace of every namespaced object of the tree. By default,
	// each object needs one of its own. An artifact with HasNamespaces is refused, because
	// kustomize renames a Namespace object to it.
	TargetNamespace string
	// NoPrune keeps objects in the cluster that are no longer in the artifact.
	NoPrune bool
	// Wait makes a revision succeed only once all of its objects are ready.
	Wait bool
	// DependsOn lists Kustomizations that must be ready first: a name in Namespace, or
	// namespace/name.
	DependsOn []string

	// Secret is the name of a Secret of type kubernetes.io/dockerconfigjson with the
	// credentials for the registry. By default, the registry is read without any.
	Secret string
	// CertSecret is the name of a Secret with the certificate authority of the registry, a
	// client certificate, or both.
	CertSecret string
	// Provider is aws, azure or gcp to log in to the registry with the identity of the
	// controller, which excludes Secret, and "" or generic otherwise.
	Provider string
	// Verify makes Flux verify signatures. By default, it verifies none.
	Verify Verification
}

type ociRepository struct {
	Interval   string  `yaml:"interval"`
	URL        string  `yaml:"url"`
	Ref        ociRef  `yaml:"ref"`
	Insecure   bool    `yaml:"insecure,omitempty"`
	Provider   string  `yaml:"provider,omitempty"`
	SecretRef  *named  `yaml:"secretRef,omitempty"`
	CertSecret *named  `yaml:"certSecretRef,omitempty"`
	Verify     *verify `yaml:"verify,omitempty"`
}

// ociRef has one field that is set.
type ociRef struct {
	Tag    string `yaml:"tag,omitempty"`
	SemVer string `yaml:"semver,omitempty"`
	Digest string `yaml:"digest,omitempty"`
}

type kustomization struct {
	DependsOn       []dependency `yaml:"dependsOn,omitempty"`
	Interval        string       `yaml:"interval"`
	RetryInterval   string       `yaml:"retryInterval,omitempty"`
	Timeout         string       `yaml:"timeout,omitempty"`
	Prune           bool         `yaml:"prune"`
	Wait            bool         `yaml:"wait,omitempty"`
	TargetNamespace string       `yaml:"targetNamespace,omitempty"`
	SourceRef       sourceRef    `yaml:"sourceRef"`
	Path            string       `yaml:"path"`
}

type dependency struct {
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace,omitempty"`
}

type sourceRef struct {
	Kind string `yaml:"kind"`
	Name string `yaml:"name"`
}

// Flux returns an OCIRepository and a Kustomization as YAML, two documents. The API is that of
// Flux 2.6 and later. The same input gives the same bytes.
//
// The error is an [*Error] of kind [ErrInvalidObjectName] or [ErrInvalidSetting], or a
// [*reference.Error] about the address, the tag or the digest, the latter only if opts.Ref
// needs it.
func Flux(a Artifact, opts FluxOptions) ([]byte, error) {
	where, err := a.address(opts.Ref)
	if err != nil {
		return nil, err
	}
	// go-containerregistry, with which Flux parses the URL, takes such a host for a part of a
	// repository at Docker Hub.
	if host := where.endpoint.String(); !strings.ContainsAny(host, ".:") {
		return nil, setting("Registry", host, "Flux takes a host without a dot or a port for a path at Docker Hub", "write the port, or a host with a dot")
	}
	if err := cmp.Or(checkPath("Paths.Flux", a.Paths.Flux), opts.check(a)); err != nil {
		return nil, err
	}
	name, err := objectName(opts.Name, a.Repository)
	if err != nil {
		return nil, err
	}
	verify, err := opts.Verify.spec()
	if err != nil {
		return nil, err
	}
	meta := metadata{Name: name, Namespace: cmp.Or(opts.Namespace, "flux-system")}
	dependencies, err := opts.dependencies(meta)
	if err != nil {
		return nil, err
	}
	return documents(
		object{APIVersion: "source.toolkit.fluxcd.io/v1", Kind: kindOCIRepository, Metadata: meta, Spec: ociRepository{
			Interval:   duration(cmp.Or(opts.Interval, 5*time.Minute)),
			URL:        where.url,
			Ref:        opts.Ref.flux(a),
			Insecure:   where.plainHTTP,
			Provider:   opts.Provider,
			SecretRef:  secretRef(opts.Secret),
			CertSecret: secretRef(opts.CertSecret),
			Verify:     verify,
		}},
		object{APIVersion: "kustomize.toolkit.fluxcd.io/v1", Kind: kindKustomization, Metadata: meta, Spec: kustomization{
			DependsOn:       dependencies,
			Interval:        duration(cmp.Or(opts.ApplyInterval, 10*time.Minute)),
			RetryInterval:   duration(opts.RetryInterval),
			Timeout:         duration(opts.Timeout),
			Prune:           !opts.NoPrune,
			Wait:            opts.Wait,
			TargetNamespace: opts.TargetNamespace,
			SourceRef:       sourceRef{kindOCIRepository, name},
			Path:            a.Paths.Flux,
		}},
	)
}

func (r Ref) flux(a Artifact) ociRef {
	switch {
	case r.ByDigest:
		return ociRef{Digest: a.Digest.String()}
	case r.Range != "":
		return ociRef{SemVer: r.Range}
	}
	return ociRef{Tag: a.Tag}
}

func (o FluxOptions) check(a Artifact) error {
	if a.HasNamespaces && o.TargetNamespace != "" {
		return setting("TargetNamespace", o.TargetNamespace, "the tree has, or may have, a Namespace object, which kustomize would rename to it", "unset TargetNamespace, and write the namespace into each object")
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"Interval", o.Interval}, {"ApplyInterval", o.ApplyInterval}, {"RetryInterval", o.RetryInterval}, {"Timeout", o.Timeout}} {
		if d.value < 0 || d.value%time.Millisecond != 0 {
			return setting(d.field, d.value.String(), "not a positive number of milliseconds", "")
		}
	}
	switch o.Provider {
	case "", "generic":
	case "aws", "azure", "gcp":
		if o.Secret != "" {
			return setting("Provider", o.Provider, "Flux ignores it if Secret is set", "unset one of Secret and Provider")
		}
	default:
		return setting("Provider", o.Provider, "not generic, aws, azure or gcp", "")
	}
	return cmp.Or(
		checkOptional(checkNamespace, "Namespace", o.Namespace, "TargetNamespace", o.TargetNamespace),
		checkOptional(checkSecret, "Secret", o.Secret, "CertSecret", o.CertSecret),
	)
}

// dependencies returns those of the Kustomization that gets this name and namespace.
func (o FluxOptions) dependencies(own metadata) (all []dependency, err error) {
	for _, text := range o.DependsOn {
		namespace, name, found := strings.Cut(text, "/")
		if !found {
			namespace, name = "", text
		} else if err := checkNamespace("DependsOn", namespace); err != nil {
			return nil, err
		}
		if err := check("DependsOn", name, maxSubdomain, "-."); err != nil {
			return nil, err
		}
		if name == own.Name && cmp.Or(namespace, own.Namespace) == own.Namespace {
			return nil, setting("DependsOn", text, "the Kustomization itself, which would wait for ever", "")
		}
		all = append(all, dependency{name, namespace})
	}
	return all, nil
}

// duration writes 5m for 5m0s, and "" for none.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
