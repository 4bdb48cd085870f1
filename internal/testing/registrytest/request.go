package registrytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"github.com/kubeoci/oci/registry"
)

// maxResponse bounds the body read of one response.
const maxResponse = 1 << 20

// Response is an HTTP response that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request that the library itself does not send, to detect what the
// registry supports. The path may have a query, or be the URL from an earlier
// response.
func (t *Instance) Do(ctx context.Context, credential registry.Credential, method, path string) (Response, error) {
	base := &url.URL{Scheme: "https", Host: t.Host}
	if t.PlainHTTP {
		base.Scheme = "http"
	}
	target, err := base.Parse(path)
	if err != nil {
		return Response{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*")
	if !credential.IsZero() {
		req.SetBasicAuth(credential.Username, credential.Password)
	}
	resp, err := t.roundTrip(req)
	if err != nil || resp.Status != http.StatusUnauthorized {
		return resp, err
	}
	realm := bearerRealm(resp.Header.Get("WWW-Authenticate"))
	if realm == nil {
		return resp, nil
	}
	token, err := t.token(ctx, credential, realm)
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return t.roundTrip(req)
}

func (t *Instance) roundTrip(req *http.Request) (Response, error) {
	resp, err := t.http.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	return Response{resp.StatusCode, resp.Header, body}, err
}

var parameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// bearerRealm returns the URL of the token service in a challenge, with its query,
// or nil if the challenge names none.
func bearerRealm(challenge string) *url.URL {
	if len(challenge) < 7 || challenge[:7] != "Bearer " {
		return nil
	}
	var realm *url.URL
	query := url.Values{}
	for _, found := range parameter.FindAllStringSubmatch(challenge, -1) {
		if found[1] != "realm" {
			query.Set(found[1], found[2])
			continue
		}
		var err error
		if realm, err = url.Parse(found[2]); err != nil {
			return nil
		}
	}
	if realm != nil {
		realm.RawQuery = query.Encode()
	}
	return realm
}

func (t *Instance) token(ctx context.Context, credential registry.Credential, realm *url.URL) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, realm.String(), nil)
	if err != nil {
		return "", err
	}
	if !credential.IsZero() {
		req.SetBasicAuth(credential.Username, credential.Password)
	}
	resp, err := t.roundTrip(req)
	if err != nil {
		return "", err
	}
	var result struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if resp.Status != http.StatusOK {
		return "", fmt.Errorf("token service: status %d", resp.Status)
	}
	if err := json.Unmarshal(resp.Body, &result); err != nil {
		return "", err
	}
	if result.Token == "" && result.AccessToken == "" {
		return "", errors.New("token service: response without a token")
	}
	if result.Token == "" {
		result.Token = result.AccessToken
	}
	return result.Token, nil
}
