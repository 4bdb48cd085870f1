// Command verify checks whether a push to a repository would be allowed.
package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
)

const usage = `verify checks whether a push would be allowed, and leaves nothing behind.

  verify -ref oci://host[:port]/repository[/variant] [flags]

Check before a long build in CI, with the credential in the Docker configuration:
  go run ./examples/verify -ref oci://ghcr.io/acme/shop

Check with a user name and a token:
  echo "$TOKEN" | go run ./examples/verify -ref oci://ghcr.io/acme/shop \
    -username "$REGISTRY_USER" -password-stdin

The exit status is 0 if a push would be allowed, 1 if not, and 2 for wrong usage.
`

func main() { cli.Main(run) }

func run(ctx context.Context, env cli.Env, args []string) error {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	connection := cli.ConnectionFlags(flags)
	refFlag := flags.String("ref", "", "the `oci://host[:port]/repository[/variant]` to push to; a tag makes no difference")
	timeout := flags.Duration("timeout", 30*time.Second, "give up after this `duration`")
	if err := cli.Parse(&env, flags, args, 0, usage); err != nil {
		return err
	}
	ref, err := oci.ParseReference(*refFlag)
	switch {
	case err != nil:
		return cli.Usagef("-ref: %w", err)
	case ref == nil:
		return cli.Usagef("-ref is missing")
	case *timeout <= 0:
		return cli.Usagef("-timeout: %v must be positive", *timeout)
	}
	opts := oci.VerifyOptions{}.WithReference(ref)
	reading, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if opts.Registry, err = connection.Resolve(reading, env, flags); err != nil {
		return err
	}
	if err := oci.VerifyRegistryAccessWithTimeout(ctx, opts, *timeout); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "a push to %s/%s would be allowed\n", ref.Registry(), ref.FullRepository())
	return err
}
