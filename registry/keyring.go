package registry

import (
	"context"
	"encoding/base64"
	"slices"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/redact"
)

// maxSecrets bounds how many secrets a keyring keeps out of messages: those of
// the credential, and the tokens it was exchanged for most recently.
const maxSecrets = 64

// keyring has the credentials for one host, and keeps the secrets that were sent to it
// out of every message.
type keyring struct {
	host string
	find finder

	mu      sync.Mutex
	secrets []string
}

// credential finds the credential for a repository, and describes it for errors.
func (k *keyring) credential(ctx context.Context, host, repository string) (auth.Credential, found, error) {
	if k.find == nil || host != k.host {
		return auth.EmptyCredential, found{}, nil
	}
	cred, err := k.find(context.WithValue(ctx, askingKey{k}, true), host, repository)
	if err == nil {
		err = cred.validate()
	}
	if err != nil {
		return auth.EmptyCredential, found{}, &localError{nil, err}
	}
	if cred.IsZero() {
		return auth.EmptyCredential, cred, nil
	}
	k.note(cred.IdentityToken)
	k.note(cred.AccessToken)
	k.noteBasic(cred.Username, cred.Password)
	return auth.Credential{
		Username:     cred.Username,
		Password:     cred.Password,
		RefreshToken: cred.IdentityToken,
		AccessToken:  cred.AccessToken,
	}, cred, nil
}

// askingKey is the key of a context in which a keyring asks for the credential.
type askingKey struct{ *keyring }

var errRecursive error = &inputError{
	ErrInvalidCredential,
	"CredentialFunc uses the Client that it finds the credential for",
	"make another Client for the requests of Registry.CredentialFunc",
}

// refuseRecursion returns an error if the request is one of the function that finds the
// credential: both would wait for the other.
func (k *keyring) refuseRecursion(ctx context.Context) error {
	if ctx.Value(askingKey{k}) != nil {
		return &localError{nil, errRecursive}
	}
	return nil
}

// note keeps a secret that is sent to the registry out of messages.
func (k *keyring) note(secret string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if secret == "" || slices.Contains(k.secrets, secret) {
		return
	}
	k.secrets = append(k.secrets, secret)
	if len(k.secrets) > maxSecrets { // the first are those of a credential that stays
		k.secrets = slices.Delete(k.secrets, maxSecrets/2, maxSecrets/2+1)
	}
}

// noteBasic keeps a password out of messages, as it is and as basic authentication sends
// it: it may be too short to be recognized within that.
func (k *keyring) noteBasic(user, password string) {
	if password != "" {
		k.note(password)
		k.note(base64.StdEncoding.EncodeToString([]byte(user + ":" + password)))
	}
}

// redact removes every secret that was sent from text: a registry may repeat it.
func (k *keyring) redact(text string) string {
	k.mu.Lock()
	secrets := slices.Clone(k.secrets)
	k.mu.Unlock()
	return redact.Secrets(text, secrets)
}
