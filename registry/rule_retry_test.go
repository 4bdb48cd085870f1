package registry_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A rule sees the manifest that the tag points to before each attempt to set it.
func TestRuleSeesATagThatWasSetBetweenAttempts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"too many requests", status(http.StatusTooManyRequests, "TOOMANYREQUESTS")},
		{"unavailable", status(http.StatusServiceUnavailable, "UNAVAILABLE")},
		{"cut", abort},
		{"lost blobs", status(http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN")},
	} {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", before), func(t *testing.T) {
				first, second, zeroth := numbered(t, "1"), numbered(t, "2"), numbered(t, "0")
				srv := start(t, memregistry.Options{})
				client := srv.client(t, registry.Options{})
				tags := []string{"other"}
				if before {
					tags = append(tags, "v1")
				}
				_, err := zeroth.push(t, client, registry.PushOptions{}, tags...)
				require.NoError(t, err)
				past := newClient(t, "localhost", registry.Options{Transport: inProcess{srv.registry}})
				srv.fail(fault{"PUT manifests/v1", srv.once(func(w http.ResponseWriter, r *http.Request) {
					_, err := second.push(t, past, registry.PushOptions{}, "v1")
					assert.NoError(t, err)
					tt.answer(w, r)
				})})
				_, err = first.push(t, client, registry.PushOptions{TagRules: []registry.TagRule{registry.NotLower("build")}}, "v1")
				require.ErrorIs(t, err, registry.ErrTagRefused)
				srv.requireStored(t, second, "v1")
			})
		}
	}
}

// Each attempt to set a tag has a condition, also after a question that failed.
func TestConditionOfEachAttempt(t *testing.T) {
	a := numbered(t, "1")
	srv := start(t, memregistry.Options{ConditionalPut: true})
	unavailable := status(http.StatusServiceUnavailable, "UNAVAILABLE")
	var conditions []string
	reads := 0
	put := srv.once(status(http.StatusTooManyRequests, "TOOMANYREQUESTS"))
	srv.fail(fault{"GET manifests/v1", func(w http.ResponseWriter, r *http.Request) {
		if reads++; reads == 3 { // the first after the attempt that failed
			unavailable(w, r)
			return
		}
		srv.registry.ServeHTTP(w, r)
	}}, fault{"PUT manifests/v1", func(w http.ResponseWriter, r *http.Request) {
		conditions = append(conditions, r.Header.Get("If-None-Match"))
		put(w, r)
	}})
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{TagRules: []registry.TagRule{registry.NotLower("build")}}, "v1")
	require.NoError(t, err)
	assert.Equal(t, []string{"*", "*"}, conditions)
	srv.requireStored(t, a, "v1")
}

// A tag that is set between the last look and the request that sets it is not lost where
// the registry evaluates conditions.
func TestConditionalPut(t *testing.T) {
	for _, tt := range []struct {
		name    string
		before  bool // the tag exists
		refused bool // the condition is, because the tag was set and then set back
	}{{"new tag", false, false}, {"tag that exists", true, false}, {"new tag, deleted", false, true}, {"tag that is set back", true, true}} {
		t.Run(tt.name, func(t *testing.T) {
			first, second, zeroth := numbered(t, "1"), numbered(t, "2"), numbered(t, "0")
			srv := start(t, memregistry.Options{ConditionalPut: true})
			client := srv.client(t, registry.Options{})
			if tt.before {
				_, err := zeroth.push(t, client, registry.PushOptions{}, "v1")
				require.NoError(t, err)
			}
			overtaken := srv.once(func(w http.ResponseWriter, r *http.Request) {
				_, err := second.push(t, newClient(t, "localhost", registry.Options{Transport: inProcess{srv.registry}}), registry.PushOptions{}, "v1")
				require.NoError(t, err)
				srv.registry.ServeHTTP(w, r)
			})
			puts := 0
			srv.fail(fault{"PUT manifests/v1", func(w http.ResponseWriter, r *http.Request) {
				if puts++; puts == 1 && tt.refused {
					status(http.StatusPreconditionFailed, "PRECONDITION_FAILED")(w, r)
					return
				}
				overtaken(w, r)
			}})
			_, err := first.push(t, client, registry.PushOptions{TagRules: []registry.TagRule{registry.NotLower("build")}}, "v1")
			require.ErrorIs(t, err, registry.ErrTagConflict)
			srv.requireStored(t, second, "v1")
		})
	}
}

// A registry that refuses every condition, or reports another ETag each time, is sent the
// manifest without one.
func TestConditionThatNeverHolds(t *testing.T) {
	first, second := numbered(t, "1"), numbered(t, "2")
	srv := start(t, memregistry.Options{ConditionalPut: true})
	client := srv.client(t, registry.Options{})
	_, err := first.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	reads := 0
	srv.fail(fault{"GET manifests/v1", func(w http.ResponseWriter, r *http.Request) {
		reads++
		srv.registry.ServeHTTP(volatile{w, reads}, r)
	}}, fault{"PUT manifests/v1", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Match") != "" {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		srv.registry.ServeHTTP(w, r)
	}})
	_, err = second.push(t, client, registry.PushOptions{TagRules: []registry.TagRule{registry.NotLower("build")}}, "v1")
	require.NoError(t, err)
	srv.requireStored(t, second, "v1")
}

// volatile gives a response another ETag.
type volatile struct {
	http.ResponseWriter
	n int
}

func (v volatile) WriteHeader(status int) {
	v.Header().Set("ETag", fmt.Sprintf(`"%d"`, v.n))
	v.ResponseWriter.WriteHeader(status)
}
