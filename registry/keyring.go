package registry

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
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

// credential finds the credential for a repository.
func (k *keyring) credential(ctx context.Context, host, repository string) (auth.Credential, error) {
	if k.find == nil || host != k.host {
		return auth.EmptyCredential, nil
	}
	cred, err := k.find(context.WithValue(ctx, askingKey{k}, true), host, repository)
	if err == nil {
		err = cred.Validate()
	}
	if err != nil {
		return auth.EmptyCredential, &localError{nil, err}
	}
	if cred.IsZero() {
		return auth.EmptyCredential, nil
	}
	k.note(cred.Password)
	k.note(cred.IdentityToken)
	k.note(cred.AccessToken)
	if cred.Password != "" {
		k.note(base64.StdEncoding.EncodeToString([]byte(cred.Username + ":" + cred.Password)))
	}
	return auth.Credential{
		Username:     cred.Username,
		Password:     cred.Password,
		RefreshToken: cred.IdentityToken,
		AccessToken:  cred.AccessToken,
	}, nil
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

// note keeps a secret that is sent to the registry out of messages, also in the
// form it has in a URL.
func (k *keyring) note(secret string) {
	if secret == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, form := range []string{secret, url.QueryEscape(secret)} {
		if !slices.Contains(k.secrets, form) {
			k.secrets = append(k.secrets, form)
		}
	}
	if len(k.secrets) > maxSecrets { // the first are those of a credential that stays
		k.secrets = slices.Delete(k.secrets, maxSecrets/2, maxSecrets/2+2)
	}
}

// redact removes every secret that was sent from text: a registry may repeat it.
func (k *keyring) redact(text string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, secret := range k.secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}
