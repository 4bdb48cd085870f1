package dockerauth

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxBytes bounds how much of a configuration is read. Those of people who
// log in everywhere take some kilobytes.
const maxBytes = 4 << 20

// readFile returns the content of a regular file. Reading any other kind of file may wait
// forever, and opening it may have effects.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = checkRegular(info)
	} else if parent, failed := os.Stat(filepath.Dir(path)); failed == nil && !parent.IsDir() {
		// DOCKER_CONFIG names a file, for example.
		return nil, kindError(fmt.Sprintf("cannot be read: %q is a file, and a directory is needed", filepath.Dir(path)))
	}
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it is only read
	// It may be another file by now.
	if info, err = file.Stat(); err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if len(data) > maxBytes { // it has grown, or its size was not known
		return nil, errTooLarge
	}
	return data, err
}

// kindError describes a file that is not read.
type kindError string

func (e kindError) Error() string { return string(e) }

var errTooLarge error = kindError(fmt.Sprintf("is larger than %d bytes", maxBytes))

func checkRegular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return kindError("is a directory")
	case mode&fs.ModeNamedPipe != 0:
		return kindError("is a named pipe")
	case mode&fs.ModeSocket != 0:
		return kindError("is a socket")
	case mode&fs.ModeDevice != 0:
		return kindError("is a device")
	case !mode.IsRegular():
		return kindError("is not a regular file")
	case info.Size() > maxBytes:
		return errTooLarge
	}
	return nil
}
