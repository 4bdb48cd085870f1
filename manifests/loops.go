package manifests

import (
	"path"
	"slices"
	"strings"
)

// edge leads from the directory of one kustomization to that of another.
type edge struct {
	directory string
	at        Problem // the reference
}

// loops returns each edge that closes a loop of kustomizations.
func loops(kustomizations []string, edges map[string][]edge) []edge {
	const entered, left = 1, 2
	state := map[string]int{}
	var found []edge
	var visit func(directory string)
	visit = func(directory string) {
		state[directory] = entered
		for _, e := range edges[directory] {
			switch state[e.directory] {
			case entered:
				found = append(found, e)
			case left:
			default:
				visit(e.directory)
			}
		}
		state[directory] = left
	}
	for _, name := range slices.Sorted(slices.Values(kustomizations)) {
		if directory := path.Dir(name); state[directory] == 0 {
			visit(directory)
		}
	}
	return found
}

// holds reports whether name is dir or below it.
func holds(dir, name string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}
