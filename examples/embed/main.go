// Command embed pushes manifests that are compiled into the program. It uses the packages
// of the library stage by stage, for a program that needs another order, another store or
// another source than oci.Build has. With oci.Build the same takes one call, with
// oci.BuildOptions.Source as the source.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

const usage = `embed pushes the manifests that are compiled into this program.

  embed [flags]

Push to a registry in memory, the default:
  go run ./examples/embed

Push to a registry on this machine:
  go run ./examples/embed -ref oci://localhost:5000/hello:1.0.0

The exit status is 0 for success, 1 for a failure, and 2 for wrong usage.
`

//go:embed manifests
var files embed.FS

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("embed", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	refFlag := flags.String("ref", "", "the `oci://host[:port]/repository:tag` to push to; by default a registry in memory")
	if err := cli.Parse(&env, flags, args, 0, usage); err != nil {
		return err
	}
	name := *refFlag
	if name == "" {
		if err := cli.RefuseWithoutRef(flags); err != nil {
			return err
		}
		host, stop, err := cli.StartRegistry()
		if err != nil {
			return err
		}
		defer func() { _ = stop() }() // the program ends
		name = "oci://" + host + "/hello:1.0.0"
	}
	ref, err := oci.ParseReference(name)
	if err != nil {
		return cli.Usagef("-ref: %w", err)
	}
	if ref.Ref == "" || ref.IsDigest() {
		return cli.Usagef("-ref: want a tag, such as oci://localhost:5000/hello:1.0.0")
	}
	var opts registry.Options
	if *refFlag != "" {
		if opts, err = connection.Resolve(ctx, env, flags); err != nil {
			return err
		}
	}
	return push(ctx, env.Stdout, ref, opts)
}

// push runs the stages of a build.
func push(ctx context.Context, w io.Writer, ref *oci.Reference, opts registry.Options) error {
	// Collect the files.
	tree, err := fs.Sub(files, "manifests")
	if err != nil {
		return err
	}
	set, err := manifests.CollectFS(ctx, tree, manifests.Options{})
	if err != nil {
		return err
	}
	// Pack them into a store. Any store of ORAS can take its place, such as one in a
	// directory that is pushed later.
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // everything in it was pushed
	packed, err := packager.Pack(ctx, store, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		return err
	}
	// Push the artifact from the store to the registry.
	client, err := registry.NewClient(ref.Registry(), opts)
	if err != nil {
		return err
	}
	defer client.Close()
	pushed, err := client.Push(ctx, store, packed.Manifest, ref.FullRepository(), []string{ref.Ref}, registry.PushOptions{})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n  manifest  %s\n  content   %s\n  files     %d\n  unchanged %t\n",
		ref, packed.Manifest.Digest, packed.ContentDigest, len(set.Files()), pushed.Unchanged)
	return err
}
