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

// keyring answers one host, and remembers what was shown to it: whether there
// was anything decides what a refusal means, and what there was is kept out of
// every message.
type keyring struct {
	host string
	find CredentialFunc

	mu      sync.Mutex
	given   bool
	secrets []string
}

// credential is an [auth.CredentialFunc].
func (k *keyring) credential(ctx context.Context, host string) (auth.Credential, error) {
	if k.find == nil || host != k.host {
		return auth.EmptyCredential, nil
	}
	cred, err := k.find(ctx, host)
	if err == nil {
		err = cred.Validate()
	}
	if err != nil {
		return auth.EmptyCredential, &localError{err}
	}
	if cred.IsZero() {
		return auth.EmptyCredential, nil
	}
	k.mu.Lock()
	k.given = true
	k.mu.Unlock()
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

// note keeps a secret that is shown to the registry out of messages, also in the
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

// anythingGiven reports whether there is a credential, asked for or not.
func (k *keyring) anythingGiven() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.given
}

// redact takes every secret that was shown from text: a registry may repeat
// what it was sent.
func (k *keyring) redact(text string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, secret := range k.secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}
