package gitops_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/reference"
)

var keyless = []gitops.Identity{gitops.ExactIdentity("https://issuer.example", "me")}

func TestFluxRefuses(t *testing.T) {
	type verification = gitops.Verification
	verify := func(v verification) gitops.FluxOptions { return gitops.FluxOptions{Verify: v} }
	for _, tt := range []struct {
		name     string
		artifact gitops.Artifact
		opts     gitops.FluxOptions
		kind     error
		want     string
	}{
		{"name", shop(), gitops.FluxOptions{Name: "My_App"}, gitops.ErrInvalidObjectName, `invalid object name "My_App" in Name: only a-z, 0-9, "-" and "." are allowed`},
		{"long name", shop(), gitops.FluxOptions{Name: strings.Repeat("a", 64)}, gitops.ErrInvalidObjectName, "in Name: longer than 63 bytes"},
		{"name with an empty part", shop(), gitops.FluxOptions{Name: "a..b"}, gitops.ErrInvalidObjectName, "each part must start and end with a letter or digit"},
		{"name that ends in a hyphen", shop(), gitops.FluxOptions{Name: "a-"}, gitops.ErrInvalidObjectName, "each part must start and end with a letter or digit"},
		{"derived name", changed(func(a *gitops.Artifact) { a.Repository = strings.Repeat("a", 64) }), gitops.FluxOptions{}, gitops.ErrInvalidObjectName, "longer than 63 bytes, and it is derived from Repository"},
		{"namespace", shop(), gitops.FluxOptions{Namespace: "a.b"}, gitops.ErrInvalidObjectName, `"a.b" in Namespace: only a-z, 0-9 and "-" are allowed`},
		{"target namespace", shop(), gitops.FluxOptions{TargetNamespace: "A"}, gitops.ErrInvalidObjectName, `"A" in TargetNamespace`},
		{"secret", shop(), gitops.FluxOptions{Secret: "pa$$word"}, gitops.ErrInvalidObjectName, `invalid object name in Secret: only a-z, 0-9, "-" and "." are allowed`},
		{"certificate", shop(), gitops.FluxOptions{CertSecret: "_"}, gitops.ErrInvalidObjectName, "in CertSecret"},
		{"long secret", shop(), gitops.FluxOptions{CertSecret: strings.Repeat("a", 254)}, gitops.ErrInvalidObjectName, "longer than 253 bytes"},
		{"dependency", shop(), gitops.FluxOptions{DependsOn: []string{"a", "b/"}}, gitops.ErrInvalidObjectName, "invalid object name in DependsOn: missing"},
		{"namespace of a dependency", shop(), gitops.FluxOptions{DependsOn: []string{"B/a"}}, gitops.ErrInvalidObjectName, `"B" in DependsOn`},
		{"no namespace of a dependency", shop(), gitops.FluxOptions{DependsOn: []string{"/a"}}, gitops.ErrInvalidObjectName, "invalid object name in DependsOn: missing"},
		{"dependency on itself", shop(), gitops.FluxOptions{DependsOn: []string{"a", "shop"}}, gitops.ErrInvalidSetting, `invalid setting "shop" in DependsOn: the Kustomization itself, which would wait for ever`},
		{"dependency on itself with a namespace", shop(), gitops.FluxOptions{Name: "a", Namespace: "b", DependsOn: []string{"b/a"}}, gitops.ErrInvalidSetting, `"b/a" in DependsOn: the Kustomization itself`},
		{"target namespace over a Namespace", changed(func(a *gitops.Artifact) { a.HasNamespaces = true }), gitops.FluxOptions{TargetNamespace: "shop"}, gitops.ErrInvalidSetting, `invalid setting "shop" in TargetNamespace: the tree has, or may have, a Namespace object, which kustomize would rename to it`},
		{"negative interval", shop(), gitops.FluxOptions{Interval: -time.Second}, gitops.ErrInvalidSetting, `"-1s" in Interval: not a positive number of milliseconds`},
		{"microseconds", shop(), gitops.FluxOptions{Timeout: time.Microsecond}, gitops.ErrInvalidSetting, "in Timeout"},
		{"provider", shop(), gitops.FluxOptions{Provider: "github"}, gitops.ErrInvalidSetting, `"github" in Provider: not generic, aws, azure or gcp`},
		{"provider and secret", shop(), gitops.FluxOptions{Provider: "gcp", Secret: "registry"}, gitops.ErrInvalidSetting, `"gcp" in Provider: Flux ignores it if Secret is set`},
		{"range and digest", shop(), gitops.FluxOptions{Ref: gitops.Ref{ByDigest: true, Range: "1.x"}}, gitops.ErrInvalidSetting, `"1.x" in Range: ByDigest is set as well`},
		{"range with a line feed", shop(), gitops.FluxOptions{Ref: gitops.Ref{Range: "1.x\n"}}, gitops.ErrInvalidSetting, `"1.x\n" in Range: not printable UTF-8`},
		{"no path", changed(func(a *gitops.Artifact) { a.Paths.Flux = "" }), gitops.FluxOptions{}, gitops.ErrInvalidSetting, "invalid setting in Paths.Flux: missing"},
		{"path that is no UTF-8", changed(func(a *gitops.Artifact) { a.Paths.Flux = "./\xff" }), gitops.FluxOptions{}, gitops.ErrInvalidSetting, `"./\xff" in Paths.Flux: not printable UTF-8`},
		{"host of Docker Hub", changed(func(a *gitops.Artifact) { a.Registry = "zot" }), gitops.FluxOptions{}, gitops.ErrInvalidSetting, `"zot" in Registry: Flux takes a host without a dot or a port for a path at Docker Hub`},
		{"any signer", shop(), verify(verification{TrustedRoot: "root"}), gitops.ErrInvalidSetting, "in Verify.Identities: missing, and Flux would accept any signer"},
		{"key and identities", shop(), verify(verification{Secret: "keys", Identities: keyless}), gitops.ErrInvalidSetting, "in Verify.Identities: Flux ignores them if Secret is set"},
		{"notation without a policy", shop(), verify(verification{Notation: true}), gitops.ErrInvalidSetting, "in Verify.Secret: missing, and notation needs a trust policy and certificates"},
		{"notation with identities", shop(), verify(verification{Notation: true, Secret: "a", Identities: keyless}), gitops.ErrInvalidSetting, "in Verify.Notation: Identities and TrustedRoot are those of cosign"},
		{"open pattern", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a$", Subject: "https://github.com/acme"}}}), gitops.ErrInvalidSetting, `"https://github.com/acme" in Verify.Identities.Subject: not a pattern that starts with ^ and ends with $`},
		{"pattern that is open at its start", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "a$", Subject: "^a$"}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Issuer: not a pattern"},
		{"pattern that is open at its end", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a", Subject: "^a$"}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Issuer: not a pattern"},
		{"pattern whose alternatives are open", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a$", Subject: `^a|b$`}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Subject: not a pattern"},
		{"pattern with one open alternative", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a$", Subject: `^a$|^b|^c$`}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Subject: not a pattern"},
		{"pattern in a group whose alternatives are open", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a$", Subject: `(^a|b$)`}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Subject: not a pattern"},
		{"pattern that ends with a dollar sign of the text", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a$", Subject: `^a\$`}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Subject: not a pattern"},
		{"pattern whose begin is optional", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a$", Subject: `(^)?a$`}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Subject: not a pattern"},
		{"pattern with a line feed", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^a$", Subject: "^a\nb$"}}}), gitops.ErrInvalidSetting, "in Verify.Identities.Subject: not printable UTF-8"},
		{"broken pattern", shop(), verify(verification{Identities: []gitops.Identity{{Issuer: "^($", Subject: "^a$"}}}), gitops.ErrInvalidSetting, `"^($" in Verify.Identities.Issuer: not a regular expression`},
		{"secret of a key", shop(), verify(verification{Secret: "A"}), gitops.ErrInvalidObjectName, "invalid object name in Verify.Secret: only"},
		{"registry", changed(func(a *gitops.Artifact) { a.Registry = "ghcr.io/acme" }), gitops.FluxOptions{}, reference.ErrInvalidOCIFormat, "has a path"},
		{"repository", changed(func(a *gitops.Artifact) { a.Repository = "acme/shop:1.4.0" }), gitops.FluxOptions{}, reference.ErrInvalidRepository, "acme/shop:1.4.0"},
		{"registry and repository", changed(func(a *gitops.Artifact) { a.Repository = strings.Repeat("a", 250) }), gitops.FluxOptions{Name: "a"}, reference.ErrInvalidRepository, "longer than 255 bytes with its registry"},
		{"no tag", changed(func(a *gitops.Artifact) { a.Tag = "" }), gitops.FluxOptions{}, reference.ErrInvalidTag, "missing"},
		{"no digest", changed(func(a *gitops.Artifact) { a.Digest = "" }), gitops.FluxOptions{Ref: gitops.Ref{ByDigest: true}}, reference.ErrInvalidDigest, "invalid digest"},
		{"sha512", changed(func(a *gitops.Artifact) { a.Digest = digest.SHA512.FromString("") }), gitops.FluxOptions{Ref: gitops.Ref{ByDigest: true}}, gitops.ErrInvalidSetting, "in Digest: not a sha256, the only algorithm that Flux reads"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := gitops.Flux(tt.artifact, tt.opts)
			assert.Nil(t, got)
			require.ErrorIs(t, err, tt.kind)
			assert.Contains(t, err.Error(), tt.want)
			assert.Less(t, len(err.Error()), 500)
			assert.NotContains(t, err.Error(), "pa$$word")
		})
	}
}

func TestArgoCDRefuses(t *testing.T) {
	for _, tt := range []struct {
		name     string
		artifact gitops.Artifact
		opts     gitops.ArgoCDOptions
		kind     error
		want     string
	}{
		{"name", shop(), gitops.ArgoCDOptions{Name: "A"}, gitops.ErrInvalidObjectName, `"A" in Name`},
		{"namespace", shop(), gitops.ArgoCDOptions{Namespace: "A"}, gitops.ErrInvalidObjectName, `"A" in Namespace`},
		{"target namespace", shop(), gitops.ArgoCDOptions{TargetNamespace: "A"}, gitops.ErrInvalidObjectName, `"A" in TargetNamespace`},
		{"project", shop(), gitops.ArgoCDOptions{Project: "A"}, gitops.ErrInvalidObjectName, `"A" in Project`},
		{"two clusters", shop(), gitops.ArgoCDOptions{Server: "https://a", Cluster: "b"}, gitops.ErrInvalidSetting, "in Server: Cluster is set as well"},
		{"cluster", shop(), gitops.ArgoCDOptions{Cluster: "\x00"}, gitops.ErrInvalidSetting, "in Cluster: not printable UTF-8"},
		{"no namespace to create", shop(), gitops.ArgoCDOptions{CreateNamespace: true}, gitops.ErrInvalidSetting, "in CreateNamespace: TargetNamespace is missing"},
		{"a version for a range", shop(), gitops.ArgoCDOptions{Ref: gitops.Ref{Range: "1.4"}}, gitops.ErrInvalidSetting, `"1.4" in Range: Argo CD takes a version for a tag`},
		{"range and digest", shop(), gitops.ArgoCDOptions{Ref: gitops.Ref{ByDigest: true, Range: "1.x"}}, gitops.ErrInvalidSetting, "ByDigest is set as well"},
		{"no path", changed(func(a *gitops.Artifact) { a.Paths.ArgoCD = "" }), gitops.ArgoCDOptions{}, gitops.ErrInvalidSetting, "in Paths.ArgoCD: missing"},
		{"tag", changed(func(a *gitops.Artifact) { a.Tag = "1.0.0+b" }), gitops.ArgoCDOptions{}, reference.ErrInvalidTag, "1.0.0+b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := gitops.ArgoCD(tt.artifact, tt.opts)
			assert.Nil(t, got)
			require.ErrorIs(t, err, tt.kind)
			assert.Contains(t, err.Error(), tt.want)
		})
	}
}

