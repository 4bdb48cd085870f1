// Command verify finds out whether a push to a repository would be allowed.
package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
)

const usage = `verify finds out whether a push would be allowed, and leaves nothing behind.

  verify -ref oci://host[:port]/repository[/variant] [flags]

Before a long build in CI, with the credentials of the Docker configuration:
  go run ./examples/verify -ref oci://ghcr.io/acme/shop

With a name and a token:
  echo "$TOKEN" | go run ./examples/verify -ref oci://ghcr.io/acme/shop -username "$USER" -password-stdin

The exit status is 0 if a push would be allowed, 1 if not, and 2 for wrong usage.
`

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	refFlag := flags.String("ref", "", "where one wants to push to: `oci://host[:port]/repository[/variant]`; a tag makes no difference")
	timeout := flags.Duration("timeout", 30*time.Second, "give up after this `duration`")
	if err := cli.Parse(env, flags, args, 0, usage); err != nil {
		return err
	}
	ref, err := oci.ParseReference(*refFlag)
	switch {
	case err != nil:
		return cli.Usagef("-ref: %w", err)
	case ref == nil:
		return cli.Usagef("-ref is missing")
	case *timeout <= 0:
		return cli.Usagef("-timeout: %v is not a time to wait", *timeout)
	}
	opts := oci.VerifyOptions{RegistryEndpoint: ref.Registry(), Repository: ref.FullRepository()}
	if opts.Registry, err = connection.Resolve(ctx, env, flags); err != nil {
		return err
	}
	if err := oci.VerifyRegistryAccessWithTimeout(ctx, opts, *timeout); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "a push to %s/%s would be allowed\n", ref.Registry(), ref.FullRepository())
	return err
}
