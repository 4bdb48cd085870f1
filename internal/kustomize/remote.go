package kustomize

import (
	pathpkg "path"
	"regexp"
	"strings"
)

// isRemote reports whether kustomize fetches a path: files over HTTP, directories with
// git. Other URLs, such as oci://, are local paths to kustomize.
func isRemote(path string, kind Kind) bool {
	switch kind {
	case File:
		return isHTTP(path)
	case Directory:
		return isRepository(path)
	case FileOrDirectory:
		return isHTTP(path) || isRepository(path)
	}
	return false
}

func isHTTP(path string) bool {
	scheme, _, found := strings.Cut(path, ":")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// user matches the user in the address of a repository.
var user = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*@`)

// maxUser is longer than a user, and much shorter than what a path may be.
const maxUser = 256

// isRepository reports whether path is the address of a git repository: an ssh, http,
// https or file URL, user@host:path, or github.com without a scheme.
func isRepository(path string) bool {
	if pathpkg.IsAbs(path) {
		return false
	}
	address, _, _ := strings.Cut(path, "?")
	address, _ = cutPrefixFold(address, "git::")
	if file, ok := cutPrefixFold(address, "file://"); ok {
		return namesRepository(file, 1)
	}
	hasScheme := false
	for _, scheme := range []string{"ssh://", "https://", "http://"} {
		if rest, ok := cutPrefixFold(address, scheme); ok {
			address, hasScheme = rest, true
			break
		}
	}
	login := user.FindString(address[:min(len(address), maxUser)])
	address = address[len(login):]
	_, slash := cutPrefixFold(address, "github.com/")
	_, colon := cutPrefixFold(address, "github.com:")
	if !hasScheme && login == "" && !slash && !colon {
		return false
	}
	end := strings.Index(address, "/")
	if !hasScheme { // host:path, as scp writes it
		if i := strings.Index(address, ":"); end < 0 || i > 0 && i < end {
			end = i
		}
	}
	return end >= 0 && namesRepository(address[end+1:], 2)
}

// namesRepository reports whether the part after the host is a repository, which ends at
// a mark or else after so many segments, with an optional directory in it.
func namesRepository(path string, segments int) bool {
	repository, dir := path, ""
	if i := strings.Index(path, "_git/"); i >= 0 {
		_, dir, _ = strings.Cut(path[i+len("_git/"):], "/")
	} else if i := strings.Index(path, "//"); i >= 0 {
		repository, dir = path[:i], path[i+2:]
	} else if i := strings.Index(path, ".git"); i >= 0 {
		dir = path[i+len(".git"):]
	} else if parts := strings.Split(path, "/"); len(parts) < segments {
		return false
	} else if segments > 1 {
		dir = strings.Join(parts[segments:], "/")
	}
	first, _, _ := strings.Cut(pathpkg.Clean(strings.TrimPrefix(dir, "/")), "/")
	return repository != "" && first != ".."
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
