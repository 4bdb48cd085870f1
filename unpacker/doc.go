// Package unpacker reads the files of an artifact back: those that package
// packager packed, and those that other programs push for Flux or Argo CD.
//
// [Unpack] writes them to a directory, and [UnpackFS] returns a file system in
// memory. Both trust only the digest of the manifest: content is verified before it
// is unpacked, [Options] limit sizes and counts, and an entry whose name leads
// elsewhere is refused.
package unpacker
