package peer_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/tree"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// TestPushAndPull lets every library read what each of them pushed.
func TestPushAndPull(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	dir := filepath.Join(t.TempDir(), "deploy")
	require.NoError(t, treegen.Write(dir, treegen.Few(), 1))
	server, err := discard.Start(discard.Options{KeepBlobs: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	for _, pushed := range []peer.Library{peer.Ours, peer.Flux, peer.ORAS} {
		push := peer.Job{Library: pushed, Host: server.Host, Repository: string(pushed), Tag: "v1", Dir: dir}
		push.Options.Root = true
		used, err := push.Run(t.Context())
		require.NoError(t, err, pushed)
		assert.Positive(t, used.Wall)
		for _, pulled := range []peer.Library{peer.Ours, peer.Flux, peer.ORAS} {
			if pushed == peer.Flux && pulled == peer.ORAS {
				continue // the layer has no title, and is not unpacked
			}
			t.Run(string(pushed+" to "+pulled), func(t *testing.T) {
				pull := peer.Job{Library: pulled, Host: server.Host, Repository: string(pushed), Tag: "v1", Dir: filepath.Join(t.TempDir(), "out"), Pull: true}
				require.NoError(t, os.Mkdir(pull.Dir, 0o700))
				_, err := pull.Run(t.Context())
				require.NoError(t, err)
				files, err := tree.Files(pull.Dir)
				require.NoError(t, err)
				assert.Len(t, files, treegen.Few().Files)
			})
		}
	}
}

func TestOptionsOfOurs(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	dir := filepath.Join(t.TempDir(), "deploy")
	require.NoError(t, treegen.Write(dir, treegen.Few(), 1))
	server, err := discard.Start(discard.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	push := func(o peer.Options) {
		t.Helper()
		server.Forget("a")
		server.Reset()
		_, err := peer.Job{Library: peer.Ours, Host: server.Host, Repository: "a", Tag: "v1", Dir: dir, Options: o}.Run(t.Context())
		require.NoError(t, err)
	}
	push(peer.Options{})
	both := server.Traffic("a").Bytes
	push(peer.Options{Root: true, Unchecked: true})
	assert.Less(t, server.Traffic("a").Bytes, both)
	assert.Positive(t, server.Traffic("a").Bytes)
	push(peer.Options{Before: dir, CacheMemory: true})
	assert.NotEmpty(t, server.Traffic("a-before").Requests)
	assert.NotEmpty(t, server.Traffic("a").Requests)
	cache := filepath.Join(t.TempDir(), "cache")
	push(peer.Options{CacheDir: cache})
	entries, err := os.ReadDir(cache)
	require.NoError(t, err)
	assert.NotEmpty(t, entries)
	for _, atOnce := range []bool{false, true} {
		push(peer.Options{Builds: 2, AtOnce: atOnce})
		assert.Empty(t, server.Traffic("a").Requests)
		assert.NotEmpty(t, server.Traffic("a-0").Requests)
		assert.NotEmpty(t, server.Traffic("a-1").Requests)
	}

	_, err = peer.Job{Library: "none"}.Run(t.Context())
	assert.EqualError(t, err, `unknown library "none"`)
}
