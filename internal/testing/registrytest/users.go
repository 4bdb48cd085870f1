package registrytest

import "github.com/kubeoci/oci/registry"

// The users of every registry that requires a password, which are also in
// testdata/htpasswd.
const (
	writerName = "writer"
	readerName = "reader"

	writerPassword = "canary-write-5b1e"
	readerPassword = "canary-read-c04f"
)

func writer() registry.Credential {
	return registry.Credential{Username: writerName, Password: writerPassword}
}

func reader() registry.Credential {
	return registry.Credential{Username: readerName, Password: readerPassword}
}
