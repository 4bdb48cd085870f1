package registry_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/registry"
)

// The bound doubles with each attempt, and a hundred of them are more than a number can hold.
func TestWaitsOfManyAttempts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy registry.RetryPolicy
		most   time.Duration
	}{
		{"defaults", registry.RetryPolicy{}, 10 * time.Second},
		{"seconds", registry.RetryPolicy{MinWait: 5 * time.Second}, 10 * time.Second},
		{"minutes", registry.RetryPolicy{MinWait: 10 * time.Minute}, 10 * time.Minute},
		{"equal bounds", registry.RetryPolicy{MinWait: time.Minute, MaxWait: time.Minute}, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.policy.MaxAttempts = 100
				var waits []time.Duration
				client := newClient(t, "localhost", registry.Options{
					Transport: inProcess{status(http.StatusServiceUnavailable, "")}, Retry: tt.policy, Timeout: 24 * time.Hour,
				})
				_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{OnEvent: func(e registry.Event) {
					waits = append(waits, e.Retry.Wait)
				}}, "v1")
				requireKind(t, err, registry.ErrServer)
				assert.Len(t, waits, tt.policy.MaxAttempts-1)
				for i, wait := range waits {
					assert.GreaterOrEqual(t, wait, time.Duration(0), "wait %d", i)
					assert.LessOrEqual(t, wait, tt.most, "wait %d", i)
				}
			})
		})
	}
}
