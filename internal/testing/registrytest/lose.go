package registrytest

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
)

// LoseBlob removes a blob from the disk of the registry, as a failing disk does, and
// reports whether that is possible: a program keeps its data in a directory of the test.
func (t *Instance) LoseBlob(blob digest.Digest) (bool, error) {
	s, ok := t.server.(*process)
	if !ok {
		return false, nil
	}
	var found []string
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == blob.Encoded() { // a file of zot, a directory of distribution
			found = append(found, path)
		}
		return err
	})
	for _, path := range found {
		if err == nil {
			err = os.RemoveAll(path)
		}
	}
	return len(found) > 0, err
}
