package manifests_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// The operating system watches the directories, because those on disk are read ahead
// of the walk.
func TestIgnoredDirectoriesAreNotOpened(t *testing.T) {
	tr := tree{"x/+/.sourceignore": "secret"}
	watched := []string{"secret"}
	for i := range 50 {
		tr[fmt.Sprintf("first/%02d/a.yaml", i)] = "a"
		tr[fmt.Sprintf("x/%02d/deep/a.yaml", i)] = "a"
		tr[fmt.Sprintf("x/+/%02d/deep/a.yaml", i)] = "a"
		watched = append(watched, fmt.Sprintf("x/+/%02d/deep/secret", i), fmt.Sprintf("x/%02d/no", i))
	}
	for _, name := range watched {
		tr[name+"/sub/a.yaml"] = "a"
	}
	dir := tr.dir(t)
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	require.NoError(t, err)
	defer func() { assert.NoError(t, syscall.Close(fd)) }()
	for _, name := range watched {
		_, err := syscall.InotifyAddWatch(fd, filepath.Join(dir, name), syscall.IN_OPEN)
		require.NoError(t, err)
	}
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{Ignore: []string{"/secret/", "no"}})
	require.NoError(t, err)
	assert.Len(t, set.Files(), 150)
	_, err = syscall.Read(fd, make([]byte, 1<<12))
	require.ErrorIs(t, err, syscall.EAGAIN, "an ignored directory was opened")
}
