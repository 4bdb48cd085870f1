package registrytest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// findGiven returns the registry that OCI_TEST_REGISTRY names, without connecting to
// it.
func findGiven(_ context.Context, s settings) (*Source, error) {
	if s.registry == "" {
		return nil, errors.New("OCI_TEST_REGISTRY is not set")
	}
	var pool *x509.CertPool
	if s.caFile != "" {
		pem, err := os.ReadFile(s.caFile)
		if err != nil {
			return nil, err
		}
		if pool = x509.NewCertPool(); !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificate in %s", s.caFile)
		}
	}
	endpoint, err := reference.ParseEndpoint(s.registry)
	if err != nil {
		return nil, err
	}
	writer := registry.Credential{Username: s.username, Password: s.password}
	opts := registry.Options{AllowPlainHTTPCredentials: s.plainHTTP, RootCAs: pool, Credential: writer}
	if s.plainHTTP {
		opts.Scheme = registry.SchemeHTTP
	} else if pool != nil {
		opts.Scheme = registry.SchemeHTTPS
	}
	opts, err = opts.ForEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	return &Source{start: func(context.Context, Setup) (*Instance, error) {
		return newInstance(&Instance{Host: endpoint.String(), PlainHTTP: opts.Scheme == registry.SchemeHTTP, RootCAs: pool, Writer: writer}), nil
	}}, nil
}
