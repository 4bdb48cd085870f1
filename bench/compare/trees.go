package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kubeoci/oci/bench/internal/process"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/bench/internal/tree"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/manifests"
)

// treeCommand is the subcommand that writes a tree. It is a process of its own so that it
// can be killed: treegen does not stop halfway.
const treeCommand = "write-tree"

// base is the name of every tree, as of checkouts of the same repository.
const base = "deploy"

// tree returns the directory of a tree, which it writes unless it exists.
func (b *bench) tree(ctx context.Context, shape treegen.Shape) (string, error) {
	dir, err := b.generated(ctx, shape)
	if err != nil {
		return "", err
	}
	return dir, b.describe(shape.Name, dir, false)
}

// adopt copies the files that a push of a user's tree has, once.
func (b *bench) adopt(ctx context.Context, dir string) (string, error) {
	name := filepath.Base(dir)
	to := filepath.Join(b.dir, "adopted", name)
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	set, err := manifests.Collect(ctx, dir, manifests.Options{})
	if err != nil {
		return "", err
	}
	var files []string
	for _, f := range set.Files() {
		files = append(files, filepath.FromSlash(f.Path))
	}
	if err := tree.Copy(ctx, to, dir, files); err != nil {
		return "", err
	}
	return to, b.describe(name, to, true)
}

// describe reports the size of a tree.
func (b *bench) describe(name, dir string, named bool) error {
	files, size, err := tree.Size(dir)
	b.report.AddTree(report.Tree{Name: name, Files: files, Bytes: size, Named: named})
	return err
}

func (b *bench) generated(ctx context.Context, shape treegen.Shape) (string, error) {
	name := fmt.Sprintf("%s-seed%d", strings.ReplaceAll(shape.Name, " ", "-"), b.seed)
	parent, err := filepath.Abs(filepath.Join(cmp.Or(b.keep, filepath.Join(b.dir, "trees")), name))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(parent, base)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	b.logf("writing the tree %s: %d files, %.1f MB", shape.Name, shape.Files, float64(shape.Bytes)/1e6)
	// It gets its final name when it is complete.
	partial := filepath.Join(parent, "partial")
	if err := os.RemoveAll(partial); err != nil {
		return "", err
	}
	_, _, err = b.runner.Run(ctx, process.Command{Path: b.programs.Self, Env: b.local.env, Args: []string{
		treeCommand, strconv.Itoa(shape.Files), strconv.FormatInt(shape.Bytes, 10), strconv.FormatBool(shape.Even),
		strconv.FormatUint(b.seed, 10), partial,
	}})
	if err != nil {
		return "", err
	}
	return dir, os.Rename(partial, dir)
}

// checkout copies a tree to a new directory of the same name.
func (b *bench) checkout(ctx context.Context, dir string) (string, error) {
	parent, err := os.MkdirTemp(b.dir, "checkout-")
	if err != nil {
		return "", err
	}
	to := filepath.Join(parent, base)
	files, err := tree.Files(dir)
	if err != nil {
		return "", err
	}
	return to, tree.Copy(ctx, to, dir, files)
}

// remove removes a checkout.
func remove(dir string) error { return os.RemoveAll(filepath.Dir(dir)) }

// writeTree is the subcommand.
func writeTree(args []string) error {
	var shape treegen.Shape
	var seed uint64
	var dir string
	if _, err := fmt.Sscan(strings.Join(args[:min(4, len(args))], " "), &shape.Files, &shape.Bytes, &shape.Even, &seed); err != nil || len(args) != 5 {
		return &usageError{fmt.Errorf("%s: want files, bytes, even, seed and a directory", treeCommand)}
	}
	dir = args[4]
	return treegen.Write(dir, shape, seed)
}
