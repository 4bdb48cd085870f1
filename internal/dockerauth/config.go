// Package dockerauth finds credentials in Docker configuration files, and in the
// files of Podman, which have the same form.
package dockerauth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Credential is a user name with a password, or a token. The zero value is no
// credential.
type Credential struct {
	Username      string
	Password      string
	IdentityToken string // OAuth2 calls it a refresh token
	AccessToken   string
}

// Error reports a configuration or a credential helper that cannot be used. Its
// text holds no secret.
type Error struct {
	Reason string
	Hint   string // advice, or ""
}

func (e *Error) Error() string { return e.Reason }

// Hints name the options of package oci. HintEntry is about an entry that cannot be used.
const (
	hintFile    = "set Registry.DockerConfig to a file as docker login writes it, or leave it empty"
	hintContent = "set Registry.DockerConfigJSON to the content of a file as docker login writes it, or leave it empty"
	HintEntry   = "log in to the registry again, or remove the entry"
)

// Config is a Docker configuration. It is safe for concurrent use.
type Config struct {
	name    string // with the path, if it is a file
	missing bool   // the file does not exist
	sources []source
	store   string // the helper for all servers, or ""
	inert   bool   // helpers are not run
}

// source holds the credential for the repositories that its key covers.
type source struct {
	key      key
	isHelper bool
	helper   string          // empty if entries alone are to be used
	entry    json.RawMessage // of auths
}

// Read reads a configuration file. A file that does not exist is empty, and anything
// but a regular file of at most 4 MiB is an error. Helpers are run, and entries decoded,
// when they are needed.
//
// The error is an [*Error].
func Read(path string) (*Config, error) {
	name := fmt.Sprintf("Docker configuration %q", path)
	data, err := readFile(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		config, broken := parse(data, name, hintFile, false)
		if broken == nil {
			config.missing = err != nil
		}
		return config, broken
	}
	fault := "cannot be read"
	if kind, ok := errors.AsType[kindError](err); ok {
		fault = kind.Error()
	} else if failed, ok := errors.AsType[*fs.PathError](err); ok {
		fault += ": " + failed.Err.Error()
	}
	return nil, &Error{Reason: name + " " + fault, Hint: hintFile}
}

// Parse is [Read] for the content of a file. It never runs a helper: an entry that
// needs one is an error when it is asked for.
func Parse(data []byte) (*Config, error) {
	return parse(data, "the Docker configuration", hintContent, true)
}

func parse(data []byte, name, hint string, inert bool) (*Config, error) {
	var file struct {
		Auths       map[string]json.RawMessage `json:"auths"`
		CredHelpers map[string]string          `json:"credHelpers"`
		CredsStore  string                     `json:"credsStore"`
	}
	// Docker accepts a file of nothing but space.
	if len(bytes.TrimSpace(data)) > 0 {
		if err := json.Unmarshal(data, &file); err != nil {
			return nil, &Error{Reason: name + " " + faultOf(data, err), Hint: hint}
		}
	}
	config := &Config{name: name, store: file.CredsStore, inert: inert}
	for text, helper := range file.CredHelpers {
		config.sources = append(config.sources, source{key: parseKey(text), isHelper: true, helper: helper})
	}
	for text, entry := range file.Auths {
		config.sources = append(config.sources, source{key: parseKey(text), entry: entry})
	}
	slices.SortFunc(config.sources, source.compare)
	for _, s := range append(config.sources, source{helper: config.store}) {
		if err := checkHelper(s.helper); err != nil {
			return nil, err
		}
	}
	return config, nil
}

// faultOf describes JSON that cannot be read. The text of err is not repeated: it may have
// parts of a secret.
func faultOf(data []byte, err error) string {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			return "begins with a byte order mark: save it as UTF-8 without one"
		}
	}
	if form, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		subject := "it"
		if form.Field != "" {
			subject = strconv.Quote(form.Field)
		}
		return fmt.Sprintf("cannot be read: %s has another form than docker login writes, on line %d", subject, lineAt(data, form.Offset))
	}
	offset := int64(len(data))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	return fmt.Sprintf("cannot be read: it is not JSON, on line %d", lineAt(data, offset))
}

// lineAt returns the number of the line that has the last of so many bytes.
func lineAt(data []byte, offset int64) int {
	before := bytes.TrimRight(data[:min(offset, int64(len(data)))], "\n")
	return 1 + bytes.Count(before, []byte("\n"))
}

