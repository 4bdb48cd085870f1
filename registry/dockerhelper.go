package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// helperTimeout is how long a credential helper may take: some open a window
	// and wait for a person.
	helperTimeout = time.Minute
	// helperGrace is how long its output is waited for once it has ended.
	helperGrace = 500 * time.Millisecond
	// maxHelperOutput bounds what it may print. Tokens are a tenth of that.
	maxHelperOutput = 64 << 10
	// helperNotFound is what helpers print when they hold nothing for a host
	// (docker-credential-helpers, credentials/error.go).
	helperNotFound = "credentials not found in native keychain"
	// helperToken is the user name that goes with an identity token.
	helperToken = "<token>"
)

// checkHelper refuses a name that would lead to a program elsewhere than on PATH.
func checkHelper(name string) error {
	if strings.ContainsAny(name, `/\`) || filepath.VolumeName(name) != "" {
		return fmt.Errorf("%w: %.80q is not the name of a credential helper", ErrInvalidCredential, name)
	}
	return nil
}

// askHelper runs docker-credential-<name> get, as described in
// https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
// Nothing that it prints gets into an error or to standard error, as it would with
// oras-go, where a helper can also hold up a caller who has given up. It is asked
// about hosts only, which is all that helpers know.
func askHelper(ctx context.Context, name, server string) (Credential, error) {
	limited, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	out := new(helperOutput)
	command := exec.CommandContext(limited, "docker-credential-"+name, "get")
	command.Stdin = strings.NewReader(server)
	command.Stdout = out
	command.WaitDelay = helperGrace
	err := command.Run()
	if ctx.Err() != nil {
		return Credential{}, ctx.Err()
	}
	if err != nil && string(bytes.TrimSpace(out.data)) == helperNotFound {
		return Credential{}, nil
	}
	var answer struct{ Username, Secret string }
	if err == nil {
		err = json.Unmarshal(out.data, &answer)
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return Credential{}, fmt.Errorf("%w: the credential helper %q for %s is not on the PATH", ErrInvalidCredential, name, server)
	case err != nil:
		return Credential{}, fmt.Errorf("%w: the credential helper %q failed for %s", ErrInvalidCredential, name, server)
	case answer.Username == helperToken:
		return Credential{IdentityToken: answer.Secret}, nil
	}
	return Credential{Username: answer.Username, Password: answer.Secret}, nil
}

// noHelper reports that a helper would have to be run, and may not be.
func noHelper(name, server string) error {
	return fmt.Errorf("%w: the entry for %s needs the credential helper %q, which is not run", ErrInvalidCredential, server, name)
}

// helperOutput keeps what a helper prints, and ends it when that is too much.
type helperOutput struct{ data []byte }

func (o *helperOutput) Write(p []byte) (int, error) {
	if len(o.data)+len(p) > maxHelperOutput {
		return 0, errHelperOutput
	}
	o.data = append(o.data, p...)
	return len(p), nil
}

var errHelperOutput = errors.New("more output than a credential has")
