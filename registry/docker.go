package registry

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"oras.land/oras-go/v2/registry/remote/credentials"
)

// maxDockerConfig bounds how much of a configuration is read. Those of people who
// log in everywhere take some kilobytes.
const maxDockerConfig = 4 << 20

// dockerConfig is what a Docker configuration file says about credentials.
// Podman's auth.json has the same form.
type dockerConfig struct {
	Auths       map[string]json.RawMessage `json:"auths"`
	CredHelpers map[string]string          `json:"credHelpers"`
	CredsStore  string                     `json:"credsStore"`
}

// dockerSource answers for the repositories that its key covers.
type dockerSource struct {
	key      dockerKey
	isHelper bool
	helper   string          // empty if entries alone are to answer
	entry    json.RawMessage // of auths
}

// dockerCredentials reads a Docker configuration file. A file that does not exist
// holds nothing. Helpers are run, and entries decoded, when they are asked.
//
// The most specific key answers, in credHelpers or in auths: one of the host's own
// name before one with wildcards, then that of the longest path, then that of the
// longest host; of two that are equal the helper, then the key that Docker itself
// would write, then the first in byte order. The helper of credsStore is asked
// before entries without a path, and these answer if it holds nothing. The helper
// of a key in credHelpers has the last word: nothing else is asked if it holds
// nothing. An empty name in its place turns credsStore off for what the key covers.
// An entry that is empty is passed over: docker login leaves one for what a helper
// holds.
//
// The file store of oras-go would take an entry with a path for the whole host.
func dockerCredentials(path string) (finder, error) {
	config, err := readDockerConfig(path)
	if err != nil {
		return nil, fmt.Errorf("%w: Docker configuration %q cannot be read", ErrInvalidCredential, path)
	}
	return config.finder(askHelper)
}

// dockerCredentialsFromJSON reads the content of a Docker configuration file. No
// helper is run: an entry that needs one is an error when it is asked for.
func dockerCredentialsFromJSON(data []byte) (finder, error) {
	var config dockerConfig
	if len(bytes.TrimSpace(data)) > 0 && json.Unmarshal(data, &config) != nil {
		return nil, fmt.Errorf("%w: the Docker configuration cannot be read", ErrInvalidCredential)
	}
	return config.finder(nil)
}

// helperFunc asks a credential helper about a server.
type helperFunc func(ctx context.Context, name, server string) (Credential, error)

func (config dockerConfig) finder(ask helperFunc) (finder, error) {
	var sources []dockerSource
	for key, helper := range config.CredHelpers {
		sources = append(sources, dockerSource{key: parseDockerKey(key), isHelper: true, helper: helper})
	}
	for key, entry := range config.Auths {
		sources = append(sources, dockerSource{key: parseDockerKey(key), entry: entry})
	}
	slices.SortFunc(sources, dockerSource.compare)
	for _, source := range append(sources, dockerSource{helper: config.CredsStore}) {
		if err := checkHelper(source.helper); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, host, repository string) (Credential, error) {
		return findDocker(ctx, ask, sources, config.CredsStore, host, repository)
	}, nil
}

// readDockerConfig reads a file. That of nothing but space is no mistake to Docker.
func readDockerConfig(path string) (dockerConfig, error) {
	var config dockerConfig
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return config, nil
	}
	if err != nil {
		return config, err
	}
	defer func() { _ = file.Close() }() // it is only read
	data, err := io.ReadAll(io.LimitReader(file, maxDockerConfig))
	if err == nil && len(bytes.TrimSpace(data)) > 0 {
		err = json.Unmarshal(data, &config) // what is cut off does not parse
	}
	return config, err
}

func (s dockerSource) compare(other dockerSource) int {
	if order := slices.Compare(s.rank(), other.rank()); order != 0 {
		return order
	}
	return strings.Compare(s.key.text, other.key.text)
}

// rank is less for what is asked earlier. Paths of different length are compared
// only where both lead to the same repository, so that the longer is the deeper.
func (s dockerSource) rank() []int {
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

// findDocker asks the first of the sources that covers a repository.
func findDocker(ctx context.Context, ask helperFunc, sources []dockerSource, store, host, repository string) (Credential, error) {
	server := credentials.ServerAddressFromHostname(host)
	target := parseDockerKey(host + "/" + repository)
	var entry Credential
	var err error
	elsewhere := false // docker login left an empty entry
	for _, source := range sources {
		switch {
		case !source.key.covers(target):
			continue
		case source.isHelper && source.helper != "" && ask == nil:
			return Credential{}, noHelper(source.helper, server)
		case source.isHelper && source.helper != "":
			return ask(ctx, source.helper, server)
		case source.isHelper:
			store = ""
			continue
		}
		if entry, err = source.credential(); err == nil && entry.IsZero() {
			elsewhere = true
			continue
		}
		if source.key.path != "" {
			return entry, err
		}
		break
	}
	switch {
	case store != "" && ask == nil && elsewhere && err == nil && entry.IsZero():
		return Credential{}, noHelper(store, server)
	case store != "" && ask != nil:
		if found, err := ask(ctx, store, server); err != nil || !found.IsZero() {
			return found, err
		}
	}
	return entry, err
}

// credential decodes an entry as Docker does. The error names its key alone.
func (s dockerSource) credential() (Credential, error) {
	var entry struct{ Auth, Username, Password, IdentityToken, RegistryToken string }
	err := json.Unmarshal(s.entry, &entry)
	switch { // beside a token there may be a name without meaning
	case err != nil:
	case entry.IdentityToken != "":
		return Credential{IdentityToken: entry.IdentityToken}, nil
	case entry.RegistryToken != "":
		return Credential{AccessToken: entry.RegistryToken}, nil
	case entry.Auth == "":
		return Credential{Username: entry.Username, Password: entry.Password}, nil
	}
	decoded, decodeErr := base64.StdEncoding.DecodeString(entry.Auth) // passes over line breaks
	user, password, found := strings.Cut(string(decoded), ":")
	if err != nil || decodeErr != nil || !found {
		return Credential{}, fmt.Errorf("%w: the entry for %q in the Docker configuration cannot be read", ErrInvalidCredential, s.key.text)
	}
	return Credential{Username: user, Password: strings.Trim(password, "\x00")}, nil // some pad with these
}