func (s source) compare(other source) int {
	if order := slices.Compare(s.rank(), other.rank()); order != 0 {
		return order
	}
	return strings.Compare(s.key.text, other.key.text)
}

// rank is smaller for a source that is used earlier. Paths of different length are compared
// only if both lead to the same repository, so that the longer one is the deeper.
func (s source) rank() []int {
	rank := []int{0, -len(s.key.path), -len(s.key.host), 0, 0}
	if s.key.wildcard() {
		rank[0] = 1
	}
	if !s.isHelper {
		rank[3] = 1
	}
	if !s.key.usual() {
		rank[4] = 1
	}
	return rank
}

// Credential returns the credential for a repository of a host, or the zero value, and
// where it was found or is missing, in words.
//
// The most specific key is used, of credHelpers or auths: the name of the host
// before one with wildcards, then the longest path, then the longest host; of two
// that are equal the helper, then the key that Docker itself would write, then the
// first in byte order. The helper of credsStore is asked before entries without a
// path, which are used if it holds nothing. The helper of a key in credHelpers is
// final: nothing else is asked if it holds nothing. An empty name in its place turns
// credsStore off for what the key covers. An empty entry is skipped: docker login
// leaves one if a helper holds the credential.
//
// The file store of oras-go would use an entry with a path for the whole host.
//
// The error is an [*Error], or that of ctx.
func (c *Config) Credential(ctx context.Context, host, repository string) (found Credential, where string, err error) {
	server, target, store := serverAddress(host), parseKey(host+"/"+repository), c.store
	where = fmt.Sprintf("no entry for %s in %s", server, c.name)
	if c.missing {
		where = c.name + " does not exist"
	}
	var entry Credential
	listed := false // an entry covers the repository
	for _, s := range c.sources {
		switch {
		case !s.key.covers(target):
			continue
		case s.isHelper && s.helper != "":
			return c.ask(ctx, s.helper, server)
		case s.isHelper:
			store = ""
			continue
		}
		listed = true
		if entry, err = s.credential(c.name); err == nil && entry == (Credential{}) {
			continue
		}
		where = fmt.Sprintf("the entry for %q in %s", s.key.text, c.name)
		if s.key.path != "" {
			return entry, where, err
		}
		break
	}
	decided := entry != (Credential{}) || err != nil
	if store == "" || c.inert && (decided || !listed) {
		return entry, where, err
	}
	if found, from, err := c.ask(ctx, store, server); err != nil || found != (Credential{}) || !decided {
		return found, from, err
	}
	return entry, where, err
}

// ask asks a credential helper about a server.
func (c *Config) ask(ctx context.Context, helper, server string) (found Credential, where string, err error) {
	if c.inert {
		return Credential{}, "", &Error{
			Reason: fmt.Sprintf("the entry for %s needs the credential helper %q, which is not run for DockerConfigJSON", server, helper),
			Hint:   "put the credential itself into the configuration, as docker login does without a helper",
		}
	}
	where = fmt.Sprintf("the credential helper %q", helper)
	if found, err = runHelper(ctx, helper, server); found == (Credential{}) {
		where = fmt.Sprintf("nothing for %s in %s", server, where)
	}
	return found, where, err
}

// credential decodes an entry as Docker does. The error names its key alone.
func (s source) credential(config string) (Credential, error) {
	var entry struct{ Auth, Username, Password, IdentityToken, RegistryToken string }
	err := json.Unmarshal(s.entry, &entry)
	switch { // beside a token there may be a user name without meaning
	case err != nil:
		return Credential{}, s.broken(config, "it is not an object as docker login writes it")
	case entry.IdentityToken != "":
		return Credential{IdentityToken: entry.IdentityToken}, nil
	case entry.RegistryToken != "":
		return Credential{AccessToken: entry.RegistryToken}, nil
	case entry.Auth == "":
		return Credential{Username: entry.Username, Password: entry.Password}, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(entry.Auth) // ignores line breaks
	if err != nil {
		return Credential{}, s.broken(config, `"auth" is not base64`)
	}
	user, password, found := strings.Cut(string(decoded), ":")
	if !found {
		return Credential{}, s.broken(config, `"auth" has no colon behind the user name`)
	}
	return Credential{Username: user, Password: strings.Trim(password, "\x00")}, nil // some pad with these
}

func (s source) broken(config, reason string) error {
	return &Error{Reason: fmt.Sprintf("the entry for %q in %s cannot be read: %s", s.key.text, config, reason), Hint: HintEntry}
}
