package preflight

import (
	"cmp"
	"fmt"
	"path"

	"github.com/kubeoci/oci/packager"
)

func checkArchiveSize(m *model, r *report) {
	argocd := m.of(packager.GitOpsEngineArgoCD)
	if len(argocd) == 0 || len(m.sources) == 0 {
		return
	}
	limit := cmp.Or(m.opts.MaxArchiveSize, 1_000_000_000)
	if size := m.artifact.Plan.ArchiveSize(); size > limit {
		r.refuse(Finding{Message: fmt.Sprintf("the archive has %d bytes, and Argo CD unpacks at most %d", size, limit)}, argocd)
	}
}

// checkManifestSize adds up the files that Argo CD reads of a plain directory.
// Jsonnet does not count.
func checkManifestSize(m *model, r *report) {
	limit := cmp.Or(m.opts.MaxManifestSize, 10_000_000)
	for _, v := range m.views {
		var size int64
		if v.mode != directory {
			continue
		}
		for _, i := range v.items {
			if i.role == certain && path.Ext(i.path) != jsonnet {
				size += i.file.Size
			}
		}
		if size > limit {
			r.refuse(Finding{Message: fmt.Sprintf("the directory has %d bytes of manifests, and Argo CD accepts at most %d", size, limit)}, []*view{v})
		}
	}
}
