package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// ErrInvalidCredential reports a credential that is incomplete or contradicts
// itself. It is found before any request.
var ErrInvalidCredential = errors.New("invalid registry credential")

// Credential is what a registry is shown: a user name with a password, or a
// token. The zero value is no credential. It prints as redacted.
type Credential struct {
	Username string
	Password string
	// IdentityToken is exchanged for an access token at the registry's token
	// service. Docker calls it so; OAuth2 calls it a refresh token.
	IdentityToken string
	// AccessToken is sent to the registry as it is.
	AccessToken string
}

// IsZero reports whether there is nothing to show.
func (c Credential) IsZero() bool { return c == Credential{} }

// Validate reports whether the credential can be used: a user name goes with a
// password, without a colon in the name (RFC 7617 section 2), and nothing goes
// with a token. The error matches [ErrInvalidCredential].
func (c Credential) Validate() error {
	var reason string
	switch {
	case c.Username == "" && c.Password != "":
		reason = "a password without a user name"
	case c.Username != "" && c.Password == "":
		reason = "a user name without a password"
	case strings.Contains(c.Username, ":"):
		reason = "a colon in the user name"
	case c.Username != "" && (c.IdentityToken != "" || c.AccessToken != ""):
		reason = "both a user name and a token"
	case c.IdentityToken != "" && c.AccessToken != "":
		reason = "both an identity token and an access token"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrInvalidCredential, reason)
}

const redacted = "[redacted]"

// Format prints the user name at most, for every verb.
func (c Credential) Format(f fmt.State, _ rune) {
	text := redacted
	switch {
	case c.IsZero():
		text = "none"
	case c.Username != "":
		text = fmt.Sprintf("%q %s", c.Username, redacted)
	}
	_, _ = fmt.Fprintf(f, "registry.Credential(%s)", text) // fmt.State does not fail
}

// LogValue makes slog print what Format does.
func (c Credential) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalText makes JSON and others print what Format does.
func (c Credential) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(c)), nil }

// CredentialFunc finds the credential for a registry. It may be called several
// times, also concurrently. The zero Credential means none.
type CredentialFunc func(ctx context.Context, host string) (Credential, error)

// dockerCredentials reads a Docker configuration file and asks the credential
// helpers that it names. A file that does not exist holds none.
func dockerCredentials(path string) (CredentialFunc, error) {
	store, err := credentials.NewStore(path, credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("%w: Docker configuration %q cannot be read", ErrInvalidCredential, path)
	}
	lookup := credentials.Credential(store)
	return func(ctx context.Context, host string) (Credential, error) {
		found, err := lookup(ctx, host)
		if ctx.Err() != nil {
			return Credential{}, ctx.Err()
		}
		if err != nil { // its text may be what a helper printed, secrets included
			return Credential{}, fmt.Errorf("%w: the Docker configuration %q, or a credential helper that it names, failed", ErrInvalidCredential, path)
		}
		return Credential{
			Username:      found.Username,
			Password:      found.Password,
			IdentityToken: found.RefreshToken,
			AccessToken:   found.AccessToken,
		}, nil
	}, nil
}

// keyring answers one host, and remembers what it handed out: whether there was
// anything decides what a refusal means, and what there was is kept out of
// every message.
type keyring struct {
	host     string
	find     CredentialFunc
	withhold bool // the connection can be read by others

	mu      sync.Mutex
	secrets []string
	shown   bool
}

func (k *keyring) credential(ctx context.Context, host string) (auth.Credential, error) {
	if k.find == nil || host != k.host {
		return auth.EmptyCredential, nil
	}
	cred, err := k.find(ctx, host)
	if err == nil {
		err = cred.Validate()
	}
	if err == nil && k.withhold && !cred.IsZero() {
		err = errReadable
	}
	if err != nil {
		return auth.EmptyCredential, &localError{err}
	}
	if cred.IsZero() {
		return auth.EmptyCredential, nil
	}
	k.remember(cred)
	return auth.Credential{
		Username:     cred.Username,
		Password:     cred.Password,
		RefreshToken: cred.IdentityToken,
		AccessToken:  cred.AccessToken,
	}, nil
}

func (k *keyring) remember(cred Credential) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.shown = true
	for _, secret := range []string{
		cred.Password,
		cred.IdentityToken,
		cred.AccessToken,
		base64.StdEncoding.EncodeToString([]byte(cred.Username + ":" + cred.Password)),
	} {
		if secret != "" && !slices.Contains(k.secrets, secret) {
			k.secrets = append(k.secrets, secret)
		}
	}
}

// answered reports whether a credential was handed out.
func (k *keyring) answered() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shown
}

// redact takes every secret that was handed out from text: a registry may
// repeat what it was sent.
func (k *keyring) redact(text string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, secret := range k.secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}

// credentialFunc picks the source of the credential: nil if there is none.
func (o Options) credentialFunc() (CredentialFunc, error) {
	switch {
	case !o.Credential.IsZero():
		return func(context.Context, string) (Credential, error) { return o.Credential, nil }, nil
	case o.Credentials != nil:
		return o.Credentials, nil
	case o.DockerConfig != "":
		return dockerCredentials(o.DockerConfig)
	}
	return nil, nil
}
