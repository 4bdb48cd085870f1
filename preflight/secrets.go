package preflight

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/manifests"
)

const hintGenerated = "keep the values in a file that SOPS encrypted, or use a SealedSecret or an ExternalSecret: anyone who can pull the artifact can read them"

const messageUnread = "the file cannot be checked for values of Secrets"

// Secrets returns the findings about Secrets and generators of Secrets with values that
// anyone can read, wherever they are in the artifact: those with [CodeSecret] of a [Check],
// and one for each file of which some cannot be checked, because it is too large, nested too
// deeply, beyond MaxMemory, not valid, or a resource, patch or generator of a kustomization with
// another extension than .yaml, .yml and .json. They depend on no policy, and are empty if there are
// none. Of the options, only MaxMemory counts; the default limits of findings apply.
//
// Templates, and patches within a kustomization, are not checked.
//
// The errors are those of Check. Secrets is safe for concurrent use.
func Secrets(ctx context.Context, a Artifact, opts Options) (Findings, error) {
	if err := calls.Check(ctx); err != nil {
		return nil, err
	}
	if err := a.validate(); err != nil {
		return nil, err
	}
	opts = Options{MaxMemory: opts.MaxMemory}
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	return calls.Prompt(ctx, func() (Findings, error) {
		v, err := a.remembered(ctx, opts, "secrets", findSecrets)
		return v.findings, err
	})
}

func findSecrets(ctx context.Context, a Artifact, opts Options) (verdict, error) {
	files, err := newModel(ctx, a, opts)
	if err != nil {
		return verdict{}, err
	}
	m := files.at(".", false)
	r := newReport(opts)
	r.rule = ruleOf()[CodeSecret]
	r.rule.apply(m, r)
	checkUnread(m, r)
	if m.ended() {
		return verdict{}, ctx.Err()
	}
	findings, omitted := r.findings(m.engines)
	return verdict{findings: conclude([]judgement{{".", findings, omitted}}, opts)}, nil
}

// checkUnread reports files that may have more Secrets than were found.
func checkUnread(m *model, r notes) {
	for _, s := range m.suspects {
		if p := s.content.Problems; len(p) > 0 && !s.content.Template && !s.isChartTemplate() {
			r.add(Finding{
				File: s.file.Path, Line: p[0].Line, Column: p[0].Column, Hint: "correct or split the file",
				Message: messageUnread,
			})
		}
	}
	reported := map[*source]bool{}
	for _, b := range m.distinct {
		for _, n := range b.files {
			if n.isUnparsed() && (n.isListed() || n.isPatch() || isPluginField(n.at.Field)) && !reported[n.source] {
				reported[n.source] = true
				r.add(Finding{File: n.file.Path, Hint: "give the file the extension .yaml", Message: messageUnread})
			}
		}
	}
}

// checkPlaintext reports the values of Secrets that anyone can read.
func checkPlaintext(m *model, r notes) {
	checkSecrets(m, r)
	checkGeneratedSecrets(m, r)
}

// checkGeneratedSecrets reports the values of generated Secrets that anyone can read, once
// for each list of literals and for each file.
func checkGeneratedSecrets(m *model, r notes) {
	for _, b := range m.distinct {
		if m.ended() {
			return
		}
		k := m.kustomizations[b.source]
		if k == nil {
			continue
		}
		before := ""
		for _, at := range k.Secrets {
			if list, _, _ := strings.Cut(at.Field, ".literals"); list != before {
				before = list
				message := "%.100s, a value of a Secret, is not encrypted"
				if list == at.Field { // the configuration of a generator
					message = "%.100s may write values of a Secret that are not encrypted"
				}
				r.add(Finding{File: b.file.Path, Line: at.Line, Column: at.Column, Hint: hintGenerated, Message: fmt.Sprintf(message, at.Field)})
			}
		}
		for _, named := range b.files {
			if isSecretSource(named.at) && m.plaintext[named.source] {
				r.add(Finding{File: b.file.Path, Line: named.at.Line, Column: named.at.Column, Hint: hintGenerated,
					Message: fmt.Sprintf("%.100s refers to a file with values of a Secret that is not encrypted: %s", named.at.Field, quoteReference(*named.at))})
			}
		}
	}
}

// isSecretGenerator reports whether an object configures the generator of Secrets that is built
// into kustomize. Its values are literals, or in files that no engine decrypts.
func isSecretGenerator(o *objects.Object) bool {
	return o.Kind() == kustomize.SecretGenerator && o.APIVersion() == "builtin"
}

// isSecretSource reports whether the values of a Secret are in the file.
func isSecretSource(at *kustomize.Reference) bool {
	const field = "secretGenerator["
	return len(at.Field) > len(field) && strings.EqualFold(at.Field[:len(field)], field)
}

// readSecrets finds out which files of generated Secrets anyone can read.
func (m *model) readSecrets(w *slot, set *manifests.Set) error {
	m.plaintext = map[*source]bool{}
	for _, s := range m.sources {
		for _, ref := range m.references(s) {
			file := m.file(path.Join(path.Dir(s.file.Path), ref.Path))
			if file == nil || file.file.Size > kustomize.MaxSize || !isSecretSource(&ref) {
				continue
			}
			if _, done := m.plaintext[file]; done {
				continue
			}
			err := w.with(m.ctx, set, file.file, func(content []byte) error {
				m.plaintext[file] = isPlaintext(content)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// isPlaintext reports whether a file has content that SOPS did not encrypt. SOPS writes
// its metadata in the format of the file, and encrypts a file of no known format into
// JSON.
func isPlaintext(content []byte) bool {
	encrypted := bytes.Contains(content, []byte("ENC[AES256_GCM,")) && bytes.Contains(content, []byte("sops"))
	return !encrypted && len(bytes.TrimSpace(content)) > 0
}
