package guard_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
)

// All requests of a step share the patience. Time in which something moves is not taken
// from it. That before a failure is, because a transport may notice the silence first.
func TestPatience(t *testing.T) {
	silent := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	timeout := func(*http.Request) (*http.Response, error) {
		time.Sleep(10 * time.Second)
		return nil, os.ErrDeadlineExceeded // a net.Error, as in a TLS handshake
	}
	lost := func(*http.Request) (*http.Response, error) {
		time.Sleep(10 * time.Second)
		return nil, errors.New("connection lost")
	}
	half := func(*http.Request) (*http.Response, error) {
		return &http.Response{Body: io.NopCloser(&sleeper{iotest.ErrReader(io.ErrUnexpectedEOF), 10 * time.Second})}, nil
	}
	sending := func(r *http.Request) (*http.Response, error) {
		_, err := io.Copy(io.Discard, r.Body)
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	moving := func(*http.Request) (*http.Response, error) {
		return &http.Response{Body: slow(strings.Repeat("a", 1000), time.Second/8)}, nil
	}
	for _, tt := range []struct {
		name     string
		requests []func(*http.Request) (*http.Response, error)
		took     []time.Duration
	}{
		{"silence", []func(*http.Request) (*http.Response, error){silent, silent, silent}, []time.Duration{30 * time.Second, 20 * time.Second, 0}},
		{"time-outs", []func(*http.Request) (*http.Response, error){timeout, timeout, silent, silent}, []time.Duration{10 * time.Second, 10 * time.Second, 30 * time.Second, 0}},
		{"lost connections", []func(*http.Request) (*http.Response, error){lost, lost, silent, silent}, []time.Duration{10 * time.Second, 10 * time.Second, 30 * time.Second, 0}},
		{"lost responses", []func(*http.Request) (*http.Response, error){half, half, silent, silent}, []time.Duration{10 * time.Second, 10 * time.Second, 30 * time.Second, 0}},
		{"refusals while sending", []func(*http.Request) (*http.Response, error){sending, silent, silent}, []time.Duration{100 * time.Second, 30 * time.Second, 20 * time.Second}},
		{"responses", []func(*http.Request) (*http.Response, error){moving, silent, silent}, []time.Duration{1000 * time.Second / 8, 30 * time.Second, 20 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, patience := guard.WithPatience(t.Context(), 50*time.Second)
				for i, respond := range tt.requests {
					assert.Equal(t, tt.took[i] == 0, patience.Left() <= 0)
					req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://localhost", slow(strings.Repeat("a", 100), time.Second))
					require.NoError(t, err)
					began := time.Now()
					resp, err := guard.Watched{Next: roundTripper(respond), Limit: 30 * time.Second}.RoundTrip(req)
					if err == nil {
						_, _ = io.Copy(io.Discard, resp.Body) // may break
					}
					assert.InDelta(t, tt.took[i], time.Since(began), float64(time.Second), i)
				}
			})
		})
	}
}

func TestPatienceThatIsSpent(t *testing.T) {
	ctx, patience := guard.WithPatience(t.Context(), time.Minute)
	guard.SpendPatience(t.Context(), time.Hour) // has none
	assert.Equal(t, time.Minute, patience.Left())
	guard.SpendPatience(ctx, 40*time.Second)
	within, rest := guard.WithPatience(ctx, time.Minute)
	assert.Equal(t, 20*time.Second, rest.Left())
	guard.SpendPatience(within, time.Minute)
	assert.Equal(t, -40*time.Second, rest.Left())
	assert.Equal(t, 20*time.Second, patience.Left())
}
