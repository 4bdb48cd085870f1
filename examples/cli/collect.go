package cli

import (
	"errors"
	"flag"
	"os"
	"path"
	"strings"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/reference"
)

// Collection holds the flags that select files.
type Collection struct {
	Options manifests.Options
	Roots   []manifests.Root
}

// CollectionFlags defines the flags that select files.
func CollectionFlags(flags *flag.FlagSet) *Collection {
	c := new(Collection)
	o := &c.Options
	flags.Func("include", "`pattern` of further files to include, such as '*.properties', can be repeated", List(&o.Include))
	flags.Func("ignore", "`rule` of files to skip, as in a .gitignore file, such as charts/, can be repeated", List(&o.Ignore))
	flags.BoolVar(&o.IgnoreFluxDefaults, "ignore-flux-defaults", false, "skip the files that Flux skips by default")
	flags.StringVar((*string)(&o.Symlinks), "symlinks", "follow", "treatment of symbolic links, `follow|files|skip|refuse`: follow refuses broken links, and files skips links to directories")
	flags.BoolVar(&o.SkipSpecial, "skip-special", false, "skip FIFOs, sockets and devices with a manifest's name; by default they are an error")
	flags.Bool("allow-empty-files", true, "has no effect: empty manifest files are always included, and reported as findings")
	flags.Func("root", "further tree to add, `name=directory`: the directory in the artifact and its source, such as base=../base, can be repeated", c.addRoot)
	return c
}

// PathUsage describes the flag for the directories that engines render.
const PathUsage = "`directory` in DIR that the engine renders, such as clusters/production, can be repeated to check each; by default DIR"

// List returns the function of a flag that can be repeated.
func List(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, s)
		return nil
	}
}

// CheckTags checks the tags in -tag.
func CheckTags(tags []string) error {
	for _, tag := range tags {
		if err := reference.CheckTag(tag); err != nil {
			return Usagef("-tag: %w", err)
		}
	}
	return nil
}

func (c *Collection) addRoot(s string) error {
	name, dir, found := strings.Cut(s, "=")
	if !found || name == "" || dir == "" {
		return Usagef("want name=directory, such as base=../base")
	}
	c.Roots = append(c.Roots, manifests.Root{Path: path.Clean(name), Dir: dir})
	return nil
}

// Validate checks the flags, except the directories.
func (c *Collection) Validate() error {
	_, err := c.Options.Resolve()
	for _, invalid := range []struct {
		err  error
		flag string
	}{
		{manifests.ErrInvalidPattern, "include"},
		{manifests.ErrInvalidIgnore, "ignore"},
		{manifests.ErrUnknownSymlinkPolicy, "symlinks"},
	} {
		if errors.Is(err, invalid.err) {
			return Usagef("-%s: %w", invalid.flag, err)
		}
	}
	for _, root := range c.Roots { // with an FS, only the name is checked
		if _, err := (manifests.Root{Path: root.Path, FS: os.DirFS(root.Dir)}).Resolve(); err != nil {
			return Usagef("-root: %w", err)
		}
	}
	return err
}
