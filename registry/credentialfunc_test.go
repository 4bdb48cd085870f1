package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// recovered returns the value with which f panics.
func recovered(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// A panic of a CredentialFunc reaches the caller and can be recovered there. Later calls
// do not wait for anything that it left behind.
func TestCredentialFuncThatPanics(t *testing.T) {
	errBroken := errors.New("broken")
	for _, bearer := range []bool{false, true} {
		t.Run(fmt.Sprintf("bearer %v", bearer), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				broken.Store(true)
				client := newClient(t, "localhost", registry.Options{
					Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users, Bearer: bearer})},
					CredentialFunc: func(context.Context, string) (registry.Credential, error) {
						time.Sleep(time.Second) // until all of them wait for it
						if broken.Load() {
							panic(errBroken)
						}
						return ci, nil
					},
				})
				var all sync.WaitGroup
				for range 20 { // more than there are slots
					all.Go(func() {
						value := recovered(func() { _ = client.VerifyAccess(t.Context(), repository) })
						err, _ := value.(error)
						assert.ErrorIs(t, err, errBroken)
					})
				}
				all.Wait()
				broken.Store(false)
				require.NoError(t, client.VerifyAccess(t.Context(), repository))
			})
		})
	}
}

// A CredentialFunc that ignores its context holds up nobody after the end of it.
func TestCredentialFuncThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var asked atomic.Int32
		client := newClient(t, "localhost", registry.Options{
			Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users, Bearer: true})},
			CredentialFunc: func(context.Context, string) (registry.Credential, error) {
				if asked.Add(1) <= 20 {
					<-release
				}
				return ci, nil
			},
		})
		began := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				assert.ErrorIs(t, client.VerifyAccess(ctx, repository), context.DeadlineExceeded)
			})
		}
		all.Wait()
		assert.Equal(t, time.Second, time.Since(began))
		asked.Store(20)
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
		close(release)
	})
}

// The registry has responded, so it is not reported as unreachable.
func TestCredentialFuncThatTakesTooLong(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		t.Run(fmt.Sprintf("bearer %v", bearer), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, "localhost", registry.Options{
					Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users, Bearer: bearer})},
					CredentialFunc: func(ctx context.Context, _ string) (registry.Credential, error) {
						<-ctx.Done()
						return registry.Credential{}, ctx.Err()
					},
				})
				err := client.VerifyAccess(t.Context(), repository)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.NotErrorIs(t, err, registry.ErrUnreachable)
				failed := requireKind(t, err, nil)
				assert.Equal(t, "verify access to localhost/"+repository+": not done within 30s; the credential was not found by then", failed.Error())
				assert.Equal(t, "check why the credential helper or Registry.CredentialFunc takes so long, or raise Registry.VerifyTimeout, or the timeout or deadline of the call", failed.Hint())
				assert.True(t, failed.Retryable())
			})
		})
	}
}

// With its own context, the question for the question is refused. With another one both
// calls end with their time limit, and later ones succeed.
func TestCredentialFuncThatAsksTheSameClient(t *testing.T) {
	for _, tt := range []struct {
		name   string
		within func(context.Context) context.Context
		err    error
	}{
		{"its context", func(ctx context.Context) context.Context { return ctx }, registry.ErrInvalidCredential},
		{"another context", func(context.Context) context.Context { return context.Background() }, context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var client *registry.Client
				var answers atomic.Bool
				client = newClient(t, "localhost", registry.Options{
					Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users, Bearer: true})},
					CredentialFunc: func(ctx context.Context, _ string) (registry.Credential, error) {
						if answers.Load() {
							return ci, nil
						}
						return ci, client.VerifyAccess(tt.within(ctx), repository)
					},
				})
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() { assert.ErrorIs(t, client.VerifyAccess(t.Context(), repository), tt.err) })
				}
				all.Wait()
				answers.Store(true)
				time.Sleep(time.Hour) // until those that were given up have ended
				require.NoError(t, client.VerifyAccess(t.Context(), repository))
			})
		})
	}
}

// The scopes of a token are those that the registry asks for, and it may ask for others
// each time.
func TestTokensAreBounded(t *testing.T) {
	var challenges, tokens atomic.Int32
	filler := strings.Repeat("x", 20<<10)
	client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			_, _ = fmt.Fprintf(w, `{"token":"%d-%s"}`, tokens.Add(1), filler)
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://localhost/token",scope="%d:%s"`, challenges.Add(1), strings.Repeat(filler, 3)))
			status(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
		default:
			opened("/upload")(w, r)
		}
	})}})
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const requests = 100
	before := held()
	for range requests {
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
	}
	assert.GreaterOrEqual(t, tokens.Load(), int32(requests), "each is another")
	assert.Less(t, held(), before+4<<20, "they are kept") // all of them have 8 MB
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}
