package cli

import (
	"errors"
	"flag"
	"path"
	"strings"

	"github.com/kubeoci/oci/manifests"
)

// Collection is what the command line says about the files to take.
type Collection struct {
	Options manifests.Options
	Roots   []manifests.Root
}

// CollectionFlags adds the flags that say which files to take.
func CollectionFlags(flags *flag.FlagSet) *Collection {
	c := new(Collection)
	o := &c.Options
	flags.Func("include", "further files to take along, such as `*.properties`, can be repeated", List(&o.Include))
	flags.Func("ignore", "leave out what this `rule` of a .gitignore file would ignore, such as charts/, can be repeated", List(&o.Ignore))
	flags.BoolVar(&o.IgnoreFluxDefaults, "ignore-flux-defaults", false, "leave out what Flux leaves out by default")
	flags.StringVar((*string)(&o.Symlinks), "symlinks", "follow", "`follow|skip|refuse` symbolic links; skip leaves out those that follow takes for an error")
	flags.BoolVar(&o.SkipSpecial, "skip-special", false, "leave out FIFOs, sockets and devices with a manifest's name, which are an error otherwise")
	flags.BoolVar(&o.AllowEmptyFiles, "allow-empty-files", false, "take manifest files of no bytes, which are an error otherwise")
	flags.Func("root", "`folder=directory` to put into a folder beside what is in DIR, such as base=../base, can be repeated", c.addRoot)
	return c
}

// List is a flag that can be repeated.
func List(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, s)
		return nil
	}
}

func (c *Collection) addRoot(s string) error {
	folder, dir, found := strings.Cut(s, "=")
	if !found || folder == "" || dir == "" {
		return Usagef("write it like base=../base")
	}
	c.Roots = append(c.Roots, manifests.Root{Path: path.Clean(folder), Dir: dir})
	return nil
}

// Validate finds what is wrong with the flags, but for the directories.
func (c *Collection) Validate() error {
	_, err := c.Options.Resolve()
	for _, wrong := range []struct {
		what error
		flag string
	}{
		{manifests.ErrInvalidPattern, "include"},
		{manifests.ErrInvalidIgnore, "ignore"},
		{manifests.ErrUnknownSymlinkPolicy, "symlinks"},
	} {
		if errors.Is(err, wrong.what) {
			return Usagef("-%s: %w", wrong.flag, err)
		}
	}
	return err
}
