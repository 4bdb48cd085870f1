package registry

import (
	"context"
	"errors"
	"sync"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// tokenCache is an [auth.Cache] for one repository. Concurrent callers share one fetch
// of a token; cancellation of the fetching caller is not shared.
type tokenCache struct {
	mu      sync.Mutex // guards the rest
	scheme  auth.Scheme
	tokens  map[string]string
	fetches map[string]*fetch
}

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
	return &tokenCache{tokens: map[string]string{}, fetches: map[string]*fetch{}}
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

// GetToken returns a token that was fetched.
func (c *tokenCache) GetToken(_ context.Context, _ string, scheme auth.Scheme, key string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if token, found := c.tokens[key]; found && scheme == c.scheme {
		return token, nil
	}
	return "", errdef.ErrNotFound
}

// Set fetches a token, unless another caller has done so since the registry was sent
// the previous one.
func (c *tokenCache) Set(ctx context.Context, _ string, scheme auth.Scheme, key string, get func(context.Context) (string, error)) (string, error) {
	seen := lastResponseIn(ctx)
	for {
		c.mu.Lock()
		if scheme != c.scheme {
			clear(c.tokens)
			c.scheme = scheme
		}
		if token, found := c.tokens[key]; found && !seen.wasSent(token) {
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
		select {
		case <-f.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if !errors.Is(f.err, errAbandoned) {
			return f.token, f.failure()
		}
	}
}

// errAbandoned is for callers that wait for a token whose fetcher was cancelled.
var errAbandoned = errors.New("token fetch cancelled")

func (c *tokenCache) fetch(ctx context.Context, key string, f *fetch, get func(context.Context) (string, error)) {
	token, err := get(ctx)
	err = lastResponseIn(ctx).explain(err)
	if err != nil && ctx.Err() != nil {
		err = errAbandoned
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.tokens[key] = token
	} else {
		delete(c.tokens, key)
	}
	delete(c.fetches, key)
	f.token, f.err = token, err
	close(f.done)
}
