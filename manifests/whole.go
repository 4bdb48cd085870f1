package manifests

import (
	"context"
	"path"
	"strings"
)

// wholes finds the skipped entries of directories that are needed as a whole. It looks at
// each entry and each directory once, however many references there are, and however many
// links are followed one after another.
type wholes struct {
	wanted  []string            // directories that are not taken yet
	taken   map[string]bool     // those that are, and the directories below them
	entries map[string][]int    // positions in the listing, by directory, if that is not taken
	below   map[string][]string // directories by the one above
	seen    int                 // how many of the listing are among them
}

// includeWhole includes all files of the directories that are needed as a whole.
func (c *closure) includeWhole(ctx context.Context) error {
	w := &c.whole
	if len(w.wanted)+len(w.taken) == 0 {
		return nil
	}
	if w.taken == nil {
		w.taken, w.entries, w.below = map[string]bool{}, map[string][]int{}, map[string][]string{}
	}
	for ; w.seen < len(c.listing.skipped); w.seen++ {
		if err := c.seeSkipped(ctx, w.seen); err != nil {
			return err
		}
	}
	for len(w.wanted) > 0 {
		last := len(w.wanted) - 1
		dir := w.wanted[last]
		w.wanted = w.wanted[:last]
		if w.taken[dir] {
			continue
		}
		w.taken[dir] = true
		for _, i := range w.entries[dir] {
			if err := c.take(ctx, c.listing.skipped[i]); err != nil {
				return err
			}
		}
		w.wanted = append(w.wanted, w.below[dir]...)
	}
	return nil
}

// seeSkipped takes a skipped entry, or keeps its position for later.
func (c *closure) seeSkipped(ctx context.Context, i int) error {
	o, w := c.listing.skipped[i], &c.whole
	if o.why.reason != ReasonExtension && o.why.reason != ReasonSymlinkDirectory {
		return ctx.Err()
	}
	in := path.Dir(strings.TrimSuffix(o.path, "/"))
	for dir, last := in, ""; dir != last; dir, last = path.Dir(dir), dir {
		if w.taken[dir] {
			return c.take(ctx, o)
		}
	}
	for dir := in; dir != "." && w.entries[dir] == nil; dir = path.Dir(dir) {
		w.entries[dir] = []int{} // known
		w.below[path.Dir(dir)] = append(w.below[path.Dir(dir)], dir)
	}
	w.entries[in] = append(w.entries[in], i)
	return ctx.Err()
}

// take includes a skipped file, or has a skipped link followed.
func (c *closure) take(ctx context.Context, o omission) error {
	if o.why.reason == ReasonExtension {
		return c.include(ctx, o.path)
	}
	if !c.followed[o.path] {
		c.following[strings.TrimSuffix(o.path, "/")] = true
	}
	return ctx.Err()
}
