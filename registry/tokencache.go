package registry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/guard"
)

// Bounds on the tokens of one repository, of which there may be maxAccounts. A push needs
// three, but the registry may extend the scopes, which are the key, in each challenge. A
// token and its scopes take some kilobytes: few servers accept headers above 16 KiB. The
// oldest token is dropped, and one that is too large not kept: it is fetched again.
const (
	maxTokens     = 16
	maxTokenStore = 64 << 10
)

// tokenCache is an [auth.Cache] for one repository. Concurrent callers share one fetch
// of a token; cancellation and panics of the fetching caller are not shared.
type tokenCache struct {
	mu      sync.Mutex // guards the rest
	scheme  auth.Scheme
	tokens  []keyedToken // the oldest first
	fetches map[string]*fetch
	// extended has the key of the last token for the scopes of a request: the registry
	// may ask for more than these.
	extended map[string]string
}

// keyedToken is a token and its scopes.
type keyedToken struct{ key, token string }

func (t keyedToken) size() int { return len(t.key) + len(t.token) }

// fetch is a token that is being fetched.
type fetch struct {
	done  chan struct{} // closed when the rest is known
	token string
	err   error
}

// failure returns the error for one of the callers that share the fetch.
func (f *fetch) failure() error {
	if resp, ok := errors.AsType[*responseError](f.err); ok {
		own := *resp // the caller adds to it
		return &own
	}
	return f.err
}

func newTokenCache() *tokenCache {
	return &tokenCache{fetches: map[string]*fetch{}, extended: map[string]string{}}
}

// GetScheme returns the scheme of the last token.
func (c *tokenCache) GetScheme(context.Context, string) (auth.Scheme, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.scheme == auth.SchemeUnknown {
		return auth.SchemeUnknown, errdef.ErrNotFound
	}
	return c.scheme, nil
}

// GetToken returns a token that was fetched for the scopes, or for more, unless it was
// just refused.
func (c *tokenCache) GetToken(ctx context.Context, _ string, scheme auth.Scheme, key string) (string, error) {
	seen := lastResponseIn(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range []string{c.extended[key], key} {
		if token, found := c.find(key); found && scheme == c.scheme && !seen.wasSent(token) {
			return token, nil
		}
	}
	return "", errdef.ErrNotFound
}

// find returns the token for the scopes. The caller holds the lock.
func (c *tokenCache) find(key string) (string, bool) {
	for _, t := range c.tokens {
		if t.key == key {
			return t.token, true
		}
	}
	return "", false
}

// keep replaces the token for the scopes, and drops the oldest that do not fit any more.
// An empty token is none. The caller holds the lock.
func (c *tokenCache) keep(t keyedToken) {
	c.tokens = slices.DeleteFunc(c.tokens, func(old keyedToken) bool { return old.key == t.key })
	if t.token == "" || t.size() > maxTokenStore {
		return
	}
	// Copies, because a part of a header would keep all of it.
	c.tokens = append(c.tokens, keyedToken{strings.Clone(t.key), strings.Clone(t.token)})
	total := 0
	for _, kept := range c.tokens {
		total += kept.size()
	}
	for len(c.tokens) > maxTokens || total > maxTokenStore {
		total -= c.tokens[0].size()
		c.tokens = slices.Delete(c.tokens, 0, 1)
	}
}

// Set fetches a token, unless another caller has done so since the registry was sent
// the previous one.
func (c *tokenCache) Set(ctx context.Context, host string, scheme auth.Scheme, key string, get func(context.Context) (string, error)) (string, error) {
	seen := lastResponseIn(ctx)
	own := strings.Join(auth.GetAllScopesForHost(ctx, host), " ")
	for {
		c.mu.Lock()
		if scheme != c.scheme {
			c.tokens = nil
			c.scheme = scheme
		}
		if own != key {
			c.extended[own] = key
		}
		if token, found := c.find(key); found && !seen.wasSent(token) {
			c.mu.Unlock()
			return token, nil
		}
		f := c.fetches[key]
		mine := f == nil
		if mine {
			f = &fetch{done: make(chan struct{})}
			c.fetches[key] = f
		}
		c.mu.Unlock()
		if mine {
			c.fetch(ctx, key, f, get)
			return f.token, f.failure()
		}
		began := time.Now()
		select {
		case <-f.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if is[*guard.StalledError](f.err) {
			guard.SpendPatience(ctx, time.Since(began))
		}
		if !errors.Is(f.err, errAbandoned) {
			return f.token, f.failure()
		}
	}
}

// errAbandoned is for callers that wait for a token whose fetcher was cancelled, or
// panicked.
var errAbandoned = errors.New("token fetch cancelled")

// fetch gets a token. A panic of get, which calls a function of the caller, goes on.
func (c *tokenCache) fetch(ctx context.Context, key string, f *fetch, get func(context.Context) (string, error)) {
	f.err = errAbandoned
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.keep(keyedToken{key, f.token})
		delete(c.fetches, key)
		close(f.done)
	}()
	token, err := get(ctx)
	err = lastResponseIn(ctx).explain(err)
	switch {
	case err == nil:
		f.token, f.err = token, nil
	case ctx.Err() == nil:
		f.err = err
	}
}
