// Command embed ships manifests that are compiled into the program. It uses the
// packages of the library one by one, for those who need another order, another
// store or another source than oci.NewWorkloadArtifactBuilder has.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

const usage = `embed ships the manifests that are compiled into this program.

  embed [-ref oci://host[:port]/repository:tag]

Without -ref it pushes to a registry of its own, in memory:
  go run ./examples/embed

To a registry on this machine:
  go run ./examples/embed -ref oci://localhost:5000/hello:1.0.0
`

//go:embed manifests
var files embed.FS

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("embed", flag.ContinueOnError)
	refFlag := flags.String("ref", "", "where to push to: `oci://host[:port]/repository:tag`")
	if err := cli.Parse(env, flags, args, 0, usage); err != nil {
		return err
	}
	ref, err := reference.Parse(*refFlag)
	if err != nil {
		return cli.Usagef("-ref: %w", err)
	}
	if ref == nil {
		server, err := memregistry.Start(memregistry.Options{})
		if err != nil {
			return err
		}
		defer func() { _ = server.Close() }() // the program ends
		if ref, err = reference.Parse("oci://" + server.Host + "/hello:1.0.0"); err != nil {
			return err
		}
	}
	return ship(ctx, env.Stdout, ref)
}

// ship goes through the stages of a build.
func ship(ctx context.Context, w io.Writer, ref *reference.Reference) error {
	// Collect: which files are there?
	tree, err := fs.Sub(files, "manifests")
	if err != nil {
		return err
	}
	set, err := manifests.CollectFS(ctx, tree, manifests.Options{})
	if err != nil {
		return err
	}
	// Pack: into a store. Any store of oras-go does as well, such as oci.Store
	// for a folder on disk that is pushed later.
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // everything in it was pushed
	packed, err := packager.Pack(ctx, store, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		return err
	}
	// Push: from the store to the registry.
	client, err := registry.NewClient(ref.Registry(), registry.Options{})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.VerifyAccess(ctx, ref.FullRepository()); err != nil {
		return err
	}
	pushed, err := client.Push(ctx, store, packed.Manifest, ref.FullRepository(), []string{ref.Ref}, registry.PushOptions{})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n  manifest %s\n  content  %s\n  files    %d\n  unchanged %t\n",
		ref, packed.Manifest.Digest, packed.ContentDigest, len(set.Files()), pushed.Unchanged)
	return err
}
