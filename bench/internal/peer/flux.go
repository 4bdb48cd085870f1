// Package peer pushes a folder the way the libraries of others do it.
package peer

import (
	"context"
	"strings"

	"github.com/fluxcd/pkg/oci"
	"github.com/fluxcd/pkg/sourceignore"
	"github.com/google/go-containerregistry/pkg/crane"
)

// What an artifact of Flux has to be told about its source.
const (
	Source   = "https://example.com/apps"
	Revision = "main@sha1:0123456789abcdef0123456789abcdef01234567"
)

// Flux pushes dir to ref, host/repository:tag, with github.com/fluxcd/pkg/oci.
// What it leaves out is what `flux push artifact` leaves out.
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
