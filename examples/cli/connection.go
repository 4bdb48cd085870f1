package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/registry"
)

const passwordStdin = "password-stdin"

// maxPasswordBytes is the limit of a password. Tokens are longer than passwords, but
// shorter than this.
const maxPasswordBytes = 64 << 10

// Connection holds the flags that configure the connection to a registry.
type Connection struct {
	username             string
	passwordStdin        bool
	plainHTTP            bool
	plainHTTPCredentials bool
	insecureSkipVerify   bool
	caFile               string
}

// ConnectionFlags defines the flags that configure the connection to a registry.
func ConnectionFlags(flags *flag.FlagSet) *Connection {
	c := new(Connection)
	flags.StringVar(&c.username, "username", "", "user `name`, together with -password-stdin; by default the credential in the Docker configuration")
	flags.BoolVar(&c.passwordStdin, passwordStdin, false, "read the password or token from standard input")
	flags.BoolVar(&c.plainHTTP, "plain-http", false, "use HTTP without TLS; the default for localhost, which -plain-http=false changes")
	flags.BoolVar(&c.plainHTTPCredentials, "plain-http-credentials", false, "send credentials over plain HTTP to a host other than localhost, where anyone on the way can read them")
	flags.BoolVar(&c.insecureSkipVerify, "insecure-skip-verify", false, "accept any certificate; prefer -ca-file")
	flags.StringVar(&c.caFile, "ca-file", "", "PEM `file` with the certificate authorities to trust")
	return c
}

var connectionNames = []string{"username", passwordStdin, "plain-http", "plain-http-credentials", "insecure-skip-verify", "ca-file"}

// RefuseWithoutRef refuses the flags of a connection if there is no -ref.
func RefuseWithoutRef(flags *flag.FlagSet) error {
	given := Given(flags)
	for _, name := range connectionNames {
		if given[name] {
			return Usagef("-%s needs -ref: by default the registry is in this program", name)
		}
	}
	return nil
}

// ReadsPassword reports whether Resolve reads a password from standard input.
func (c *Connection) ReadsPassword() bool { return c.passwordStdin }

// Resolve returns the options for the flags. It reads the password.
func (c *Connection) Resolve(ctx context.Context, env Env, flags *flag.FlagSet) (oci.RegistryOptions, error) {
	opts := oci.RegistryOptions{
		AllowPlainHTTPCredentials: c.plainHTTPCredentials,
		InsecureSkipVerify:        c.insecureSkipVerify,
	}
	wantTLS := c.insecureSkipVerify || c.caFile != "" || Given(flags)["plain-http"] && !c.plainHTTP
	switch {
	case wantTLS:
		opts.Scheme = registry.SchemeHTTPS
	case c.plainHTTP:
		opts.Scheme = registry.SchemeHTTP
	}
	switch {
	case (c.username != "") != c.passwordStdin:
		return opts, Usagef("-username and -password-stdin go together")
	case wantTLS && (c.plainHTTP || c.plainHTTPCredentials):
		return opts, Usagef("-plain-http and -plain-http-credentials contradict -ca-file, -insecure-skip-verify and -plain-http=false")
	}
	var err error
	if opts.RootCAs, err = c.rootCAs(); err != nil {
		return opts, fmt.Errorf("-ca-file: %w", err)
	}
	if !c.passwordStdin {
		opts.DockerConfig = dockerConfig(env)
		return opts, nil
	}
	opts.Credential, err = c.credential(ctx, env)
	return opts, err
}

func (c *Connection) credential(ctx context.Context, env Env) (registry.Credential, error) {
	password, err := env.readPassword(ctx)
	if err != nil {
		return registry.Credential{}, fmt.Errorf("read the password: %w", err)
	}
	cred := registry.Credential{Username: c.username, Password: strings.TrimRight(string(password), "\r\n")}
	switch {
	case cred.Password == "":
		return registry.Credential{}, Usagef("-password-stdin: standard input has no password")
	case len(password) > maxPasswordBytes:
		return registry.Credential{}, Usagef("-password-stdin: the password has more than %d bytes", maxPasswordBytes)
	}
	return cred, nil
}

func (c *Connection) rootCAs() (*x509.CertPool, error) {
	if c.caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in PEM form", c.caFile)
	}
	return pool, nil
}

// dockerConfig returns the path of the configuration with credentials: the file that the
// environment names for Podman or Docker, whether or not it exists, or else the first
// existing default of Docker and Podman, or "".
func dockerConfig(env Env) string {
	if file := env.Getenv("REGISTRY_AUTH_FILE"); file != "" {
		return file
	}
	if dir := env.Getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	home, _ := os.UserHomeDir() // empty if it is unknown
	for _, file := range []struct{ base, below string }{
		{home, ".docker/config.json"},
		{env.Getenv("XDG_RUNTIME_DIR"), "containers/auth.json"},
	} {
		path := filepath.Join(file.base, filepath.FromSlash(file.below))
		// A file that cannot be examined counts as existing: reading it returns the error.
		if _, err := os.Stat(path); file.base != "" && !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	return ""
}