func TestRevisionsRefuse(t *testing.T) {
	for _, tt := range []struct {
		name     string
		artifact gitops.Artifact
		ref      gitops.Ref
		kind     error
	}{
		{"no digest", changed(func(a *gitops.Artifact) { a.Digest = "" }), gitops.Ref{}, reference.ErrInvalidDigest},
		{"sha512", changed(func(a *gitops.Artifact) { a.Digest = digest.SHA512.FromString("") }), gitops.Ref{}, gitops.ErrInvalidSetting},
		{"no tag", changed(func(a *gitops.Artifact) { a.Tag = "" }), gitops.Ref{}, reference.ErrInvalidTag},
		{"range and digest", shop(), gitops.Ref{ByDigest: true, Range: "1.x"}, gitops.ErrInvalidSetting},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.artifact.Revisions(tt.ref)
			require.ErrorIs(t, err, tt.kind)
			assert.Zero(t, got)
		})
	}
	_, err := changed(func(a *gitops.Artifact) { a.Tag = "" }).Revisions(gitops.Ref{ByDigest: true})
	assert.NoError(t, err)
}

func TestErrorsHaveFacts(t *testing.T) {
	_, err := gitops.Flux(changed(func(a *gitops.Artifact) { a.Repository = strings.Repeat("a", 64) }), gitops.FluxOptions{})
	refused, ok := errors.AsType[*gitops.Error](err)
	require.True(t, ok)
	assert.Equal(t, "Name", refused.Field)
	assert.Equal(t, strings.Repeat("a", 64), refused.Value)
	assert.Equal(t, "set Name", refused.Hint())

	assert.Equal(t, "invalid input: x", (&gitops.Error{Reason: "x"}).Error())
}

