package preflight

import (
	"fmt"
	"math"
	"path"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/packager"
)

func checkArchiveSize(m *model, r *report) {
	argocd := m.of(packager.GitOpsEngineArgoCD)
	if len(argocd) == 0 || len(m.sources) == 0 {
		return
	}
	if size := m.archiveSize(); size > m.opts.MaxArchiveSize {
		r.refuse(Finding{Message: fmt.Sprintf("the archive has %d bytes, and Argo CD unpacks at most %d", size, m.opts.MaxArchiveSize)}, argocd)
	}
}

// archiveSize returns the size of the tar stream, or of the files in it if it
// cannot be written at all.
func (m *model) archiveSize() (size int64) {
	entries := make([]archive.Entry, len(m.layout.Entries))
	for i, e := range m.layout.Entries {
		entries[i] = archive.Entry{Path: e.Path, Size: e.File.Size}
		size += e.File.Size
	}
	if a, err := archive.New(entries, math.MaxInt64); err == nil {
		return a.Size()
	}
	return size
}

// checkManifestSize adds up the files that Argo CD reads of a plain directory.
// Jsonnet does not count.
func checkManifestSize(m *model, r *report) {
	for _, v := range m.views {
		var size int64
		for _, i := range v.items {
			if v.mode == directory && i.role == certain && path.Ext(i.path) != jsonnet {
				size += i.file.Size
			}
		}
		if size > m.opts.MaxManifestSize {
			r.refuse(Finding{Message: fmt.Sprintf("the directory has %d bytes of manifests, and Argo CD accepts at most %d", size, m.opts.MaxManifestSize)}, []*view{v})
		}
	}
}
