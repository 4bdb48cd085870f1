package objects

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unsafe"
)

// maxText is the length of a name that is kept as it is. Those of Kubernetes are
// shorter.
const maxText = 320

// shorten replaces texts that no cluster accepts, so that an object takes little memory,
// and allocates all texts together. Texts stay different if they are.
func (o *Object) shorten() {
	texts := []*string{&o.APIVersion, &o.Kind, &o.Name, &o.Namespace}
	for _, text := range texts {
		if len(*text) > maxText {
			*text = fmt.Sprintf("%s…%x", strings.ToValidUTF8((*text)[:maxText-70], ""), sha256.Sum256([]byte(*text)))
		}
	}
	joined := o.APIVersion + o.Kind + o.Name + o.Namespace
	for _, text := range texts {
		*text, joined = joined[:len(*text)], joined[len(*text):]
	}
}

// tooMany returns the problem of an object for which there is no memory.
func tooMany(o Object) *Problem {
	return &Problem{Line: o.Line, Column: o.Column, Code: CodeTooLarge, Text: "the file has too many objects to check this one and those after it", Memory: true}
}

// tooManyValues returns the problem of a document for which there is no memory.
func tooManyValues(line, column int, limit int64) *Problem {
	text := fmt.Sprintf("the document has too many values to be checked in %d MiB of memory", limit>>20)
	return &Problem{Line: line, Column: column, Code: CodeTooLarge, Text: text, Memory: true}
}

// size returns the bytes that an object takes, without its items.
func (o *Object) size() int64 {
	return int64(unsafe.Sizeof(*o)) + allocation(len(o.APIVersion)+len(o.Kind)+len(o.Name)+len(o.Namespace))
}

// allocation returns the bytes that a text takes.
func allocation(length int) int64 { return int64(length+15) &^ 15 }

// compact returns a slice without the space in which it grew, unless that is small.
func compact[T any](s []T) []T {
	if cap(s)-len(s) <= len(s)/8 {
		return s
	}
	return append(make([]T, 0, len(s)), s...)
}

// Size returns the bytes that the file takes in memory.
func (f *File) Size() int64 {
	size := sizeOf(f.Objects)
	for _, p := range f.Problems {
		size += int64(unsafe.Sizeof(p)) + allocation(len(p.Text))
	}
	return size
}

func sizeOf(objects []Object) (size int64) {
	for i := range objects {
		size += objects[i].size() + sizeOf(objects[i].Items)
	}
	return size
}
