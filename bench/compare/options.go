package main

import (
	"os"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/peer"
)

// Names of our library with other options than the default.
const (
	root            = "ours, root"
	unchecked       = "ours, root, unchecked"
	cacheDir        = "ours, cache directory"
	cacheMemory     = "ours, cache in memory"
	uncheckedCached = "ours, root, unchecked, cache directory"
	secondPush      = "ours, second push of a client"
	oursUnchanged   = "ours, unchanged"
)

func (b *bench) root() contest.Contestant {
	return b.ours().With(root, func(o *peer.Options) { o.Root = true })
}

func (b *bench) unchecked() contest.Contestant {
	return b.ours().With(unchecked, func(o *peer.Options) { o.Root, o.Unchecked = true, true })
}

// cached returns ours with a new directory for its cache.
func (b *bench) cached() (contest.Contestant, error) {
	dir, err := os.MkdirTemp(b.dir, "cache-")
	return b.ours().With(cacheDir, func(o *peer.Options) { o.CacheDir = dir }), err
}

func (b *bench) uncheckedCached() (contest.Contestant, error) {
	dir, err := os.MkdirTemp(b.dir, "cache-")
	return b.ours().With(uncheckedCached, func(o *peer.Options) { o.Root, o.Unchecked, o.CacheDir = true, true, dir }), err
}

// remembering returns ours with a cache in memory, which has seen the tree before.
func (b *bench) remembering(before string) contest.Contestant {
	return b.ours().With(cacheMemory, func(o *peer.Options) { o.CacheMemory, o.Before = true, before })
}

// secondPush returns ours with a client that has pushed before.
func (b *bench) secondPush(before string) contest.Contestant {
	return b.ours().With(secondPush, func(o *peer.Options) { o.Before = before })
}
