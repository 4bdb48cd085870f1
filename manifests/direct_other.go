//go:build !linux

package manifests

import (
	"errors"
	"io/fs"
)

const readsDirectly = false

// direct is implemented for Linux only.
type direct struct{}

func (*direct) read(fs.FS, File, []byte) (bool, error) { return false, errors.ErrUnsupported }

func (*direct) close() error { return nil }
