package oci_test

import (
	"context"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

// stuckFS is a file system whose n-th call of Open or Read does not return.
type stuckFS struct {
	fstest.MapFS
	method string
	left   atomic.Int32
	stick  func()
}

func (s *stuckFS) enter(method string) {
	if method == s.method && s.left.Add(-1) == 0 {
		s.stick()
	}
}

func (s *stuckFS) Open(name string) (fs.File, error) {
	s.enter("Open")
	file, err := s.MapFS.Open(name)
	return stuckFile{file, s}, err
}

type stuckFile struct {
	fs.File
	fsys *stuckFS
}

func (s stuckFile) Read(p []byte) (int, error) {
	s.fsys.enter("Read")
	return s.File.Read(p)
}

// A source that blocks keeps a build until its context ends, and no longer, whether it
// blocks while files are collected or while they are packed.
func TestBuildFromAFileSystemThatBlocks(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	for _, method := range []string{"Open", "Read"} {
		t.Run(method, func(t *testing.T) {
			stuck := true
			for n := int32(1); stuck; n++ {
				ctx, cancel := context.WithCancel(t.Context())
				release := make(chan struct{})
				fsys := &stuckFS{MapFS: fstest.MapFS{"cm.yaml": {Data: []byte(configMap)}}, method: method, stick: func() { cancel(); <-release }}
				fsys.left.Store(n)
				_, err := oci.Build(ctx, oci.BuildOptions{Source: fsys, RegistryEndpoint: server.Host, Repository: "acme/shop", Version: "v1"})
				if stuck = fsys.left.Load() <= 0; stuck {
					require.ErrorIs(t, err, context.Canceled)
				} else {
					require.NoError(t, err)
					require.Greater(t, n, int32(3), "nothing blocked while files were packed")
				}
				close(release)
				cancel()
			}
		})
	}
}
