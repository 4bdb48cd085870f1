package manifests

import (
	"path"
	"strings"
)

// include adds a file that the extension filter skipped.
func (c *closure) include(name string) error {
	if c.index.has(name) {
		return nil
	}
	if err := checkName(name, false); err != nil {
		return err
	}
	if both := c.index.duplicates[name]; len(both) > 0 {
		first, second := c.listing.skipped[both[0]], c.listing.skipped[both[1]]
		return &CollisionError{Path: name, First: c.trees[first.tree].origin(name), Second: c.trees[second.tree].origin(name)}
	}
	o := c.listing.skipped[c.index.skipped[name]]
	if err := c.listing.addSkipped(o, c.trees[o.tree], c.reader.trees[o.tree].fsys, c.opts); err != nil {
		return err
	}
	c.index.update(c.listing)
	return nil
}

// includeWhole includes all files of the directories that are needed as a whole.
func (c *closure) includeWhole() error {
	if len(c.whole) == 0 {
		return nil
	}
	for _, o := range c.listing.skipped {
		if o.Reason != ReasonExtension && o.Reason != ReasonSymlinkDirectory || !c.isInWhole(o.Path) {
			continue
		}
		if o.Reason == ReasonExtension {
			if err := c.include(o.Path); err != nil {
				return err
			}
		} else if !c.followed[o.Path] {
			c.following[strings.TrimSuffix(o.Path, "/")] = true
		}
	}
	return nil
}

func (c *closure) isInWhole(name string) bool {
	for dir := path.Dir(strings.TrimSuffix(name, "/")); ; dir = path.Dir(dir) {
		if c.whole[dir] {
			return true
		}
		if dir == "." {
			return false
		}
	}
}
