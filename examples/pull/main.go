// Command pull pulls an artifact from a registry and unpacks it into a directory.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

const usage = `pull pulls an artifact from a registry and unpacks it into DIR.

  pull -ref oci://host[:port]/repository[/variant]:tag [flags] DIR

DIR must be empty or absent. It receives all files of the artifact or, after a
failure, none. A volume mounted at DIR needs -in-place, with which each file is
complete, and a kill may leave some of them. The artifact may be one of push, flux push
artifact or oras push.

Pull the files that a cluster reads:
  go run ./examples/pull -ref oci://ghcr.io/acme/shop:1.4.0 ./shop

Pull by digest, with a user name and a token:
  echo "$TOKEN" | go run ./examples/pull -ref "oci://ghcr.io/acme/shop@$DIGEST" \
    -username "$REGISTRY_USER" -password-stdin ./shop

Pull into a volume, as in an init container:
  go run ./examples/pull -ref oci://ghcr.io/acme/shop:1.4.0 -in-place /manifests

Print the digest:
  go run ./examples/pull -ref oci://localhost:5000/shop:1.4.0 -json ./shop | jq -r .digest

The exit status is 0 for success, 1 for a failure, and 2 for wrong usage.
`

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("pull", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	refFlag := flags.String("ref", "", "the `oci://host[:port]/repository[/variant]:tag` to pull, with @digest or a tag")
	skipLinks := flags.Bool("skip-links", false, "skip links and list them; by default an artifact with a link is an error")
	inPlace := flags.Bool("in-place", false, "unpack into DIR itself, such as a mounted volume, in place of a new directory")
	timeout := flags.Duration("timeout", 5*time.Minute, "give up after this `duration`")
	asJSON := flags.Bool("json", false, "print the result as JSON, and nothing else, on standard output")
	if err := cli.Parse(&env, flags, args, 1, usage); err != nil {
		return err
	}
	ref, err := oci.ParseReference(*refFlag)
	dir := flags.Arg(0)
	switch {
	case err != nil:
		return cli.Usagef("-ref: %w", err)
	case ref == nil:
		return cli.Usagef("-ref is missing")
	case ref.Ref == "":
		return cli.Usagef("-ref: want a tag or digest, such as %s:1.0.0", ref)
	case dir == "":
		return cli.Usagef("want the directory to unpack into")
	case *timeout <= 0:
		return cli.Usagef("-timeout: %v must be positive", *timeout)
	}
	if err := checkTarget(dir, *inPlace); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	opts, err := connection.Resolve(ctx, env, flags)
	if err != nil {
		return err
	}
	opts.Timeout = *timeout
	result, err := pull(ctx, env, ref, opts, dir, unpacker.Options{SkipLinks: *skipLinks, InPlace: *inPlace})
	if err != nil {
		return err
	}
	if *asJSON {
		encoder := json.NewEncoder(env.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	return result.print(env.Stdout)
}

// checkTarget refuses a directory before the first request, because unpacking would refuse
// it: one that is not empty, or whose parent is missing or read-only.
func checkTarget(dir string, inPlace bool) error {
	home := dir // of the files that are unpacked
	if !inPlace {
		if err := checkEmpty(dir); err != nil { // in place, a new file system has an entry
			return err
		}
		home = filepath.Dir(filepath.Clean(dir))
	}
	probe, err := os.MkdirTemp(home, ".oci-pull-")
	if err != nil {
		return &unpacker.TargetError{Path: dir, Err: errors.Unwrap(err)} // without the path of the probe
	}
	return os.Remove(probe)
}

func checkEmpty(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return &unpacker.TargetError{Path: dir, Err: unpacker.ErrTargetNotDirectory}
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &unpacker.TargetError{Path: dir, Err: err}
	case len(entries) > 0:
		return &unpacker.TargetError{Path: dir, Err: unpacker.ErrTargetNotEmpty}
	}
	return nil
}

// result describes a pulled artifact.
type result struct {
	Reference    string                 `json:"reference"`
	Digest       digest.Digest          `json:"digest"`
	LayerDigest  digest.Digest          `json:"layerDigest"`
	Annotations  map[string]string      `json:"annotations,omitempty"`
	Files        []unpacker.File        `json:"files"`
	SkippedLinks []unpacker.SkippedLink `json:"skippedLinks,omitempty"`
}

func pull(ctx context.Context, env cli.Env, ref *oci.Reference, connect oci.RegistryOptions, dir string, opts unpacker.Options) (result, error) {
	client, err := registry.NewClient(ref.Registry(), connect)
	if err != nil {
		return result{}, err
	}
	defer client.Close()
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // it only has temporary files

	progress := cli.NewProgress(env.Stderr)
	defer progress.Close()
	manifest, err := client.Pull(ctx, ref.FullRepository(), ref.Ref, store, registry.PullOptions{
		OnEvent: func(e registry.Event) { progress.Transfer(e, "received") },
	})
	if err != nil {
		return result{}, err
	}
	unpacked, err := unpacker.Unpack(ctx, store, manifest, dir, opts)
	if err != nil {
		return result{}, err
	}
	return result{
		Reference:    ref.String(),
		Digest:       unpacked.Manifest.Digest,
		LayerDigest:  unpacked.Layer.Digest,
		Annotations:  unpacked.Annotations,
		Files:        append([]unpacker.File{}, unpacked.Files...), // never null in JSON
		SkippedLinks: unpacked.SkippedLinks,
	}, nil
}

func (r result) print(w io.Writer) error {
	var size int64
	for _, f := range r.Files {
		size += f.Size
	}
	_, err := fmt.Fprintf(w, "pulled    %s\nmanifest  %s\nlayer     %s\nfiles     %d, %s\n",
		r.Reference, r.Digest, r.LayerDigest, len(r.Files), cli.Plural(size, "byte"))
	for _, link := range r.SkippedLinks {
		if err == nil {
			_, err = fmt.Fprintf(w, "skipped   %q (a link to %q)\n", link.Path, link.Target)
		}
	}
	return err
}
