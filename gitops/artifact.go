package gitops

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
)

// Artifact describes a published artifact: fields of the result of a build, and two facts about
// its tree.
type Artifact struct {
	// Registry is the endpoint, in the form of [reference.ParseEndpoint].
	Registry string
	// Repository is the whole path, such as org/my-app.
	Repository string
	// Tag is the tag to follow. A [Ref] with ByDigest does not need it.
	Tag string
	// Digest is the digest of the manifest, a sha256. Only ByDigest and
	// [Artifact.Revisions] need it, so that objects can be written before the first push.
	Digest digest.Digest
	// Paths are the paths at which the engines find the tree.
	Paths packager.EnginePaths
	// PlainHTTP makes the engines use HTTP. An endpoint that starts with http:// does so too.
	PlainHTTP bool
	// HasNamespaces reports that the tree has, or may have, an object of kind Namespace.
	HasNamespaces bool
	// Recurse makes Argo CD read the subdirectories of Paths.ArgoCD. Set it for plain
	// manifests alone: Argo CD then takes a kustomization.yaml for a manifest as well. Flux
	// needs no such setting.
	Recurse bool
}

// Ref selects what an engine follows. The zero value follows [Artifact.Tag].
type Ref struct {
	// ByDigest pins [Artifact.Digest].
	ByDigest bool
	// Range follows the highest version among the tags within a range, such as
	// ">=1.0.0 <2.0.0" or "1.x". The grammar is that of github.com/Masterminds/semver/v3,
	// which both engines use; it is not checked here, except that [ArgoCD] refuses a version
	// such as "1.4", which Argo CD takes for a tag. Ranges pass over pre-releases unless they
	// name one.
	Range string
}

// Revisions are the revisions that the engines report once they have read an artifact.
type Revisions struct {
	// Flux is <tag>@sha256:<hex>, or sha256:<hex> by digest. It is status.artifact.revision of
	// the OCIRepository, and status.lastAppliedRevision of the Kustomization.
	Flux string
	// ArgoCD is sha256:<hex>. It is status.sync.revision of the Application.
	ArgoCD string
}

// Revisions returns the revisions that the engines report when they follow ref. With a
// range, they are those at the time when the range selects a.Tag.
//
// The error is an [*Error] of kind [ErrInvalidSetting], or a [*reference.Error] about the
// tag or the digest.
func (a Artifact) Revisions(ref Ref) (Revisions, error) {
	if err := a.checkDigest(); err != nil {
		return Revisions{}, err
	}
	if err := ref.check(); err != nil {
		return Revisions{}, err
	}
	d := a.Digest.String()
	if ref.ByDigest {
		return Revisions{Flux: d, ArgoCD: d}, nil
	}
	if err := a.checkTag(); err != nil {
		return Revisions{}, err
	}
	return Revisions{Flux: a.Tag + "@" + d, ArgoCD: d}, nil // as getRevision of source-controller has it
}

func (r Ref) check() error {
	if r.ByDigest && r.Range != "" {
		return setting("Range", r.Range, "ByDigest is set as well", "unset one of Range and ByDigest")
	}
	return checkText("Range", r.Range)
}

// checkTag advises on the missing tag of an artifact that was pushed by its digest alone.
func (a Artifact) checkTag() error {
	return missing(reference.CheckTag(a.Tag), a.Tag, "set Tag, or ByDigest in Ref for an artifact without a tag")
}

// missing adds a hint to the error for a value that is empty.
func missing(err error, value, hint string) error {
	if err != nil && value == "" {
		return &advice.Error{Err: err, Text: hint}
	}
	return err
}

func (a Artifact) checkDigest() error {
	if err := reference.CheckDigest(a.Digest.String()); err != nil {
		return err
	}
	if a.Digest.Algorithm() != digest.SHA256 {
		return setting("Digest", a.Digest.String(), "not a sha256, the only algorithm that Flux reads", "")
	}
	return nil
}

// address is the checked address of an artifact.
type address struct {
	endpoint  reference.Endpoint
	url       string // oci://host/repository
	plainHTTP bool
}

// address checks all that both engines need, except the path.
func (a Artifact) address(ref Ref) (address, error) {
	endpoint, err := reference.ParseEndpoint(a.Registry)
	if err != nil {
		return address{}, missing(err, a.Registry, "set Registry: the result of a plan without RegistryEndpoint has none")
	}
	if err := reference.CheckRepository(a.Repository); err != nil {
		return address{}, missing(err, a.Repository, "set Repository: the result of a plan without RegistryEndpoint may have none")
	}
	url := "oci://" + endpoint.String() + "/" + a.Repository
	if _, err := reference.Parse(url); err != nil { // the registry and the repository may be too long together
		return address{}, err
	}
	if err := ref.check(); err != nil {
		return address{}, err
	}
	switch {
	case ref.ByDigest:
		err = a.checkDigest()
	case ref.Range == "":
		err = a.checkTag()
	}
	return address{endpoint, url, a.PlainHTTP || endpoint.Scheme == "http"}, err
}

// checkPath refuses the empty path: with it, Argo CD renders nothing and reports success, if
// the tree is below a prefix.
func checkPath(field, path string) error {
	if path == "" {
		return setting(field, "", "missing", "take Paths from the result of the build")
	}
	return checkText(field, path)
}

// checkText refuses text that JSON cannot hold, which YAML would hold as binary data, and
// control characters.
func checkText(field, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return setting(field, text, "not printable UTF-8", "")
	}
	return nil
}
