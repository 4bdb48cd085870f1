package registry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/dnstest"
	"github.com/kubeoci/oci/registry"
)

// hostile is a transport that answers the first requests by a script, and all others by its
// last response. Responses are separated by lines of "--". Each has a line with the status
// and the value of ContentLength, header lines, an empty line and the body. Some words in
// braces are replaced by a part of the request.
type hostile struct {
	t        *testing.T
	own      *url.URL // of the registry
	script   []string
	end      chan struct{} // ends the reads that hang
	mu       sync.Mutex
	requests int
	realms   string // all challenges so far
	secret   string // the canary, once the registry was sent it
}

func (h *hostile) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		sent, _ = io.ReadAll(r.Body) // a source that fails is another test
		_ = r.Body.Close()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.check(r, string(sent))
	text := h.script[min(h.requests, len(h.script)-1)]
	h.requests++
	text = strings.NewReplacer(
		"{url}", r.URL.String(), "{path}", r.URL.Path, "{host}", r.URL.Host, "{auth}", r.Header.Get("Authorization"), "{body}", string(sent),
		"{digest}", digest.FromBytes(sent).String(), "{secret}", h.secret,
	).Replace(text)
	head, body, _ := strings.Cut(text, "\n\n")
	first, rest, _ := strings.Cut(head, "\n")
	resp := &http.Response{Header: http.Header{}, Request: r}
	_, _ = fmt.Sscan(first, &resp.StatusCode, &resp.ContentLength) // or they are zero
	for line := range strings.SplitSeq(rest, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			resp.Header.Add(name, strings.TrimSpace(value))
		}
	}
	realm := strings.ToLower(resp.Header.Get("WWW-Authenticate"))
	unescaped, _ := url.PathUnescape(realm) // as a host is in a URL; or it is empty
	h.realms += realm + strings.ToLower(unescaped)
	if text == "error" {
		return nil, errors.New("broken " + h.secret)
	}
	resp.Body = &hostileBody{Reader: strings.NewReader(body), end: h.end, rest: body}
	return resp, nil
}

// check asserts that a request may be made, and has no secret that its host must not get.
func (h *hostile) check(r *http.Request, body string) {
	h.t.Helper()
	if h.t.Failed() { // once is enough
		return
	}
	host := strings.ToLower(r.URL.Hostname())
	own := host == h.own.Hostname()
	address, err := netip.ParseAddr(host)
	never := err == nil && (address.IsLinkLocalUnicast() || address.IsUnspecified() || address.IsMulticast())
	loopback := err == nil && address.Unmap().IsLoopback() || host == "localhost"
	private := loopback || err == nil && address.IsPrivate() || host == "local.test"
	assert.False(h.t, !own && (never || private && h.own.Hostname() != "localhost"), "request to %s", r.URL)
	assert.False(h.t, h.own.Scheme == "https" && r.URL.Scheme != "https", "request to %s", r.URL)
	assert.Contains(h.t, []string{"http", "https"}, r.URL.Scheme)
	assert.Empty(h.t, r.Header.Get("Referer"))
	authorization := r.Header.Get("Authorization")
	_, encoded, _ := strings.Cut(authorization, " ")
	decoded, _ := base64.StdEncoding.DecodeString(encoded) // or it is a token
	secret := strings.Contains(authorization+string(decoded)+body, password)
	if secret {
		h.secret = password
	}
	assert.False(h.t, secret && r.URL.Scheme == "http" && !loopback, "a secret for %s", r.URL)
	assert.False(h.t, secret && !own && !strings.Contains(h.realms, host), "a secret for %s", r.URL)
	assert.False(h.t, !own && strings.HasPrefix(authorization, "Bearer "), "a token for %s", r.URL)
}

// hostileBody ends, hangs or goes on for ever.
type hostileBody struct {
	io.Reader
	end  <-chan struct{}
	rest string
}

func (b *hostileBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	switch {
	case err == nil:
	case strings.HasSuffix(b.rest, "{hang}"):
		<-b.end
	case strings.HasSuffix(b.rest, "{endless}"):
		return len(p), nil
	}
	return n, err
}

func (b *hostileBody) Close() error { return nil }

// small is a destination that has room for a megabyte.
type small struct{}

func (small) Exists(context.Context, ocispec.Descriptor) (bool, error) { return false, nil }

func (small) Push(_ context.Context, _ ocispec.Descriptor, r io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20))
	if err == nil && n == 1<<20 {
		return errors.New("full")
	}
	return err
}

