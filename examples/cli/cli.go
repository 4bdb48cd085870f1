// Package cli holds what the example programs share: how they are run, how
// their errors reach people, and the flags that say how to connect.
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

	"github.com/kubeoci/oci/internal/redact"
)

// Env is the world outside a program.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
}

// Main runs a program, and ends the process with its exit status: 0, 1 for a
// failure, 2 for wrong usage. An interrupt cancels the context.
func Main(run func(ctx context.Context, env Env, args []string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process by itself
	env := Env{os.Stdin, os.Stdout, os.Stderr, os.Getenv}
	status := Status(env, run(ctx, env, os.Args[1:]))
	stop()
	os.Exit(status)
}

// Status prints err to standard error, with what to do about it where that is
// known, and returns the exit status.
func Status(env Env, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	env.message("error: %v", err)
	var adviser interface{ Hint() string }
	if errors.As(err, &adviser) && adviser.Hint() != "" {
		env.message("hint: %s", adviser.Hint())
	}
	if _, usage := errors.AsType[*UsageError](err); usage {
		env.message("Try -h for help.")
		return 2
	}
	return 1
}

// message prints a line for people.
func (e Env) message(format string, args ...any) {
	_, _ = fmt.Fprintf(e.Stderr, format+"\n", args...) // nobody is left to be told
}

// UsageError is a mistake on the command line.
type UsageError struct{ err error }

func (e *UsageError) Error() string { return e.err.Error() }

func (e *UsageError) Unwrap() error { return e.err }

// Usagef returns a [*UsageError]. A %w keeps the advice of the error it wraps.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// Parse parses args with at most maxArgs arguments beside the flags. Help goes
// to standard output, with usage in front of the flags; it is [flag.ErrHelp].
func Parse(env Env, flags *flag.FlagSet, args []string, maxArgs int, usage string) error {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = fmt.Fprint(env.Stdout, usage, "\nFlags:\n") // nobody is left to be told
		flags.SetOutput(env.Stdout)
		flags.PrintDefaults()
		return err
	case err != nil && strings.Contains(err.Error(), "-"+passwordStdin):
		return Usagef("-%s takes no value: the password comes on standard input", passwordStdin)
	case err != nil:
		return Usagef("%s", redact.URLs(err.Error()))
	}
	for i, arg := range flags.Args() {
		switch {
		case strings.Contains(arg, "://"): // and it may hold a password
			return Usagef("an argument is a reference: it goes behind -ref")
		case i >= maxArgs:
			return Usagef("argument %d is one too many: flags come first", i+1) // it may be a password
		case arg == "":
			return Usagef("an argument is empty: is a variable not set?")
		}
	}
	if flag := flags.Lookup("ref"); flag != nil && Given(flags)["ref"] && flag.Value.String() == "" {
		return Usagef("-ref is empty: is a variable not set?")
	}
	return nil
}

// Given lists the names of the flags that stand on the command line.
func Given(flags *flag.FlagSet) map[string]bool {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return given
}
