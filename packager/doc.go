// Package packager turns a [manifests.Set] into one OCI image manifest that
// Flux and Argo CD accept with their default settings.
//
// The artifact is an image manifest (never an index) with exactly one layer, a
// gzip-compressed tar of media type application/vnd.oci.image.layer.v1.tar+gzip,
// and an image config that carries the layer's diff ID. The clock, the platform,
// the user, the path of the source and the order of directory listings do not
// reach it: the same files and the same [Options] give the same digest on any
// machine. [LayoutPrefix] and [LayoutBoth] with an empty [Options.Prefix] are the
// exception: the prefix is then the base name of the source directory.
//
// A [Layout] selects where the files lie in the archive, and a [Plan] describes
// the result before anything is read: its entries, its size, and the paths at
// which the engines find the tree. [Plan.Pack] writes the artifact to a store,
// which can be a [Store] or any content store of oras-go. The store of package
// oras.land/oras-go/v2/content/oci is an OCI layout on disk; its method Tag names
// the manifest there. [Pack] does both in one call.
//
// Up to eight cores read and compress files, in blocks that do not depend on the
// number of cores. A new version of the compressor can change the digest of a
// layer, but never its content digest, that of the uncompressed archive.
// [Plan.Digest] computes the content digest without compressing anything.
//
// Package unpacker reads artifacts back.
package packager
