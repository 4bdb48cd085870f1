package guard_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// slow returns a reader that takes some time for each byte.
func slow(text string, wait time.Duration) io.ReadCloser {
	return io.NopCloser(io.MultiReader(&sleeper{strings.NewReader(text), wait}))
}

type sleeper struct {
	io.Reader
	wait time.Duration
}

func (s *sleeper) Read(p []byte) (int, error) {
	time.Sleep(s.wait)
	return s.Reader.Read(p[:1])
}

// blocked is the body of a response that stalls until its request ends.
type blocked struct{ req *http.Request }

func (b blocked) Read([]byte) (int, error) {
	<-b.req.Context().Done()
	return 0, b.req.Context().Err()
}

func (b blocked) Close() error { return nil }

func TestWatched(t *testing.T) {
	const limit = 30 * time.Second
	for _, tt := range []struct {
		name    string
		body    io.ReadCloser // of the request
		respond func(*http.Request) (*http.Response, error)
		stalls  bool
	}{
		{"no response", nil, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, true},
		{"response without a body", nil, func(*http.Request) (*http.Response, error) {
			return new(http.Response), nil
		}, false},
		{"stalled body", nil, func(r *http.Request) (*http.Response, error) {
			return &http.Response{Body: blocked{r}}, nil
		}, true},
		{"slow body", nil, func(*http.Request) (*http.Response, error) {
			return &http.Response{Body: slow("abc", limit/5)}, nil
		}, false},
		{"body with a byte now and then", nil, func(*http.Request) (*http.Response, error) {
			return &http.Response{Body: slow(strings.Repeat("a", 100), time.Second)}, nil
		}, true},
		{"body with a little at a time", nil, func(*http.Request) (*http.Response, error) {
			return &http.Response{Body: slow(strings.Repeat("a", 1000), limit/129)}, nil
		}, false},
		{"slow source", slow("abc", 2*limit), func(r *http.Request) (*http.Response, error) {
			_, err := io.Copy(io.Discard, r.Body)
			return new(http.Response), err
		}, false},
		{"stall after the request", slow("abc", 0), func(r *http.Request) (*http.Response, error) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return nil, err
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://localhost", tt.body)
				require.NoError(t, err)
				began := time.Now()
				resp, err := guard.Watched{Next: roundTripper(tt.respond), Limit: limit}.RoundTrip(req)
				if err == nil {
					assert.Same(t, req, resp.Request)
					time.Sleep(2 * limit) // the caller's time is not counted
					began = time.Now()
					_, err = io.Copy(io.Discard, resp.Body)
					require.NoError(t, resp.Body.Close())
				}
				if !tt.stalls {
					require.NoError(t, err)
					return
				}
				var stalled *guard.StalledError
				require.ErrorAs(t, err, &stalled)
				require.EqualError(t, err, "nothing moved for 30s")
				assert.InDelta(t, limit, time.Since(began), float64(time.Second))
			})
		})
	}
}

// net/http calls GetBody to repeat a request by itself.
func TestWatchedBodyThatIsSentAgain(t *testing.T) {
	errSource := errors.New("no second body")
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://localhost", slow("abc", 0))
			require.NoError(t, err)
			req.GetBody = func() (io.ReadCloser, error) {
				if fails {
					return nil, errSource
				}
				return slow("abc", time.Minute), nil
			}
			_, err = guard.Watched{Limit: time.Second, Next: roundTripper(func(r *http.Request) (*http.Response, error) {
				body, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				_, err = io.Copy(io.Discard, body)
				return new(http.Response), err
			})}.RoundTrip(req)
			if fails {
				require.ErrorIs(t, err, errSource)
			} else {
				require.NoError(t, err, "a slow source does not stall")
			}
		})
	}
}
