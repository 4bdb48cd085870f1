package objects

import (
	"bytes"
	"strings"
)

// Functions of plainScanner for the objects that its lines belong to.

// openObject is an object of which further lines may follow.
type openObject struct {
	Object
	Names
	generateName string
	list         []Object // its items
	size         int64    // of those
	literal      bool     // a value in its data is certainly readable
	// unclear reports that the parser has to inspect the object if it is a Secret or a
	// List.
	unclear bool
}

func (s *plainScanner) innermost() *openObject { return &s.within[len(s.within)-1] }

// begin opens what starts with a level.
func (s *plainScanner) begin(l level) {
	switch {
	case l.role == root && !l.sequence:
		o := newObject(s.line, l.indent+1)
		o.Mapping = true
		s.within = append(s.within, openObject{Object: o})
	case l.role == secret:
		s.innermost().literal = true
	case l.sequence != (l.role == items) && l.role != other && l.role != metadata && l.role != annotations:
		s.innermost().unclear = true
	}
}

// wanted returns where to keep the value of a key, or nil.
func (s *plainScanner) wanted(of role, key string) *string {
	if of != root && of != metadata {
		return nil
	}
	switch o := s.innermost(); {
	case of == root && key == "apiVersion":
		return &o.Names.APIVersion
	case of == root && key == "kind":
		return &o.Names.Kind
	case of == metadata && key == "name":
		return &o.Names.Name
	case of == metadata && key == "generateName":
		return &o.generateName
	case of == metadata && key == "namespace":
		return &o.Names.Namespace
	}
	return nil
}

// found inspects a value that is not a mapping or sequence of several lines. The text is
// its first line, or nil if it is in brackets.
func (s *plainScanner) found(of role, text []byte) {
	switch of {
	case root, items, data:
		s.innermost().unclear = true
	case secret:
		switch o := s.innermost(); {
		case text == nil || isReadable(text):
			o.literal = true
		case string(text) != `""`:
			o.unclear = true
		}
	}
}

// endValue ends an entry without a value.
func (s *plainScanner) endValue() {
	if s.open && (s.next == root || s.next == items) {
		s.innermost().unclear = true
	}
	s.open = false
}

// isReadable reports whether a value of a Secret is certainly neither empty nor null,
// encrypted or a variable.
func isReadable(text []byte) bool {
	value := bytes.TrimLeft(text, `"'`)
	return len(value) > 0 && !bytes.HasPrefix(value, []byte("ENC[")) && bytes.IndexByte([]byte(`$\~`), value[0]) < 0 &&
		!(len(value) >= len("null") && strings.EqualFold(string(value[:len("null")]), "null"))
}

// endObject closes the innermost object. It reports false if the parser has to inspect it.
func (s *plainScanner) endObject() bool {
	o := *s.innermost()
	s.within = s.within[:len(s.within)-1]
	kind := o.Names.Kind
	o.names, o.GenerateName = o.join(), o.generateName != ""
	isList := strings.HasSuffix(kind, "List")
	switch {
	case o.unclear && (kind == "Secret" || isList):
		return false
	case kind == "Secret" && o.Names.APIVersion == "v1":
		o.Secret = o.literal
	case isList:
		o.List = len(o.list) > 0
		o.setItems(o.list)
	}
	if s.pending -= o.size; !isList {
		o.size = 0
	}
	if len(s.within) == 0 {
		s.left -= o.size
		return s.add(o.Object)
	}
	list, size := s.innermost(), o.Object.size()+o.size
	list.list, list.size = append(list.list, o.Object), list.size+size
	s.pending += size
	return s.pending <= s.left
}

// add adds an object of the file. It always reports true.
func (s *plainScanner) add(o Object) bool {
	if s.left -= o.size(); s.left < 0 {
		s.full = tooMany(o)
	} else {
		s.objects = append(s.objects, o)
	}
	return true
}
