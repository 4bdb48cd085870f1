// Command worst builds and pushes the worst trees that the limits of package manifests
// allow, and prints the memory and time that each takes.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/bench/internal/discard"
)

const usage = `worst builds and pushes the worst trees that the limits of package manifests allow,
each in a process of its own, to a registry on loopback that discards blobs. It
measures each tree at half of its size too: time that grows linearly doubles.

  worst [flags]

Run it in the directory bench, its module, on Linux. Trees need up to 3 GB in TMPDIR.

Try it:
  go run ./worst -list
  go run ./worst -only depth
  go run ./worst -only ignore -modes default,strict -json
  go run ./worst -only entries/ignore-files -profile /tmp/profiles

Modes are default, strict, which refuses findings of the severity warning, and flux,
which names that engine. All cases take about half an hour a mode.

The exit status is 0, 1 for a failure or if a case takes more than 256 MiB, and 2 for
wrong usage.

Flags:
`

// maxRSS is the memory in which every tree is to be built.
const maxRSS = 256 << 20

// buildCommand is the subcommand that builds in a process of its own.
const buildCommand = "build"

// sample is the measurement of one build.
type sample struct {
	Limit, Case, Mode string
	N                 int // of the units of the case
	CPU, Wall         time.Duration
	Peak              int64   // resident memory in bytes
	Ratio             float64 `json:",omitempty"` // of the CPU time to that of half of the tree
	Result            string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process by itself
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		if _, wrong := errors.AsType[*usageError](err); wrong {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// usageError is a mistake on the command line.
type usageError struct{ error }

// config holds the values of the command line.
type config struct {
	only, profile string
	modes         []string
	json, list    bool
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == buildCommand {
		return build(ctx, args[1:])
	}
	c, err := parse(args)
	if err != nil {
		return err
	}
	var chosen []worst
	for _, w := range cases() {
		if name := w.limit + "/" + w.name; strings.Contains(name, c.only) {
			chosen = append(chosen, w)
			if c.list {
				fmt.Printf("%-28s %8d %s\n", name, w.n, w.unit)
			}
		}
	}
	if c.list {
		return nil
	}
	if len(chosen) == 0 {
		return &usageError{fmt.Errorf("-only: no case contains %q; -list lists all", c.only)}
	}
	server, err := discard.Start(discard.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // all clients have ended
	return c.measure(ctx, server.Host, chosen)
}

func parse(args []string) (config, error) {
	var c config
	flags := flag.NewFlagSet("worst", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&c.only, "only", "", "measure the cases whose name contains `TEXT`")
	flags.StringVar(&c.profile, "profile", "", "write profiles of the CPU and of the largest heap to `DIR`")
	flags.BoolVar(&c.json, "json", false, "print a line of JSON for each build")
	flags.BoolVar(&c.list, "list", false, "list the cases, and measure nothing")
	modes := flags.String("modes", "default", "comma-separated `LIST` of modes")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return c, err
		}
		return c, &usageError{err}
	}
	c.modes = strings.Split(*modes, ",")
	for _, mode := range c.modes {
		if _, err := options("", mode); err != nil {
			return c, &usageError{err}
		}
	}
	if flags.NArg() > 0 {
		return c, &usageError{fmt.Errorf("unexpected argument %q", flags.Arg(0))}
	}
	return c, nil
}

// measure prints a row for each build, as soon as it has ended.
func (c config) measure(ctx context.Context, host string, chosen []worst) error {
	table := tabwriter.NewWriter(os.Stdout, 12, 0, 2, ' ', 0)
	if !c.json {
		fmt.Fprintln(table, "case                        \tmode\tn\tCPU\twall\tpeak MiB\tratio\tresult")
		_ = table.Flush()
	}
	over := 0
	for _, w := range chosen {
		half := map[string]time.Duration{}
		for _, n := range []int{w.n / 2, w.n} {
			samples, err := c.sample(ctx, host, w, n)
			if err != nil {
				return fmt.Errorf("%s/%s: %w", w.limit, w.name, err)
			}
			for _, s := range samples {
				if n == w.n {
					s.Ratio = s.CPU.Seconds() / half[s.Mode].Seconds()
				}
				half[s.Mode] = s.CPU
				if s.Peak > maxRSS {
					over++
				}
				if err := c.show(table, s); err != nil {
					return err
				}
			}
		}
	}
	if over > 0 {
		return fmt.Errorf("%d builds took more than %d MiB", over, maxRSS>>20)
	}
	return nil
}

func (c config) show(table *tabwriter.Writer, s sample) error {
	if c.json {
		return json.NewEncoder(os.Stdout).Encode(s)
	}
	ratio := ""
	if s.Ratio > 0 {
		ratio = fmt.Sprintf("%.2f", s.Ratio)
	}
	fmt.Fprintf(table, "%-28s\t%s\t%d\t%.2fs\t%.2fs\t%d\t%s\t%.150s\n", s.Limit+"/"+s.Case, s.Mode, s.N,
		s.CPU.Seconds(), s.Wall.Seconds(), s.Peak>>20, ratio, s.Result)
	return table.Flush()
}

// sample writes a tree and builds it in each mode.
func (c config) sample(ctx context.Context, host string, w worst, n int) ([]sample, error) {
	dir, err := os.MkdirTemp("", "worst-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the directory for temporary files
	if err := write(ctx, filepath.Join(dir, "deploy"), w, n); err != nil {
		return nil, err
	}
	var samples []sample
	for _, mode := range c.modes {
		s, err := c.start(ctx, host, w.limit, mode, filepath.Join(dir, "deploy"), fmt.Sprintf("%s-%s-%s-%d", w.limit, w.name, mode, n))
		if err != nil {
			return nil, err
		}
		s.Limit, s.Case, s.Mode, s.N = w.limit, w.name, mode, n
		samples = append(samples, s)
	}
	return samples, nil
}

// start runs the subcommand.
func (c config) start(ctx context.Context, host, limit, mode, dir, name string) (s sample, err error) {
	self, err := os.Executable()
	if err != nil {
		return s, err
	}
	cmd := exec.CommandContext(ctx, self, buildCommand, host, "worst/"+name, limit, mode, dir)
	if c.profile != "" {
		cmd.Args = append(cmd.Args, filepath.Join(c.profile, name))
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return s, errors.Join(ctx.Err(), err)
	}
	wall := time.Since(began)
	err = json.Unmarshal(out.Bytes(), &s)
	s.Wall, s.CPU = wall, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	return s, err
}

// build is the subcommand. It prints a sample with the peak memory and the result.
func build(ctx context.Context, args []string) error {
	opts, err := options(args[2], args[3])
	if err != nil {
		return err
	}
	opts.RegistryEndpoint, opts.Repository, opts.SourcePath, opts.Version = args[0], args[1], args[4], "v1"
	stop := func() error { return nil }
	if len(args) > 5 {
		if stop, err = profile(args[5]); err != nil {
			return err
		}
	}
	built, err := oci.NewWorkloadArtifactBuilder().Build(ctx, opts)
	if err := errors.Join(stop(), ctx.Err()); err != nil {
		return err
	}
	s := sample{Result: fmt.Sprintf("pushed, %d findings", len(built.Findings))}
	if err != nil {
		s.Result = strings.ReplaceAll(err.Error(), "\n", " ")
		if refused, ok := errors.AsType[*oci.PreflightError](err); ok {
			s.Result = fmt.Sprintf("refused, %d findings: %s", len(refused.Findings), s.Result)
		}
	}
	if s.Peak, err = peak(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

// options returns the options of a mode. By default an artifact has two copies of the
// tree, so a tree of the largest size would be refused before it is read.
func options(limit, mode string) (opts oci.BuildOptions, err error) {
	switch mode {
	case "default":
	case "strict":
		opts.Preflight.Policy = oci.PreflightEnforce
	case "flux":
		opts.GitOpsEngine = oci.GitOpsEngineFlux
	default:
		return opts, fmt.Errorf("-modes: unknown mode %q", mode)
	}
	if limit == "size" {
		opts.Layout = oci.LayoutRoot
	}
	return opts, nil
}

// peak returns the largest resident memory of this process. Unlike that of getrusage, it
// does not contain what the process inherited from its parent.
func peak() (int64, error) {
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer func() { _ = status.Close() }() // only read from
	text, err := io.ReadAll(status)
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int64
	_, err = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10, err
}
