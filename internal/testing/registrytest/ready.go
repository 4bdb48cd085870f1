package registrytest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// awaitReady requests the path until the registry responds with 200 or 401. It gives
// up when ctx ends or failed is closed.
func awaitReady(ctx context.Context, addr, path string, t *Instance, failed <-chan struct{}) error {
	scheme := "https"
	if t.PlainHTTP {
		scheme = "http"
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.RootCAs, Certificates: t.ClientCertificates},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+addr+path, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close() // not needed
			if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusUnauthorized {
				return nil
			}
			err = fmt.Errorf("%s: status %s", path, resp.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-failed:
			return errors.New("the registry ended")
		case <-ticker.C:
		}
	}
}
