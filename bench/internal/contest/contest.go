// Package contest defines the compared programs and their command lines.
package contest

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/process"
)

// Names of the contestants.
const (
	Ours    = "ours"
	Flux    = "flux"
	ORAS    = "oras"
	FluxLib = "flux lib"
	ORASLib = "oras lib"
)

// Target describes a push.
type Target struct {
	Host       string // host:port
	Repository string
	Tag        string
	Dir        string // absolute
	// Only ours gets these.
	Annotations []string // key=value
	Tags        []string
	Preflight   bool // the others have no such check
}

func (t Target) ref() string { return t.Host + "/" + t.Repository + ":" + t.Tag }

// Contestant is a program that pushes.
type Contestant struct {
	Name    string
	Title   string // name for readers
	Version string
	command func(Target) process.Command
}

// Command returns the command that pushes a target.
func (c Contestant) Command(t Target, env []string) process.Command {
	command := c.command(t)
	command.Env = env
	return command
}

// Programs holds the paths of the programs of this comparison.
type Programs struct {
	Push string // examples/push
	Self string // the comparison itself, which contains the libraries
}

// Names of the subcommands of the comparison that push with a library.
const (
	FluxCommand = "peer-flux-lib"
	ORASCommand = "peer-oras-lib"
)

// All lists the contestants, ours first, and the names of programs that are not
// installed.
func All(ctx context.Context, own Programs) (all []Contestant, missing []string) {
	all = append(all, ours(own.Push))
	for _, find := range []func(context.Context) (Contestant, bool){flux, oras} {
		c, found := find(ctx)
		if found {
			all = append(all, c)
		} else {
			missing = append(missing, c.Name)
		}
	}
	return append(all,
		library(own.Self, FluxLib, FluxCommand, "github.com/fluxcd/pkg/oci"),
		library(own.Self, ORASLib, ORASCommand, "oras.land/oras-go/v2"),
	), missing
}

func ours(program string) Contestant {
	return Contestant{Name: Ours, Title: "examples/push", command: func(t Target) process.Command {
		args := []string{"-ref", "oci://" + t.ref(), "-engine", "flux"}
		if !t.Preflight {
			args = append(args, "-preflight", "off")
		}
		for _, annotation := range t.Annotations {
			args = append(args, "-annotation", annotation)
		}
		for _, tag := range t.Tags {
			args = append(args, "-tag", tag)
		}
		return process.Command{Path: program, Args: append(args, t.Dir)}
	}}
}

func flux(ctx context.Context) (Contestant, bool) {
	program, err := exec.LookPath("flux")
	return Contestant{
		Name: Flux, Title: "flux push artifact",
		Version: version(ctx, program, "version", "--client"),
		command: func(t Target) process.Command {
			return process.Command{Path: program, Args: []string{
				"push", "artifact", "oci://" + t.ref(), "--path=" + t.Dir,
				"--source=" + peer.Source, "--revision=" + peer.Revision, "--insecure-registry",
			}}
		},
	}, err == nil
}

func oras(ctx context.Context) (Contestant, bool) {
	program, err := exec.LookPath("oras")
	return Contestant{
		Name: ORAS, Title: "oras push",
		Version: version(ctx, program, "version"),
		command: func(t Target) process.Command {
			parent, base := filepath.Split(t.Dir) // oras refuses absolute paths
			return process.Command{Path: program, Dir: parent, Args: []string{
				"push", "--plain-http", t.ref(), base + ":application/vnd.oci.image.layer.v1.tar+gzip",
			}}
		},
	}, err == nil
}

// version returns the last word of the first line of a program's version output, or
// "unknown" if there is none.
func version(ctx context.Context, program string, args ...string) string {
	if program == "" {
		return ""
	}
	out, err := exec.CommandContext(ctx, program, args...).Output()
	line, _, _ := strings.Cut(string(out), "\n")
	words := strings.Fields(line)
	if err != nil || len(words) == 0 {
		return "unknown"
	}
	return words[len(words)-1]
}

func library(self, name, command, module string) Contestant {
	return Contestant{Name: name, Title: module, Version: moduleVersion(module), command: func(t Target) process.Command {
		return process.Command{Path: self, Args: []string{command, t.ref(), t.Dir}}
	}}
}

// moduleVersion returns the version of a module in this program.
func moduleVersion(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == module {
			return dep.Version
		}
	}
	return "unknown"
}