// hostileSeeds are scripts of known attacks, and corners of the values in a response.
func hostileSeeds() []string {
	seeds := []string{
		"", "error", "101 -1\nUpgrade: x\n\n{hang}", "0 0\n\n", "-1 0\n\n", "199 5\n\nabc", "999 -1\n\n{endless}", "200 -1\n\n{hang}", "200 -1\n\n{endless}",
		"401 0\nWWW-Authenticate: Bearer realm=\"{url}\"\n\n", "401 0\nWWW-Authenticate: Bearer realm=\"http://{host}{path}\",scope=\"a b\"\n\n",
		"401 0\nWWW-Authenticate: Bearer realm=\"{url}\"\n\n--\n200 -1\n\n{\"token\":\"t\"}{endless}",
		"401 0\nWWW-Authenticate: Bearer realm=\"https://public.test/t\"\n\n--\n200 -1\n\n{\"token\":\"x\",\"access_token\":\"y\"}--\n403 -1\n\n{auth}",
		"401 0\nWWW-Authenticate: Bearer realm=\"https://public.test/t\"\n\n--\n307 -1\nLocation: https://public.test/u\n\n",
		"401 0\nWWW-Authenticate: Bearer realm=\"https://local.test/t\"\n\n", "401 0\nWWW-Authenticate: Bearer realm=\"ftp://public.test/\"\n\n",
		"401 0\nWWW-Authenticate: Bearer\n\n", "401 0\nWWW-Authenticate: Basic realm=\"{auth}\"\n\n", "401 0\nWWW-Authenticate: Basic\n\n--\n403 -1\n\n{\"errors\":[{\"code\":\"{auth}\",\"message\":\"{secret}\"}]}",
		"307 0\nLocation: {url}?x={secret}\n\n", "307 0\nLocation: //local.test:1/{auth}\n\n", "302 0\nLocation: https://public.test/{path}\n\n--\n302 0\nLocation: https://[64:ff9b::a9fe:a9fe]/\n\n",
		"307 0\nLocation: http://169.254.169.254/\n\n", "307 0\nLocation: https://[2002:a9fe:a9fe::1]/\n\n", "307 0\nLocation: https://10.0.0.1/\n\n", "303 0\nLocation: ://\n\n",
		"404 0\n\n--\n202 0\nLocation: https://public.test/u?a={secret}\n\n--\n201 0\nDocker-Content-Digest: {digest}\n\n", "404 0\n\n--\n202 0\nLocation: /u\n\n--\n201 0\nDocker-Content-Digest: {digest}\n\n",
		"404 0\n\n--\n202 0\nLocation: https://u:{secret}@127.0.0.1/\n\n", "202 0\n\n", "201 0\n\n",
	}
	for _, n := range []string{"0", "-1", "2147483648", "4294967296", "9223372036854775807", "", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		seeds = append(seeds,
			"429 0\nRetry-After: "+n+"\n\n", "503 "+n+"\nRetry-After: "+n+"\n\n{endless}",
			"200 "+n+"\nContent-Type: "+ocispec.MediaTypeImageManifest+"\nContent-Length: "+n+"\nDocker-Content-Digest: "+digest.FromString("").String()+"\n\n{}",
			"200 -1\nContent-Type: "+ocispec.MediaTypeImageManifest+"\n\n{\"config\":{\"digest\":\""+digest.FromString("").String()+"\",\"size\":"+n+"},\"layers\":[]}--\n200 "+n+"\n\n{endless}",
		)
	}
	return append(seeds, "403 -1\nWWW-Authenticate: "+strings.Repeat("x", 1<<16)+"\n\n"+strings.Repeat("[", 8<<10))
}

// FuzzHostile gives hostile responses to calls with each kind of credential. They end in
// time and after a bounded number of requests, no secret goes where it must not, and none
// is in an error or an event.
func FuzzHostile(f *testing.F) {
	for i, script := range hostileSeeds() {
		for choice := range 4 {
			f.Add(uint8(i), uint8(choice), script)
		}
	}
	a := newArtifact(f, "demo")
	f.Fuzz(func(t *testing.T, choice, credential uint8, script string) {
		if len(script) > 1<<18 {
			return
		}
		opts := registry.Options{
			Retry: registry.RetryPolicy{MaxAttempts: 2, MinWait: time.Millisecond, MaxWait: time.Millisecond}, Timeout: 20 * time.Second,
			VerifyTimeout: 20 * time.Second, AllowCrossOriginUploads: choice&4 != 0,
		}
		cred := []registry.Credential{{}, ci, {IdentityToken: password}, {AccessToken: password}}[credential%4]
		opts.CredentialFunc = func(context.Context, string) (registry.Credential, error) { return cred, nil }
		synctest.Test(t, func(t *testing.T) {
			dnstest.Install(t, func(name string) []string {
				return map[string][]string{"local.test": {"127.0.0.1"}, "public.test": {"198.51.100.7"}, "registry.test": {"198.51.100.1"}}[name]
			})
			h := &hostile{t: t, script: strings.Split(script, "--\n"), end: make(chan struct{})}
			defer close(h.end)
			h.own = []*url.URL{{Scheme: "https", Host: "registry.test"}, {Scheme: "http", Host: "registry.test"}, {Scheme: "http", Host: "localhost"}}[choice%3]
			opts.Transport = h
			client := newClient(t, h.own.String(), opts)
			report := func(e registry.Event) { requireNoSecret(t, fmt.Sprintf("%v %+v", e, e.Retry)) }
			_, pushErr := timed(t, func(ctx context.Context) (any, error) {
				return client.Push(ctx, a.store, a.Manifest, repository, []string{"v1", "v2"}, registry.PushOptions{OnEvent: report})
			})
			_, pullErr := timed(t, func(ctx context.Context) (any, error) {
				return client.Pull(ctx, repository, "v1", small{}, registry.PullOptions{OnEvent: report})
			})
			_, resolveErr := timed(t, func(ctx context.Context) (any, error) { return client.Resolve(ctx, repository, "v1") })
			_, verifyErr := timed(t, func(ctx context.Context) (any, error) { return nil, client.VerifyAccess(ctx, repository) })
			for _, err := range []error{pushErr, pullErr, resolveErr, verifyErr} {
				if err != nil {
					requireError(t, err)
					requireNothingSecretIn(t, err)
				}
			}
			assert.LessOrEqual(t, h.requests, 1500)
		})
	})
}

// timed asserts that a call ends in time.
func timed[T any](t *testing.T, call func(context.Context) (T, error)) (T, error) {
	t.Helper()
	began := time.Now()
	result, err := call(t.Context())
	require.LessOrEqual(t, time.Since(began), 25*time.Second)
	return result, err
}
