package slownet_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/slownet"
)

// Requests arrive complete, and never sooner than the link allows.
func TestProxy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		_, _ = w.Write(body) // the client notices
	}))
	defer server.Close()
	content := bytes.Repeat([]byte("content "), 16<<10) // 128 KiB, which take 10 ms
	for _, tt := range []struct {
		name        string
		link        slownet.Link
		first, next time.Duration
	}{
		{"no latency", slownet.Link{}, 0, 0},
		{"latency", slownet.Link{RoundTrip: 30 * time.Millisecond}, 60 * time.Millisecond, 30 * time.Millisecond},
		{"bandwidth", slownet.Link{Bits: 100e6}, 10 * time.Millisecond, 10 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proxy, err := slownet.Start(tt.link, server.Listener.Addr().String())
			require.NoError(t, err)
			client := &http.Client{Transport: new(http.Transport)}
			for _, atLeast := range []time.Duration{tt.first, tt.next} {
				began := time.Now()
				resp, err := client.Post("http://"+proxy.Host, "text/plain", bytes.NewReader(content))
				require.NoError(t, err)
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				assert.True(t, bytes.Equal(content, got))
				assert.GreaterOrEqual(t, time.Since(began), atLeast)
			}
			assert.Equal(t, 1, proxy.Connections())
			sent, received := proxy.Bytes()
			assert.Greater(t, sent, int64(2*len(content)))
			assert.Greater(t, received, int64(2*len(content)))
			require.NoError(t, proxy.Close())
			_, err = client.Get("http://" + proxy.Host)
			require.Error(t, err)
		})
	}
}
