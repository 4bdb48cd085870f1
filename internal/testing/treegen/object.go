package treegen

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

// kind is a kind of object: a head with a name, and repeated parts.
type kind struct {
	file   string // name of its file
	json   bool
	head   string // %[1]s is the name of the object, %[2]s a checksum
	pieces int    // part of the pool that its parts come from
	item   string // goes in front of each part, %[1]d is its number, %[2]s something unique
	tail   string // %[1]s is the name of the object
}

// shares holds the sizes of the files of a block relative to the mean. They sum up to
// their number; mixture lists the content of each: Secrets, JSON, Lists and rendered
// charts are a quarter of the bytes.
var shares = [20]float64{
	0.30, 0.08, 1.60, 0.15, 4.20, 0.45, 0.08, 0.90, 0.15, 0.30,
	2.40, 0.08, 0.60, 0.20, 5.20, 0.35, 0.08, 1.20, 0.20, 1.48,
}

var mixture = [20]kind{
	deployment, service, configMap, role, definition, secret, service, jsonConfigMap, role, encrypted,
	configMap, service, deployment, secretText, definition, jsonDeployment, role, chart, list, chart,
}

// Files above this size are rendered charts.
const maxObject = 128 << 10

// Mean sizes of the objects in large charts and in Lists.
const (
	charted = 10 << 10
	listed  = 1 << 10
)

// writer renders one file after another.
type writer struct {
	rng    *rand.Rand
	pool   *pool
	buf    []byte
	excess int // bytes by which the files so far are too large
}

// file renders file number i with about size bytes. The result is valid until the next
// call.
func (w *writer) file(i, size int) (kind, []byte) {
	w.buf = w.buf[:0]
	k := mixture[i%len(mixture)]
	if size > maxObject {
		k = chart
	}
	switch k {
	case chart:
		w.chart(i, size)
	case list:
		w.list(i, size)
	default:
		w.object(k, w.name(i, 0), size)
	}
	return k, w.buf
}

// chart appends documents behind comments: some objects of each kind, but no JSON.
func (w *writer) chart(i, size int) {
	mean := min(charted, size/6)
	for n := 0; n == 0 || len(w.buf) < size-mean/2; n++ {
		j := w.rng.IntN(len(mixture))
		k := mixture[j]
		if k.json || k.head == "" {
			k = deployment
		}
		w.buf = fmt.Appendf(w.buf, "---\n# Source: %s/templates/%s.yaml\n", pick(w.rng, words), k.file)
		w.object(k, w.name(i, n), int(shares[j]*float64(mean)))
	}
}

// list appends a List of small objects.
func (w *writer) list(i, size int) {
	const head = "apiVersion: v1\nkind: List\nitems:\n"
	kinds := []kind{service, role, configMap}
	var items []byte
	for n := 0; n == 0 || len(items) < size-len(head)-listed/2; n++ {
		w.buf = w.buf[:0]
		w.object(pick(w.rng, kinds), w.name(i, n), listed)
		indent := "- "
		for line := range bytes.Lines(w.buf) {
			items = append(append(items, indent...), line...)
			indent = "  "
		}
	}
	w.buf = append(append(w.buf[:0], head...), items...)
}

// name returns the name of object n of file i.
func (w *writer) name(i, n int) string {
	return fmt.Sprintf("%s-%s-%d-%d", pick(w.rng, words), pick(w.rng, words), i, n)
}

// object appends an object of about size bytes, and at least one part.
func (w *writer) object(k kind, name string, size int) {
	end := len(w.buf) + size
	w.buf = fmt.Appendf(w.buf, k.head, name, w.token(64))
	pieces := w.pool.pieces[k.pieces]
	for n := 0; ; n++ {
		w.buf = fmt.Appendf(w.buf, k.item, n, w.token(24))
		w.buf = append(w.buf, pieces[w.rng.IntN(len(pieces))]...)
		if len(w.buf) >= end-len(pieces[0])/2 {
			break
		}
	}
	if k.tail != "" {
		w.buf = fmt.Appendf(w.buf, k.tail, name)
	}
}

const hexDigits = "0123456789abcdef"

// token returns a unique text of n hexadecimal digits.
func (w *writer) token(n int) string { return hex(w.rng, n) }

func hex(rng *rand.Rand, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = hexDigits[rng.IntN(len(hexDigits))]
	}
	return string(text)
}
