//go:build unix

package packager_test

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/packager"
)

func TestReproducibleUmask(t *testing.T) {
	umask := syscall.Umask(0)
	defer syscall.Umask(umask)
	files := sourceFiles(t, filepath.Join(treesDir, "kustomize"))
	changed := time.Unix(1e9, 0)
	want := pack(t, collect(t, checkout(t, files, forwards, 0o666, changed)), packager.LayoutBoth, packager.Options{})
	for _, mask := range []int{0o002, 0o022, 0o077} {
		syscall.Umask(mask)
		dir := checkout(t, files, forwards, 0o666, changed)
		assert.Equal(t, want.Manifest, pack(t, collect(t, dir), packager.LayoutBoth, packager.Options{}).Manifest, "%03o", mask)
	}
}
