// Package treegen writes trees of Kubernetes manifests for benchmarks: the same shape
// and seed give the same files.
//
// Objects consist of pieces from a bounded pool, which are rendered once, and of unique
// parts. The pool is larger than the window of DEFLATE, so that gzip compresses the
// trees about as well as real ones: to a sixth at level 6. A compressor with a window of
// megabytes would compress them too well.
//
// Every tree has Deployments, Services, Roles, ConfigMaps with files in them, custom
// resource definitions with long descriptions, Secrets with data, with text and encrypted
// by SOPS, objects in JSON, Lists, and rendered charts. The values are in block and flow
// style, in quotes and of several lines. Preflight finds no errors in them, and warns of
// the Secrets that are not encrypted.
package treegen

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Shape describes the number and sizes of the files of a tree. If it is Even, all files
// are near the mean; otherwise their sizes differ as those of a Service and a custom
// resource definition do.
type Shape struct {
	Name  string
	Files int
	Bytes int64 // total, within a few percent
	Even  bool
}

// Small is a repository of some teams.
func Small() Shape { return Shape{Name: "small", Files: 2_000, Bytes: 22e6} }

// Many is a repository of an organisation.
func Many() Shape { return Shape{Name: "many", Files: 20_000, Bytes: 200e6} }

// Large has files of one to three megabytes: rendered charts of many objects. Two copies
// of it fit into the largest archive.
func Large() Shape { return Shape{Name: "large", Files: 300, Bytes: 480e6, Even: true} }

// Few is one application.
func Few() Shape { return Shape{Name: "few", Files: 50, Bytes: 500e3} }

// Shapes lists all shapes.
func Shapes() []Shape { return []Shape{Few(), Small(), Many(), Large()} }

// Names lists the names of all shapes.
func Names() []string {
	var names []string
	for _, shape := range Shapes() {
		names = append(names, shape.Name)
	}
	return names
}

// ByName returns the shape of a name.
func ByName(name string) (Shape, error) {
	for _, shape := range Shapes() {
		if shape.Name == name {
			return shape, nil
		}
	}
	return Shape{}, fmt.Errorf("no shape %q", name)
}

// Times returns the shape with n times as many files of the same sizes.
func (s Shape) Times(n int) Shape {
	if n > 1 {
		s.Name = fmt.Sprintf("%s x%d", s.Name, n)
	}
	s.Files *= n
	s.Bytes *= int64(n)
	return s
}

// Write writes a tree to dir, which it creates if necessary. Existing files stay unless
// a new one has their name.
func Write(dir string, shape Shape, seed uint64) error {
	if shape.Files < 1 || shape.Bytes < 1 {
		return fmt.Errorf("a tree of %d files and %d bytes", shape.Files, shape.Bytes)
	}
	w := &writer{
		rng:  rand.New(rand.NewPCG(seed, 1)),
		pool: newPool(rand.New(rand.NewPCG(seed, 0))),
	}
	made := map[string]bool{} // directories
	for i, target := range sizes(shape, w.rng) {
		kind, buf := w.file(i, target-w.excess)
		w.excess += len(buf) - target
		subdir, name := location(i, kind)
		subdir = filepath.Join(dir, subdir)
		if !made[subdir] {
			if err := os.MkdirAll(subdir, 0o755); err != nil {
				return err
			}
			made[subdir] = true
		}
		if err := os.WriteFile(filepath.Join(subdir, name), buf, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Files in the directory of an application, and applications in that of a team.
const (
	filesPerApp = 10
	appsPerTeam = 20
)

// location returns the path of file i.
func location(i int, kind kind) (subdir, name string) {
	app := i / filesPerApp
	subdir = fmt.Sprintf("team-%02d/app-%02d", app/appsPerTeam, app%appsPerTeam)
	extension := "yaml"
	if kind.json {
		extension = "json"
	}
	return filepath.FromSlash(subdir), fmt.Sprintf("%s-%05d.%s", kind.file, i, extension)
}

// sizes returns the size of each file. The files of each block of 20 have fixed shares
// of its bytes, so that trees of all sizes have the same mixture.
func sizes(shape Shape, rng *rand.Rand) []int {
	weights := make([]float64, shape.Files)
	var sum float64
	for i := range weights {
		share := shares[i%len(shares)]
		if shape.Even {
			share = 0.7
			if i%3 == 2 {
				share = 1.6
			}
		}
		weights[i] = share * (0.9 + 0.2*rng.Float64())
		sum += weights[i]
	}
	targets := make([]int, shape.Files)
	for i, weight := range weights {
		targets[i] = int(float64(shape.Bytes) * weight / sum)
	}
	return targets
}
