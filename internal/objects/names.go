package objects

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// Names are what identifies an object. They are empty if they are absent or not strings:
// engines treat a number or true as absent. They may come from an alias or a merge key.
type Names struct{ APIVersion, Kind, Name, Namespace string }

// names are Names in one allocation.
type names struct {
	text string
	ends [3]uint16 // of all but the last
}

// APIVersion, Kind, Name and Namespace return the [Names] of the object.
func (n *names) APIVersion() string { return n.text[:n.ends[0]] }

// Kind returns one of the [Names].
func (n *names) Kind() string { return n.text[n.ends[0]:n.ends[1]] }

// Name returns one of the [Names].
func (n *names) Name() string { return n.text[n.ends[1]:n.ends[2]] }

// Namespace returns one of the [Names].
func (n *names) Namespace() string { return n.text[n.ends[2]:] }

// maxText is the length of a name that is kept as it is. Those of Kubernetes are
// shorter.
const maxText = 320

// join returns names in little memory. It replaces texts that no cluster accepts, and
// they stay different if they are.
func (n Names) join() names {
	var joined names
	end := 0
	for i, text := range []*string{&n.APIVersion, &n.Kind, &n.Name, &n.Namespace} {
		if len(*text) > maxText {
			*text = fmt.Sprintf("%s…%x", strings.ToValidUTF8((*text)[:maxText-70], ""), sha256.Sum256([]byte(*text)))
		}
		if end += len(*text); i < len(joined.ends) {
			joined.ends[i] = uint16(end) //nolint:gosec // at most three times maxText
		}
	}
	joined.text = n.APIVersion + n.Kind + n.Name + n.Namespace
	return joined
}

// Object returns an object with the names at a position, which is within 4 MiB.
func (n Names) Object(line, column int) Object {
	o := newObject(line, column)
	o.names, o.Mapping = n.join(), true
	return o
}

// newObject returns an object at a position, which is within 4 MiB.
func newObject(line, column int) (o Object) {
	o.moveTo(line, column)
	return o
}

func (o *Object) moveTo(line, column int) {
	o.Line, o.Column = int32(line), int32(column) //nolint:gosec // see newObject
}