// A plan without a registry, and a push by digest alone, give artifacts without these.
func TestHintsForMissingFields(t *testing.T) {
	for _, tt := range []struct {
		name   string
		remove func(*gitops.Artifact)
		want   string
	}{
		{"registry", func(a *gitops.Artifact) { a.Registry = "" }, "set Registry: the result of a plan without RegistryEndpoint has none"},
		{"repository", func(a *gitops.Artifact) { a.Repository = "" }, "set Repository: the result of a plan without RegistryEndpoint may have none"},
		{"tag", func(a *gitops.Artifact) { a.Tag = "" }, "set Tag, or ByDigest in Ref for an artifact without a tag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := gitops.Flux(changed(tt.remove), gitops.FluxOptions{})
			adviser, ok := errors.AsType[interface {
				error
				Hint() string
			}](err)
			require.True(t, ok)
			assert.Equal(t, tt.want, adviser.Hint())
			_, ok = errors.AsType[*reference.Error](err)
			assert.True(t, ok)
		})
	}
}

// TestPatternsOfIdentities lists patterns of which every match is the whole text.
func TestPatternsOfIdentities(t *testing.T) {
	for _, pattern := range []string{"^a$", "^(a|b)$", "^a$|^b$", "(^a$|^bc$)", "(?i)^a$", "^$", `^a\$$`} {
		t.Run(pattern, func(t *testing.T) {
			opts := gitops.FluxOptions{Verify: gitops.Verification{Identities: []gitops.Identity{{Issuer: pattern, Subject: pattern}}}}
			_, err := gitops.Flux(shop(), opts)
			require.NoError(t, err)
		})
	}
}
