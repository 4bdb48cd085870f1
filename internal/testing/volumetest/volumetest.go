// Package volumetest writes directories in the way in which Kubernetes mounts a ConfigMap,
// Secret or projected volume.
package volumetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Volume is a mounted directory. Its files are in a directory for each version, the link
// ..data leads to the version in force, and a link for each name at the top leads through
// ..data.
type Volume struct {
	Dir string
	// LinksFirst adds the links to new names before the version is in force, as older
	// versions of Kubernetes do.
	LinksFirst bool
}

// Publish replaces the files of the volume, by path.
func (v Volume) Publish(files map[string]string) error {
	for _, step := range v.Steps(files) {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Steps returns the steps of Publish, in their order.
func (v Volume) Steps(files map[string]string) []func() error {
	var before, version string
	data := filepath.Join(v.Dir, "..data")
	visible := map[string]bool{}
	for name := range files {
		top, _, _ := strings.Cut(name, "/")
		visible[top] = true
	}
	write := func() (err error) {
		if before, err = os.Readlink(data); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if version, err = os.MkdirTemp(v.Dir, time.Now().UTC().Format("..2006_01_02_15_04_05.*")); err != nil {
			return err
		}
		return writeFiles(version, files)
	}
	replace := func() error { return replaceLink(filepath.Base(version), data) }
	link := func() error { return v.link(visible) }
	unlink := func() error { return v.unlink(visible) }
	remove := func() error {
		if before == "" {
			return nil
		}
		return os.RemoveAll(filepath.Join(v.Dir, before))
	}
	if v.LinksFirst {
		return []func() error{write, link, replace, unlink, remove}
	}
	return []func() error{write, replace, link, unlink, remove}
}

func writeFiles(dir string, files map[string]string) error {
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func replaceLink(target, name string) error {
	if err := os.Symlink(target, name+"_tmp"); err != nil {
		return err
	}
	return os.Rename(name+"_tmp", name)
}

// link adds the links that are missing.
func (v Volume) link(visible map[string]bool) error {
	for name := range visible {
		err := os.Symlink("..data/"+name, filepath.Join(v.Dir, name))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// unlink removes the links to names that are gone.
func (v Volume) unlink(visible map[string]bool) error {
	entries, err := os.ReadDir(v.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if visible[e.Name()] || strings.HasPrefix(e.Name(), "..") {
			continue
		}
		if err := os.Remove(filepath.Join(v.Dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
