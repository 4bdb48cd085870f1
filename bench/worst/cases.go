package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// worst is a tree that reaches a limit.
type worst struct {
	limit, name string
	n           int    // for the whole limit
	unit        string // counted by n
	write       func(t *tree, n int)
}

// Default limits of manifests.Options, less a few for the files around the worst ones.
const (
	files      = 100_000 - 100
	entries    = 500_000 - 500
	namesSize  = 24<<20 - 32<<10
	references = 200_000 - 100
	ignoreSize = 1<<20 - 100
	depth      = 100
	totalSize  = 1_000_000_000 - 4_000_000 // headers of the archive not included
)

// Limits of other packages on a single file.
const (
	parsedSize        = 4 << 20 // that preflight parses
	kustomizationSize = 1 << 20
	rulesSize         = 1 << 16
)

func cases() []worst {
	return []worst{
		{"files", "objects", files, "files of 10 objects", func(t *tree, n int) { t.files(n, strings.Repeat(object("a")+"---\n", 10)) }},
		{"files", "flawed", files, "files of 200 duplicate keys", func(t *tree, n int) { t.files(n, strings.Repeat("a: 1\n", 200)) }},
		{"files", "long names", files, "files", func(t *tree, n int) {
			for i := range n {
				t.file(fmt.Sprintf("%060d/%0180d.yaml", i/1000, i), object("a"))
			}
		}},
		{"files", "links", files, "links", func(t *tree, n int) {
			for i := range n {
				t.link(fmt.Sprintf("d%d/%d.yaml", i/1000, i), "../a.yaml")
			}
		}},

		{"entries", "one directory", entries, "other files", func(t *tree, n int) {
			for i := range n {
				t.file(fmt.Sprintf("%d.txt", i), "")
			}
		}},
		{"entries", "directories", entries, "empty directories", func(t *tree, n int) {
			for i := range n {
				t.directory(fmt.Sprint(i))
			}
		}},
		{"entries", "deep", entries, "directories in chains of 60", func(t *tree, n int) {
			for i := range n / 60 {
				t.directory(fmt.Sprintf("%d%s", i, strings.Repeat("/d", 59)))
			}
		}},
		{"entries", "ignore files", entries / 2, "directories with an ignore file", func(t *tree, n int) {
			for i := range n {
				t.file(fmt.Sprintf("%d/.sourceignore", i), "?")
			}
		}},
		{"entries", "links to a directory", entries, "entries behind 700 links", func(t *tree, n int) {
			for i := range n / 700 {
				t.file(fmt.Sprintf("real/%d.txt", i), "")
			}
			for i := range 699 {
				t.link(fmt.Sprint("l", i), "real")
			}
		}},
		{"entries", "links to links", entries / 40, "links through 38 links", func(t *tree, n int) {
			for i := range 38 {
				t.link(fmt.Sprint("l", i), fmt.Sprint("l", i+1))
			}
			t.file("l38", "")
			for i := range n {
				t.link(fmt.Sprintf("d/%d.yaml.txt", i), "../l0")
			}
		}},

		{"names", "other files", namesSize / 250, "files", func(t *tree, n int) {
			for i := range n {
				t.file(fmt.Sprintf("%0246d.txt", i), "")
			}
		}},
		{"names", "ignored", namesSize / 252, "files that are ignored", func(t *tree, n int) {
			t.file(".sourceignore", strings.Repeat("*1*2*3*4*5*6*7*8*9*a*b*c*d*e*f*\n", 300)+"0*\n")
			for i := range n {
				t.file(fmt.Sprintf("%0246d.yaml", i), "a: b\n")
			}
		}},
		{"names", "links", namesSize / 4200, "names below links at a long path", func(t *tree, n int) {
			long := strings.TrimPrefix(strings.Repeat("/"+strings.Repeat("d", 240), 15), "/")
			for i := range n / 80 {
				t.file(fmt.Sprintf("target/%0190d", i), "")
			}
			for i := range 80 {
				t.link(fmt.Sprintf("%s/l%02d", long, i), strings.Repeat("../", 15)+"target")
			}
		}},

		{"references", "wide", references, "references", func(t *tree, n int) {
			const each = 20_000
			for i := range n / 2 {
				t.file(fmt.Sprintf("r/%d.yaml", i), object(fmt.Sprint("r", i)))
			}
			for k := 0; k*each < n; k++ {
				text := []byte("resources:\n")
				for i := k * each; i < min((k+1)*each, n); i++ {
					text = fmt.Appendf(text, "- ../r/%d.yaml\n", i/2)
				}
				t.file(fmt.Sprintf("k%d/kustomization.yaml", k), string(text))
			}
		}},
		{"references", "missing", references, "references to missing files", func(t *tree, n int) {
			for k := 0; k*20_000 < n; k++ {
				text := []byte("resources:\n")
				for i := range min(20_000, n-k*20_000) {
					text = fmt.Appendf(text, "- ../../x%d/y%d/../z\n", i, i)
				}
				t.file(fmt.Sprintf("a/k%d/kustomization.yaml", k), string(text))
			}
		}},
		{"references", "chain", files, "kustomizations, each for the next", func(t *tree, n int) {
			for i := range n - 1 {
				t.file(fmt.Sprintf("k%d/kustomization.yaml", i), fmt.Sprintf("resources:\n- ../k%d\n", i+1))
			}
			t.file(fmt.Sprintf("k%d/kustomization.yaml", n-1), "namespace: a\n")
		}},
		{"references", "diamonds", files, "kustomizations, each for the next two", func(t *tree, n int) {
			for i := range n - 2 {
				t.file(fmt.Sprintf("k%d/kustomization.yaml", i), fmt.Sprintf("resources:\n- ../k%d\n- ../k%d\n", i+1, i+2))
			}
			for i := n - 2; i < n; i++ {
				t.file(fmt.Sprintf("k%d/kustomization.yaml", i), "namespace: a\n")
			}
		}},
		{"references", "dense", 630 * 630 / 2, "references, from each to all that follow", func(t *tree, n int) {
			k := 0
			for ; k*k/2 < n; k++ {
			}
			for i := range k {
				text := "namespace: a\nresources:\n- ../a.yaml\n"
				for j := i + 1; j < k; j++ {
					text += fmt.Sprintf("- ../k%d\n", j)
				}
				t.file(fmt.Sprintf("k%d/kustomization.yaml", i), text)
			}
		}},
		{"references", "values", 14 * (kustomizationSize / 60), "values of long fields", func(t *tree, n int) {
			text := "configMapGenerator:\n" + strings.Repeat("- {name: a, files: [a=../a.yaml], literals: [a, b, c, d]}\n", kustomizationSize/60)
			for i := range n / (kustomizationSize / 60) {
				t.file(fmt.Sprintf("k%d/kustomization.yaml", i), text)
			}
		}},

		{"ignore", "hostile", namesSize / 260, "files, for 64 KiB of rules", func(t *tree, n int) {
			t.file(".sourceignore", strings.Repeat(strings.Repeat("*a", 500)+"*b\n", rulesSize/1003))
			for i := range n {
				t.file(fmt.Sprintf("%s%05d.txt", strings.Repeat("a", 240), i), "")
			}
		}},
		{"ignore", "hostile paths", namesSize / 330, "files, for 64 KiB of rules", func(t *tree, n int) {
			t.file(".sourceignore", strings.Repeat(strings.Repeat("**/a/", 180)+"b\n", rulesSize/902))
			for i := range n {
				t.file(fmt.Sprintf("%s%d/%s%05d.txt", strings.Repeat("a/", 40), i/1000, strings.Repeat("a", 230), i), "")
			}
		}},
		{"ignore", "large files", ignoreSize / rulesSize * rulesSize, "bytes in files of 64 KiB", func(t *tree, n int) {
			for i := range n / rulesSize {
				t.file(fmt.Sprintf("%d/.sourceignore", i), strings.Repeat("*a[!b]?\n", rulesSize/8))
				for j := range 6000 {
					t.file(fmt.Sprintf("%d/%d.yaml", i, j), object("a"))
				}
			}
		}},
		{"ignore", "archived", files, "files, for 4000 archived rules", func(t *tree, n int) {
			t.file("kustomization.yaml", "configMapGenerator:\n- {name: a, files: [.sourceignore]}\n")
			t.file(".sourceignore", strings.Repeat("**/x/*y*z\n", 4000))
			t.files(n, object("a"))
		}},

		{"depth", "chains", files, "files, 100 in each chain", func(t *tree, n int) {
			for i := range n {
				t.file(fmt.Sprintf("%d/%sa.yaml", i/(depth-1), strings.Repeat("d/", i%(depth-1))), object("a"))
			}
		}},
		{"depth", "links", namesSize / 720, "links from the deepest to the deepest directory", func(t *tree, n int) {
			t.file(strings.Repeat("x/", depth)+"a.yaml", object("a"))
			for i := range n {
				t.link(fmt.Sprintf("%s%d.yaml", strings.Repeat("d/", depth), i), strings.Repeat("../", depth)+strings.Repeat("x/", depth)+"a.yaml")
			}
		}},

		{"size", "one file", totalSize, "bytes", func(t *tree, n int) { t.large(n, n, object("a")+"---\n") }},
		{"size", "random", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) { t.random(n, parsedSize) }},
		{"size", "random, small", totalSize - files*1536, "bytes in files of 8 KB", func(t *tree, n int) { t.random(n, totalSize/files-1536) }},
		{"size", "list", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) { t.large(n, parsedSize, "- a\n") }},
		{"size", "objects", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) { t.large(n, parsedSize, object("a")+"---\n") }},
		{"size", "tiny objects", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) { t.large(n, parsedSize, "a: b\n---\n") }},
		{"size", "flow", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) { t.large(n, parsedSize, "[[],{}]\n---\n") }},
		{"size", "JSON", totalSize, "bytes in files of 1 MiB", func(t *tree, n int) {
			for i := range n / (1 << 20) {
				t.file(fmt.Sprintf("%d.json", i), `{"a":[`+strings.Repeat("[],", 1<<20/3-10)+"0]}")
			}
		}},
		{"size", "scalars", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) {
			text := object("a") + "data:\n  a: |\n" + strings.Repeat("    "+strings.Repeat("x", 70)+"\n", (parsedSize-100)/75)
			for i := range n / parsedSize {
				t.file(fmt.Sprintf("%d.yaml", i), text)
			}
		}},
		{"size", "duplicate keys", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) { t.large(n, parsedSize, "a: 1\n") }},
		{"size", "aliases", totalSize, "bytes in files of 100 KiB", func(t *tree, n int) {
			text := "a: &a [" + strings.Repeat("x,", 190) + "]\n" + "b:\n" + strings.Repeat("- *a\n", 2000)
			t.large(n, 100<<10, text+"---\n")
		}},
		{"size", "comments", totalSize, "bytes in files of 4 MiB", func(t *tree, n int) { t.large(n, parsedSize, "#\n") }},
	}
}

