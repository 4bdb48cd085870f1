package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/registry"
)

const passwordStdin = "password-stdin"

// maxPasswordBytes bounds what is read as a password: tokens are longer than
// passwords, but not that long.
const maxPasswordBytes = 64 << 10

// Connection are the flags that say how to connect to a registry.
type Connection struct {
	username             string
	passwordStdin        bool
	plainHTTP            bool
	plainHTTPCredentials bool
	insecureSkipVerify   bool
	caFile               string
}

// ConnectionFlags defines the flags of a Connection.
func ConnectionFlags(flags *flag.FlagSet) *Connection {
	c := new(Connection)
	flags.StringVar(&c.username, "username", "", "`name` to log in with; the Docker configuration is asked if there is none")
	flags.BoolVar(&c.passwordStdin, passwordStdin, false, "read the password, or the token that serves as one, from standard input")
	flags.BoolVar(&c.plainHTTP, "plain-http", false, "speak HTTP without TLS; localhost is spoken to so, unless this is set to false")
	flags.BoolVar(&c.plainHTTPCredentials, "plain-http-credentials", false, "send credentials over plain HTTP to other hosts than localhost, for all to read")
	flags.BoolVar(&c.insecureSkipVerify, "insecure-skip-verify", false, "accept any certificate; prefer -ca-file")
	flags.StringVar(&c.caFile, "ca-file", "", "`file` with the certificates to trust, in PEM form")
	return c
}

var connectionNames = []string{"username", passwordStdin, "plain-http", "plain-http-credentials", "insecure-skip-verify", "ca-file"}

// RefuseWithoutRef refuses flags that need a registry to connect to.
func RefuseWithoutRef(flags *flag.FlagSet) error {
	given := Given(flags)
	for _, name := range connectionNames {
		if given[name] {
			return Usagef("-%s needs -ref: without it nothing but a registry within this program is used", name)
		}
	}
	return nil
}

// Resolve turns the flags into options. It reads the password.
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
		return opts, err
	}
	if !c.passwordStdin {
		opts.DockerConfig = dockerConfig(env)
		return opts, nil
	}
	opts.Credential, err = c.credential(ctx, env)
	return opts, err
}

func (c *Connection) credential(ctx context.Context, env Env) (registry.Credential, error) {
	password, err := readAll(ctx, env.Stdin)
	if err != nil {
		return registry.Credential{}, fmt.Errorf("read the password: %w", err)
	}
	cred := registry.Credential{Username: c.username, Password: strings.TrimRight(string(password), "\r\n")}
	switch {
	case cred.Password == "":
		return registry.Credential{}, Usagef("-password-stdin: there is no password on standard input")
	case len(password) > maxPasswordBytes:
		return registry.Credential{}, Usagef("-password-stdin: more than %d bytes are no password", maxPasswordBytes)
	}
	return cred, nil
}

// readAll reads what could be a password, and stops waiting when ctx ends. What
// then still reads ends with the program.
func readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(r, maxPasswordBytes+1))
		done <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		return r.data, r.err
	}
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
		return nil, fmt.Errorf("%s: holds no certificate in PEM form", c.caFile)
	}
	return pool, nil
}

// dockerConfig is where Podman or Docker is told to keep credentials, whether or
// not that exists, or else the first that does of where Docker and Podman keep
// them by default. It is "" if none does.
func dockerConfig(env Env) string {
	if file := env.Getenv("REGISTRY_AUTH_FILE"); file != "" {
		return file
	}
	if dir := env.Getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	home, _ := os.UserHomeDir() // empty if there is none
	for _, file := range []struct{ base, below string }{
		{home, ".docker/config.json"},
		{env.Getenv("XDG_RUNTIME_DIR"), "containers/auth.json"},
	} {
		path := filepath.Join(file.base, filepath.FromSlash(file.below))
		// What cannot be looked at is there: whoever reads it says what is wrong.
		if _, err := os.Stat(path); file.base != "" && !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	return ""
}
