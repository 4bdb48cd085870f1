package guard_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
)

// Bodies are passed on unchanged, however they are read.
func TestPromptBody(t *testing.T) {
	text := strings.Repeat("0123456789", 10_000)
	errBroken := errors.New("broken")
	for _, tt := range []struct {
		name string
		body io.Reader
		err  error
	}{
		{"all at a time", strings.NewReader(text), nil},
		{"a byte at a time", iotest.OneByteReader(strings.NewReader(text)), nil},
		{"with the end", iotest.DataErrReader(strings.NewReader(text)), nil},
		{"broken", io.MultiReader(strings.NewReader(text), iotest.ErrReader(errBroken)), errBroken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := prompt(t, t.Context(), func(*http.Request) (*http.Response, error) {
				return &http.Response{Body: io.NopCloser(tt.body)}, nil
			})
			var read bytes.Buffer
			_, err := io.CopyBuffer(struct{ io.Writer }{&read}, resp.Body, make([]byte, 100_000))
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, text, read.String())
			require.NoError(t, resp.Body.Close())
			_, err = resp.Body.Read(make([]byte, 1))
			require.Error(t, err, "it is closed")
		})
	}
}

func prompt(t *testing.T, ctx context.Context, f roundTripper) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost", nil)
	require.NoError(t, err)
	resp, err := guard.Prompt{Next: f}.RoundTrip(req)
	require.NoError(t, err)
	return resp
}

func TestPromptReturnsTheErrorOfClose(t *testing.T) {
	errClose := errors.New("not closed")
	resp := prompt(t, t.Context(), func(*http.Request) (*http.Response, error) {
		return &http.Response{Body: stuckBody{closed: func() error { return errClose }}}, nil
	})
	require.ErrorIs(t, resp.Body.Close(), errClose)
	assert.NotNil(t, prompt(t, t.Context(), func(*http.Request) (*http.Response, error) { return new(http.Response), nil }).Body)
}

// stuckBody is a body whose Read never returns.
type stuckBody struct {
	end    <-chan struct{}
	closed func() error
}

func (b stuckBody) Read([]byte) (int, error) { <-b.end; return 0, io.EOF }

func (b stuckBody) Close() error { return b.closed() }

// The end of the context ends a Read, and closes the body without a caller.
func TestPromptEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		end := make(chan struct{})
		defer close(end)
		var closed atomic.Int32
		resp := prompt(t, ctx, func(*http.Request) (*http.Response, error) {
			return &http.Response{Body: stuckBody{end, func() error { closed.Add(1); return nil }}}, nil
		})
		began := time.Now()
		_, err := resp.Body.Read(make([]byte, 10))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Minute+250*time.Millisecond, time.Since(began))
		synctest.Wait()
		assert.Equal(t, int32(1), closed.Load())
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, int32(1), closed.Load())
	})
}

// A transport that notices the end of the context itself has its own response or error
// returned.
func TestPromptWaitsForACooperativeTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		resp := prompt(t, ctx, func(*http.Request) (*http.Response, error) {
			cancel()
			time.Sleep(100 * time.Millisecond)
			return &http.Response{StatusCode: http.StatusAccepted}, nil
		})
		assert.Equal(t, http.StatusAccepted, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
	})
}
