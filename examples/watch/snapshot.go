package main

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/kubeoci/oci/manifests"
)

// snapshot is the state of the files that a build would read, without their content. For
// a tree that cannot be collected it holds the reason, so that each reason leads to one
// build, which reports it. The zero value differs from the snapshot of any tree.
type snapshot struct {
	files  map[string]fs.FileInfo
	reason string
}

// look returns the present snapshot. It opens no file except kustomizations and ignore
// rules, and takes about 7 ms for 1000 files.
func look(ctx context.Context, trees []manifests.Root, opts manifests.Options) snapshot {
	set, err := manifests.CollectRoots(ctx, trees, opts)
	if err != nil {
		return snapshot{reason: err.Error()}
	}
	s := snapshot{files: map[string]fs.FileInfo{}}
	for _, f := range set.Files() {
		for _, tree := range trees {
			// A Set does not tell trees apart: a file is looked for in all that may have it.
			below, err := filepath.Rel(tree.Path, f.Path)
			if err != nil || !filepath.IsLocal(below) {
				continue
			}
			path := tree.Dir + string(filepath.Separator) + below // Join would shorten link/..
			if info, err := os.Stat(path); err == nil {
				s.files[path] = info
			}
		}
	}
	return s
}

func (s snapshot) equal(other snapshot) bool {
	return s.reason == other.reason && maps.EqualFunc(s.files, other.files, unchanged)
}

// unchanged also compares the identity, for files that are replaced by others with the
// same time, and the mode, for files that become readable.
func unchanged(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode() && os.SameFile(a, b)
}
