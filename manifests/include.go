package manifests

import "context"

// include adds a file that the extension filter skipped.
func (c *closure) include(ctx context.Context, name string) error {
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
	if err := c.listing.addSkipped(o, c.reader.trees[o.tree].fsys, c.opts); err != nil {
		return err
	}
	return c.index.update(ctx, c.listing)
}
