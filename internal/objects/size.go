package objects

import (
	"fmt"
	"unsafe"
)

// tooMany returns the problem of an object for which there is no memory.
func tooMany(o Object) *Problem {
	return &Problem{Line: int(o.Line), Column: int(o.Column), Code: CodeTooLarge, Text: "the file has too many objects to check this one and those after it", Memory: true}
}

// tooManyValues returns the problem of a document for which there is no memory.
func tooManyValues(line, column int, limit int64) *Problem {
	text := fmt.Sprintf("the document has too many values to be checked in %d MiB of memory", limit>>20)
	return &Problem{Line: line, Column: column, Code: CodeTooLarge, Text: text, Memory: true}
}

// size returns the bytes that an object takes, without its items.
func (o *Object) size() int64 {
	size := int64(unsafe.Sizeof(*o)) + allocation(len(o.text))
	if o.List {
		size += int64(unsafe.Sizeof(*o.items))
	}
	return size
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
	for _, r := range f.Remarks {
		size += int64(unsafe.Sizeof(r)) + allocation(len(r.Field))
	}
	return size
}

func sizeOf(objects []Object) (size int64) {
	for i := range objects {
		size += objects[i].size() + sizeOf(objects[i].Items())
	}
	return size
}
