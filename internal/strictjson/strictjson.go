// Package strictjson decodes JSON that means the same to every reader.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
)

const (
	// maxDepth is far beyond the depth of any manifest, which is 4.
	maxDepth = 100
	// maxValues bounds the memory that a document takes when it is decoded: two bytes
	// such as "0," become a whole struct in a slice of them. A manifest with 10,000
	// layers has fewer values.
	maxValues = 100_000
)

// Errors of [Unmarshal], apart from those of [json.Unmarshal].
var (
	// ErrAmbiguous reports an object in which a key is duplicate, or differs from the
	// key of a field by case only. encoding/json takes the last of them, and readers in
	// other languages take another or none.
	ErrAmbiguous = errors.New("ambiguous key")
	// ErrTooComplex reports a document that is nested too deeply or has too many values.
	ErrTooComplex = errors.New("the document is too complex")
)

// Unmarshal is like [json.Unmarshal], but refuses a document with ambiguous keys before it
// changes v. Keys that differ by case only are ambiguous where one of them is that of a
// field.
func Unmarshal(data []byte, v any) error {
	if json.Valid(data) { // otherwise json.Unmarshal has the better error
		c := checker{Decoder: json.NewDecoder(bytes.NewReader(data))}
		c.UseNumber()
		if err := c.value(reflect.TypeOf(v), 0); err != nil {
			return err
		}
	}
	return json.Unmarshal(data, v)
}

// checker reads a valid document.
type checker struct {
	*json.Decoder
	values int
}

// value checks the next value, which json.Unmarshal would decode into a value of type t.
// Nil means that it would not.
func (c *checker) value(t reflect.Type, depth int) error {
	token, err := c.Token()
	if err != nil {
		return err
	}
	if c.values++; c.values > maxValues {
		return fmt.Errorf("%w: more than %d values", ErrTooComplex, maxValues)
	}
	start, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("%w: more than %d levels", ErrTooComplex, maxDepth)
	}
	t = target(t)
	if start == '[' {
		for c.More() && err == nil {
			err = c.value(elem(t, reflect.Slice), depth+1)
		}
	} else {
		err = c.object(t, depth)
	}
	if err == nil {
		_, err = c.Token() // the end
	}
	return err
}

func (c *checker) object(t reflect.Type, depth int) error {
	known := fields(t)
	seen := map[string]string{}
	for c.More() {
		token, err := c.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string) // there is no other kind
		id, folded := key, filename.Fold(key)
		field, decoded := known[folded]
		if decoded {
			id = folded
		}
		if before, found := seen[id]; found {
			return fmt.Errorf("%w: %.100q after %.100q", ErrAmbiguous, key, before)
		}
		seen[id] = key
		next := elem(t, reflect.Map)
		if decoded {
			if field.name != key {
				return fmt.Errorf("%w: %.100q in place of %q", ErrAmbiguous, key, field.name)
			}
			next = field.of
		}
		if err := c.value(next, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// target returns the type that holds the fields, or nil for one that decodes itself.
func target(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	return t
}

// elem returns the type of the elements of t if it is of the kind, or nil.
func elem(t reflect.Type, kind reflect.Kind) reflect.Type {
	if t == nil || t.Kind() != kind {
		return nil
	}
	return t.Elem()
}

type field struct {
	name string
	of   reflect.Type
}

// fields returns the fields of a struct, including those of embedded ones, by the folded
// forms of their keys.
func fields(t reflect.Type) map[string]field {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	all := map[string]field{}
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if !f.IsExported() || tag == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all[filename.Fold(name)] = field{name, f.Type}
	}
	return all
}
