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

// maxAnswer is how much of an answer is read.
const maxAnswer = 1 << 20

// Answer is what a registry said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Ask asks the registry what the library does not ask, to find out what it can
// do. The path may have a query, or be the URL of an earlier answer. Redirects are
// not followed.
func (t *Target) Ask(ctx context.Context, credential registry.Credential, method, path string) (Answer, error) {
	base := &url.URL{Scheme: "https", Host: t.Host}
	if t.PlainHTTP {
		base.Scheme = "http"
	}
	where, err := base.Parse(path)
	if err != nil {
		return Answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, where.String(), nil)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*")
	if !credential.IsZero() {
		req.SetBasicAuth(credential.Username, credential.Password)
	}
	answer, err := t.roundTrip(req)
	if err != nil || answer.Status != http.StatusUnauthorized {
		return answer, err
	}
	realm := bearerRealm(answer.Header.Get("WWW-Authenticate"))
	if realm == nil {
		return answer, nil
	}
	token, err := t.token(ctx, credential, realm)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return t.roundTrip(req)
}

func (t *Target) roundTrip(req *http.Request) (Answer, error) {
	resp, err := t.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return Answer{resp.StatusCode, resp.Header, body}, err
}

var parameter = regexp.MustCompile(`(\w+)="([^"]*)"`)

// bearerRealm is the URL of the token service that a challenge names, with its
// query, or nil if it names none.
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

func (t *Target) token(ctx context.Context, credential registry.Credential, realm *url.URL) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, realm.String(), nil)
	if err != nil {
		return "", err
	}
	if !credential.IsZero() {
		req.SetBasicAuth(credential.Username, credential.Password)
	}
	answer, err := t.roundTrip(req)
	if err != nil {
		return "", err
	}
	var said struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if answer.Status != http.StatusOK {
		return "", fmt.Errorf("the token service answers %d", answer.Status)
	}
	if err := json.Unmarshal(answer.Body, &said); err != nil {
		return "", err
	}
	if said.Token == "" && said.AccessToken == "" {
		return "", errors.New("the token service gives no token")
	}
	if said.Token == "" {
		said.Token = said.AccessToken
	}
	return said.Token, nil
}
