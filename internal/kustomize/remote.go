package kustomize

import (
	pathpkg "path"
	"regexp"
	"strings"
)

// isRemote reports whether kustomize fetches what a path names: files over HTTP,
// folders with git. What merely looks like a URL, such as oci://, it takes for a
// local path, and so does this.
func isRemote(path string, kind Kind) bool {
	switch kind {
	case File:
		return isHTTP(path)
	case Folder:
		return isRepository(path)
	case FileOrFolder:
		return isHTTP(path) || isRepository(path)
	}
	return false
}

func isHTTP(path string) bool {
	scheme, _, found := strings.Cut(path, ":")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// user is whom to log in as in a repository's address.
var user = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]*@`)

// isRepository knows the addresses of git repositories: ssh, http, https and file
// URLs, user@host:path, and github.com without a scheme.
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
	login := user.FindString(address)
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

// namesRepository looks at what follows the host: a repository, whose end is
// marked or else comes after so many segments, and perhaps a folder in it.
func namesRepository(path string, segments int) bool {
	repository, folder := path, ""
	if i := strings.Index(path, "_git/"); i >= 0 {
		_, folder, _ = strings.Cut(path[i+len("_git/"):], "/")
	} else if i := strings.Index(path, "//"); i >= 0 {
		repository, folder = path[:i], path[i+2:]
	} else if i := strings.Index(path, ".git"); i >= 0 {
		folder = path[i+len(".git"):]
	} else if parts := strings.Split(path, "/"); len(parts) < segments {
		return false
	} else if segments > 1 {
		folder = strings.Join(parts[segments:], "/")
	}
	first, _, _ := strings.Cut(pathpkg.Clean(strings.TrimPrefix(folder, "/")), "/")
	return repository != "" && first != ".."
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
