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

func fluxClient(j Job) *oci.Client {
	opts := oci.DefaultOptions()
	if !j.TLS {
		opts = append(opts, crane.Insecure)
	}
	return oci.NewClient(opts)
}

// pushFlux pushes with github.com/fluxcd/pkg/oci. It omits the same files as `flux push
// artifact`.
func pushFlux(ctx context.Context, j Job) error {
	var ignored []string
	for _, list := range []string{sourceignore.ExcludeVCS, sourceignore.ExcludeExt} {
		ignored = append(ignored, strings.Split(list, ",")...)
	}
	_, err := fluxClient(j).Push(ctx, j.Ref(), j.Dir,
		oci.WithPushMetadata(oci.Metadata{Source: Source, Revision: Revision}),
		oci.WithPushIgnorePaths(ignored...),
	)
	return err
}

// pullFlux pulls and unpacks, as `flux pull artifact` does.
func pullFlux(ctx context.Context, j Job) error {
	_, err := fluxClient(j).Pull(ctx, j.Ref(), j.Dir)
	return err
}
