package discard

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

const tokenPath = "/token"

// challenge refers the client to the token service, with the repository of its request
// as scope.
func (g *Registry) challenge(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	value := fmt.Sprintf(`Bearer realm="%s://%s%s",service="discard"`, scheme, r.Host, tokenPath)
	for _, path := range []string{"/blobs/", "/manifests/"} {
		if name, _, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), path); found {
			value += fmt.Sprintf(`,scope="repository:%s:pull,push"`, name)
		}
	}
	w.Header().Set("WWW-Authenticate", value)
	refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
}

func (g *Registry) authorized(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g.mu.Lock()
	defer g.mu.Unlock()
	return bearer && g.tokens[token]
}

// serveToken accepts user and password in a header or an OAuth 2 form. The token is valid
// for all repositories.
func (g *Registry) serveToken(w http.ResponseWriter, r *http.Request) {
	name, password, basic := r.BasicAuth()
	if !basic {
		name, password = r.PostFormValue("username"), r.PostFormValue("password")
	}
	if name != g.opts.Username || password != g.opts.Password {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	}
	token := rand.Text()
	g.mu.Lock()
	g.tokens[token] = true
	g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	answer := map[string]any{"token": token, "access_token": token, "expires_in": 3600}
	_ = json.NewEncoder(w).Encode(answer) // the client is gone
}
