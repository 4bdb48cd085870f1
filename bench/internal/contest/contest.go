// Package contest defines the compared programs and libraries, and their command lines.
package contest

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/kubeoci/oci/bench/internal/peer"
	"github.com/kubeoci/oci/bench/internal/process"
)

// Names of the contestants. Ours is the library with default options, Own the programs
// in examples.
const (
	Ours    = "ours"
	Own     = "ours, program"
	Flux    = "flux"
	ORAS    = "oras"
	FluxLib = "flux lib"
	ORASLib = "oras lib"
)

// Contestant is a program or a library, which runs in a process of its own.
type Contestant struct {
	Name    string
	Title   string // name for readers
	Version string
	// Library is true if the process prints the usage of the call of the library.
	Library bool

	command func(peer.Job) process.Command
}

// Command returns the command that does a job. Programs ignore the options of ours
// except Recurse.
func (c Contestant) Command(j peer.Job, env []string) process.Command {
	command := c.command(j)
	command.Env = env
	return command
}

// With returns our library under another name, with other options than the default.
func (c Contestant) With(name string, change func(*peer.Options)) Contestant {
	command := c.command
	c.Name, c.command = name, func(j peer.Job) process.Command {
		change(&j.Options)
		return command(j)
	}
	return c
}

// Programs holds the paths of the programs of this comparison.
type Programs struct {
	Push, Pull string // those in examples
	Self       string // the comparison itself, which contains the libraries
}

// Command is the name of the subcommand of the comparison that does a job, in JSON, with
// a library.
const Command = "peer"

// All lists the contestants, ours first, and the names of programs that are not
// installed.
func All(ctx context.Context, own Programs) (all []Contestant, missing []string) {
	all = []Contestant{
		library(own.Self, Ours, peer.Ours, "github.com/kubeoci/oci"),
		library(own.Self, FluxLib, peer.Flux, "github.com/fluxcd/pkg/oci"),
		library(own.Self, ORASLib, peer.ORAS, "oras.land/oras-go/v2"),
		examples(own),
	}
	for _, find := range []func(context.Context) (Contestant, bool){flux, oras} {
		c, found := find(ctx)
		if found {
			all = append(all, c)
		} else {
			missing = append(missing, c.Name)
		}
	}
	return all, missing
}

func library(self, name string, library peer.Library, module string) Contestant {
	return Contestant{Name: name, Title: module, Version: moduleVersion(module), Library: true, command: func(j peer.Job) process.Command {
		j.Library = library
		job, _ := json.Marshal(j) // it has only text, numbers and lists
		return process.Command{Path: self, Args: []string{Command, string(job)}}
	}}
}

func examples(own Programs) Contestant {
	return Contestant{Name: Own, Title: "examples/push, examples/pull", command: func(j peer.Job) process.Command {
		path, args := own.Push, []string{"-ref", "oci://" + j.Ref()}
		if j.Pull {
			path = own.Pull
		} else if j.Options.Recurse {
			args = append(args, "-recurse")
		}
		return process.Command{Path: path, Args: append(args, j.Dir)}
	}}
}

func flux(ctx context.Context) (Contestant, bool) {
	program, err := exec.LookPath("flux")
	return Contestant{
		Name: Flux, Title: "flux push artifact, flux pull artifact",
		Version: version(ctx, program, "version", "--client"),
		command: func(j peer.Job) process.Command {
			args := []string{"push", "artifact", "oci://" + j.Ref(), "--path=" + j.Dir, "--source=" + peer.Source, "--revision=" + peer.Revision}
			if j.Pull {
				args = []string{"pull", "artifact", "oci://" + j.Ref(), "--output=" + j.Dir}
			}
			return process.Command{Path: program, Args: append(args, "--insecure-registry")}
		},
	}, err == nil
}

func oras(ctx context.Context) (Contestant, bool) {
	program, err := exec.LookPath("oras")
	return Contestant{
		Name: ORAS, Title: "oras push, oras pull",
		Version: version(ctx, program, "version"),
		command: func(j peer.Job) process.Command {
			if j.Pull {
				return process.Command{Path: program, Args: []string{"pull", "--plain-http", j.Ref(), "--output", j.Dir}}
			}
			parent, base := filepath.Split(j.Dir) // oras refuses absolute paths
			return process.Command{Path: program, Dir: parent, Args: []string{
				"push", "--plain-http", j.Ref(), base + ":application/vnd.oci.image.layer.v1.tar+gzip",
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

// moduleVersion returns the version of a module in this program, which is empty for that
// of this repository.
func moduleVersion(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == module && dep.Replace == nil {
			return dep.Version
		} else if dep.Path == module {
			return ""
		}
	}
	return "unknown"
}
