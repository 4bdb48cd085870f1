// Package cli serves the example programs: it runs them, prints their errors, hints and
// findings, defines the flags that several of them have, and starts a registry for a
// demonstration. It is public so that a program can be copied into another module, from where
// it imports this package. It cannot be copied itself, and has no compatibility promise.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/redact"
)

// Env is the environment of a program.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string

	flags *flag.FlagSet // of the program, once they are parsed
}

// Main runs a program and ends the process with its exit status: 0 for success, 1 for a
// failure, 2 for wrong usage. An interrupt cancels the context.
func Main(run func(ctx context.Context, env Env, args []string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process immediately
	env := Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	status := Status(env, run(ctx, env, os.Args[1:]))
	stop()
	os.Exit(status)
}

// Status prints err and its hint to standard error and returns the exit status.
func Status(env Env, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	env.message("error: %v", err)
	if hint := oci.Hint(err); hint != "" {
		env.message("hint: %s", env.Hint(hint))
	}
	if _, usage := errors.AsType[*UsageError](err); usage {
		env.message("Try -h for help.")
		return 2
	}
	return 1
}

// message prints a line for people.
func (e Env) message(format string, args ...any) {
	_, _ = fmt.Fprintf(e.Stderr, format+"\n", args...) // there is no other output to report it on
}

// UsageError reports a mistake on the command line.
type UsageError struct{ err error }

func (e *UsageError) Error() string { return e.err.Error() }

func (e *UsageError) Unwrap() error { return e.err }

// Usagef returns a [*UsageError]. The hint of an error wrapped by %w is kept.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// Parse parses args, with at most maxArgs arguments after the flags. If help is
// requested, it prints usage and the flags to standard output and returns
// [flag.ErrHelp]. Hints that are printed with env name no other flags from then on.
func Parse(env *Env, flags *flag.FlagSet, args []string, maxArgs int, usage string) error {
	env.flags = flags
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprint(env.Stdout, usage, "\nFlags:\n") // nothing can be done about a failure
		flags.SetOutput(env.Stdout)
		flags.PrintDefaults()
		return err
	case err != nil && strings.Contains(err.Error(), "-"+passwordStdin):
		return Usagef("-%s takes no value: the password is read from standard input", passwordStdin)
	case err != nil:
		return Usagef("%s", redact.URLs(err.Error()))
	}
	return checkArgs(flags, maxArgs)
}

// checkArgs never prints an argument, because it may hold a password.
func checkArgs(flags *flag.FlagSet, maxArgs int) error {
	for i, arg := range flags.Args() {
		switch {
		case strings.Contains(arg, "://"):
			return Usagef("an argument is a reference: write it after -ref")
		case i >= maxArgs:
			return Usagef("unexpected argument %d: flags come first", i+1)
		case arg == "":
			return Usagef("an argument is empty: is a variable not set?")
		}
	}
	if ref := flags.Lookup("ref"); ref != nil && Given(flags)["ref"] && ref.Value.String() == "" {
		return Usagef("-ref is empty: is a variable not set?")
	}
	return nil
}

// Given returns the names of the flags on the command line.
func Given(flags *flag.FlagSet) map[string]bool {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return given
}
