// Package peer pushes a directory with the libraries of other projects.
package peer

import (
	"context"
	"strings"

	"github.com/fluxcd/pkg/oci"
	"github.com/fluxcd/pkg/sourceignore"
	"github.com/google/go-containerregistry/pkg/crane"
)

// Source and revision that an artifact of Flux requires.
const (
	Source   = "https://example.com/apps"
	Revision = "main@sha1:0123456789abcdef0123456789abcdef01234567"
)

// Flux pushes dir to ref, host/repository:tag, with github.com/fluxcd/pkg/oci.
// It omits the same files as `flux push artifact`.
func Flux(ctx context.Context, ref, dir string) error {
	var ignored []string
	for _, list := range []string{sourceignore.ExcludeVCS, sourceignore.ExcludeExt} {
		ignored = append(ignored, strings.Split(list, ",")...)
	}
	client := oci.NewClient(append(oci.DefaultOptions(), crane.Insecure))
	_, err := client.Push(ctx, ref, dir,
		oci.WithPushMetadata(oci.Metadata{Source: Source, Revision: Revision}),
		oci.WithPushIgnorePaths(ignored...),
	)
	return err
}
