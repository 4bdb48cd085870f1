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

// loops returns each edge that closes a loop of kustomizations. Chains can be long, so it
// does not call itself.
func loops(kustomizations []string, edges map[string][]edge) []edge {
	type visit struct {
		directory string
		next      int // of its edges
	}
	const entered, left = 1, 2
	state := map[string]int{}
	var found []edge
	for _, name := range slices.Sorted(slices.Values(kustomizations)) {
		var stack []visit
		if first := path.Dir(name); state[first] == 0 {
			state[first] = entered
			stack = append(stack, visit{directory: first})
		}
		for len(stack) > 0 {
			at := &stack[len(stack)-1]
			if at.next == len(edges[at.directory]) {
				state[at.directory] = left
				stack = stack[:len(stack)-1]
				continue
			}
			e := edges[at.directory][at.next]
			at.next++
			switch state[e.directory] {
			case entered:
				found = append(found, e)
			case left:
			default:
				state[e.directory] = entered
				stack = append(stack, visit{directory: e.directory})
			}
		}
	}
	return found
}

// holds reports whether name is dir or below it.
func holds(dir, name string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}
