package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/dockerauth"
	"github.com/kubeoci/oci/internal/redact"
)

// Credential is a user name with a password, or a token. The zero value is no
// credential. It prints as redacted, except as an unexported field of another struct,
// whose methods fmt cannot call.
//
// Errors do not repeat a secret that was sent to the registry, in whatever form the
// registry writes it, except in one that cannot be recognized. A secret of fewer than four
// characters is recognized only as a word of its own.
type Credential struct {
	Username string
	Password string
	// IdentityToken is exchanged for an access token at the registry's token
	// service. The name is Docker's; OAuth2 calls it a refresh token.
	IdentityToken string
	// AccessToken is sent to the registry unchanged.
	AccessToken string
}

// IsZero reports whether there is no credential.
func (c Credential) IsZero() bool { return c == Credential{} }

const hintHalfCredential = "set both Username and Password, or neither; a token without a user name goes into Registry.Credential"

// Validate checks that Username and Password are set together, that a token is set
// alone, that the user name has no colon (RFC 7617 section 2), and that the token
// has no control characters. The error matches [ErrInvalidCredential].
func (c Credential) Validate() error {
	var reason, hint string
	switch {
	case c.Username == "" && c.Password != "":
		reason, hint = "a password without a user name", hintHalfCredential
	case c.Username != "" && c.Password == "":
		reason, hint = "a user name without a password", hintHalfCredential
	case strings.Contains(c.Username, ":"):
		reason, hint = "a colon in the user name", "set Username to a name without a colon"
	case c.Username != "" && (c.IdentityToken != "" || c.AccessToken != ""):
		reason, hint = "both a user name and a token", "set either Username and Password, or the token in Registry.Credential"
	case c.IdentityToken != "" && c.AccessToken != "":
		reason, hint = "both an identity token and an access token", "set one of Registry.Credential.IdentityToken and Registry.Credential.AccessToken"
	case strings.ContainsFunc(c.IdentityToken+c.AccessToken, unicode.IsControl):
		reason, hint = "a token with control characters, such as a newline at its end", "set the token in Registry.Credential without line breaks"
	default:
		return nil
	}
	return &inputError{ErrInvalidCredential, reason, hint}
}

const redacted = redact.Mark

// Format prints no more than the user name, for every verb.
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

// LogValue makes slog print the same as Format.
func (c Credential) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalText makes JSON and other encodings the same as Format.
func (c Credential) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(c)), nil }

// UnmarshalJSON reads an object with the fields of a Credential. Of the text that a
// Credential marshals to, it reads the user name alone: Validate refuses that, and a token
// is gone.
func (c *Credential) UnmarshalJSON(data []byte) error {
	var text string
	if !bytes.HasPrefix(data, []byte(`"`)) || json.Unmarshal(data, &text) != nil {
		type plain Credential
		return json.Unmarshal(data, (*plain)(c))
	}
	*c = Credential{}
	rest, marshalled := strings.CutPrefix(text, "registry.Credential(")
	if !marshalled {
		return &inputError{ErrInvalidCredential, "text in the place of a credential", "write an object with Username and Password, or a token"}
	}
	if quoted, err := strconv.QuotedPrefix(rest); err == nil {
		c.Username, _ = strconv.Unquote(quoted) // it is quoted
	}
	return nil
}

// CredentialFunc returns the credential for a registry. host is "host[:port]", and
// "registry-1.docker.io" for Docker Hub. The zero Credential means none. The function
// may be called several times, also concurrently, and is called again when its credential
// is refused, so that one that expires can be renewed: in the same call of the Client if
// the credential was accepted before, and at the latest in the next one. Its error ends the
// operation and is wrapped: no secret belongs in its text.
//
// It runs in a goroutine of its own, and is not waited for once ctx has ended. A panic is
// one of the caller of the Client. With its context it cannot use the Client that called
// it, because that waits for the credential: this is [ErrInvalidCredential].
type CredentialFunc func(ctx context.Context, host string) (Credential, error)

// origin is the option that a credential is from.
type origin int

const (
	fromOptions origin = iota
	fromFunc
	fromFile    // by docker login or similar
	fromContent // of such a file
)

// found is a credential and its origin, or where there was none, in words.
type found struct {
	Credential
	where  string
	origin origin
}

// owner describes a credential for an error, without its secrets, or tells where there is
// none.
type owner struct {
	text   string
	origin origin
}

// validate is Validate, with an error that names the origin.
func (f found) validate() error {
	err := f.Validate()
	input, ok := errors.AsType[*inputError](err)
	if !ok {
		return err
	}
	switch f.origin {
	case fromFunc:
		return &inputError{input.kind, input.reason + ", from " + f.where, hintFunc + ": a user name with a password, or a token alone"}
	case fromFile:
		return &inputError{input.kind, input.reason + ", from " + f.where, dockerauth.HintEntry}
	case fromContent:
		return &inputError{input.kind, input.reason + ", from " + f.where, hintContent}
	}
	return err
}

func (f found) describe() string {
	var text, secret string
	switch {
	case f.Username != "":
		text, secret = fmt.Sprintf("user %.80q", f.Username), f.Password
	case f.IdentityToken != "":
		text = "an identity token"
	case f.AccessToken != "":
		text = "an access token"
	default:
		return f.where
	}
	text += " from " + f.where
	if strings.ContainsAny(secret, "\r\n") {
		text += ", whose password has a line break"
	}
	return text
}

// finder returns the credential for a repository.
type finder func(ctx context.Context, host, repository string) (found, error)

// finder returns the finder for the source of the credential, or nil without one.
func (o Options) finder() finder {
	switch {
	case !o.Credential.IsZero():
		return func(context.Context, string, string) (found, error) {
			return found{o.Credential, "the options", fromOptions}, nil
		}
	case o.CredentialFunc != nil:
		return func(ctx context.Context, host, _ string) (found, error) {
			cred, err := calls.Await(ctx, func(ctx context.Context) (Credential, error) { return o.CredentialFunc(ctx, host) })
			if cred.IsZero() {
				return found{where: "none from CredentialFunc", origin: fromFunc}, err
			}
			return found{cred, "CredentialFunc", fromFunc}, err
		}
	case o.DockerConfig != "":
		return dockerFinder(fromFile, func() (*dockerauth.Config, error) { return dockerauth.Read(o.DockerConfig) })
	case len(o.DockerConfigJSON) > 0:
		return dockerFinder(fromContent, sync.OnceValues(func() (*dockerauth.Config, error) { return dockerauth.Parse(o.DockerConfigJSON) }))
	}
	return nil
}
