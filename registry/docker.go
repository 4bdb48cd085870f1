package registry

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/credentials"
)

const (
	// helperTimeout is how long a credential helper may take: some open a window
	// and wait for a person.
	helperTimeout = time.Minute
	// helperGrace is how long its output is waited for once it has ended.
	helperGrace = 500 * time.Millisecond
	// helperNotFound is what helpers print when they hold nothing for a host
	// (docker-credential-helpers, credentials/error.go).
	helperNotFound = "credentials not found in native keychain"
	// helperToken is the user name that goes with an identity token.
	helperToken = "<token>"
)

// dockerConfig is what a Docker configuration file says about helpers.
type dockerConfig struct {
	CredsStore  string            `json:"credsStore"`
	CredHelpers map[string]string `json:"credHelpers"`
}

// dockerCredentials reads a Docker configuration file and asks the credential
// helpers that it names. A file that does not exist holds none.
//
// oras-go reads the entries of the file. Its own way of running helpers lets
// their messages through to standard error, and lets a helper hold up a caller
// who has given up.
func dockerCredentials(path string) (CredentialFunc, error) {
	var config dockerConfig
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &config)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: Docker configuration %q cannot be read", ErrInvalidCredential, path)
	}
	for _, name := range config.CredHelpers {
		if err := checkHelper(name); err != nil {
			return nil, err
		}
	}
	if err := checkHelper(config.CredsStore); err != nil {
		return nil, err
	}
	entries, err := credentials.NewFileStore(path)
	if err != nil {
		return nil, fmt.Errorf("%w: Docker configuration %q cannot be read", ErrInvalidCredential, path)
	}
	return func(ctx context.Context, host string) (Credential, error) {
		server := credentials.ServerAddressFromHostname(host)
		if helper := cmp.Or(config.CredHelpers[server], config.CredsStore); helper != "" {
			return askHelper(ctx, helper, server)
		}
		entry, err := entries.Get(ctx, server)
		if err != nil { // its text may quote the entry
			return Credential{}, fmt.Errorf("%w: the entry for %s in the Docker configuration cannot be read", ErrInvalidCredential, server)
		}
		switch { // beside a token there may be a name without meaning
		case entry.RefreshToken != "":
			return Credential{IdentityToken: entry.RefreshToken}, nil
		case entry.AccessToken != "":
			return Credential{AccessToken: entry.AccessToken}, nil
		}
		return Credential{Username: entry.Username, Password: entry.Password}, nil
	}, nil
}

// checkHelper refuses a name that would lead to a program elsewhere than on PATH.
func checkHelper(name string) error {
	if strings.ContainsAny(name, `/\`) || filepath.VolumeName(name) != "" {
		return fmt.Errorf("%w: %.80q is not the name of a credential helper", ErrInvalidCredential, name)
	}
	return nil
}

// askHelper runs docker-credential-<name> get, as described in
// https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
// Nothing that it prints gets into an error.
func askHelper(ctx context.Context, name, server string) (Credential, error) {
	limited, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	command := exec.CommandContext(limited, "docker-credential-"+name, "get")
	command.Stdin = strings.NewReader(server)
	command.WaitDelay = helperGrace
	out, err := command.Output()
	if ctx.Err() != nil {
		return Credential{}, ctx.Err()
	}
	if err != nil && string(bytes.TrimSpace(out)) == helperNotFound {
		return Credential{}, nil
	}
	var answer struct{ Username, Secret string }
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil {
		return Credential{}, fmt.Errorf("%w: the credential helper %q failed for %s", ErrInvalidCredential, name, server)
	}
	if answer.Username == helperToken {
		return Credential{IdentityToken: answer.Secret}, nil
	}
	return Credential{Username: answer.Username, Password: answer.Secret}, nil
}
