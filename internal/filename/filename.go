// Package filename classifies files by their names.
package filename

import (
	"path"
	"strings"
)

// IsManifest reports whether a file of this name is collected by default: its
// extension is .yaml, .yml or .json in upper or lower case.
func IsManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
