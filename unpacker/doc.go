// Package unpacker reads the files of an artifact back: those that package
// packager packed, and those that other programs push for Flux or Argo CD.
//
// [Unpack] writes them to a directory, and [UnpackFS] returns a file system in
// memory. Both trust nothing but the digest that they are given: content is
// verified before it is unpacked, everything is bounded by [Options], and an
// entry that could mean something else on another system is refused.
package unpacker