func object(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
}

// tree writes files until there is an error.
type tree struct {
	ctx  context.Context
	dir  string
	last string // directory that exists
	err  error
}

// write writes the tree of a case, and one manifest, because a tree without one is
// refused.
func write(ctx context.Context, dir string, w worst, n int) error {
	t := &tree{ctx: ctx, dir: dir}
	t.file("a.yaml", object("a"))
	w.write(t, n)
	return t.err
}

func (t *tree) do(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *tree) directory(name string) {
	if t.err == nil && name != t.last {
		t.do(os.MkdirAll(filepath.Join(t.dir, name), 0o755))
		t.do(t.ctx.Err())
		t.last = name
	}
}

func (t *tree) file(name, text string) {
	if t.directory(path.Dir(name)); t.err == nil {
		t.do(os.WriteFile(filepath.Join(t.dir, name), []byte(text), 0o600))
	}
}

func (t *tree) link(name, target string) {
	if t.directory(path.Dir(name)); t.err == nil {
		t.do(os.Symlink(target, filepath.Join(t.dir, name)))
	}
}

// files writes files of the same text, a thousand in each directory.
func (t *tree) files(n int, text string) {
	for i := range n {
		t.file(fmt.Sprintf("d%d/%d.yaml", i/1000, i), text)
	}
}

// large writes size bytes of repeated text in files of the same size.
func (t *tree) large(size, each int, text string) {
	whole := strings.Repeat(text, each/len(text))
	for i := range size / each {
		t.file(fmt.Sprintf("d%d/%d.yaml", i/1000, i), whole)
	}
}

// random writes size bytes that can be compressed by their encoding only, in files of
// the same size.
func (t *tree) random(size, each int) {
	source := rand.NewChaCha8([32]byte{})
	data := make([]byte, each/2)
	for i := range size / each {
		_, _ = source.Read(data) // never fails
		var text bytes.Buffer
		fmt.Fprintf(&text, "%sdata:\n  a: %x\n", object("a"), data[:len(data)-50])
		t.file(fmt.Sprintf("d%d/%d.yaml", i/1000, i), text.String())
	}
}
