// Package packager turns a [manifests.Set] into one OCI image manifest that
// Flux and Argo CD accept with their default settings.
//
// The artifact is an image manifest (never an index) with exactly one layer, a
// gzip-compressed tar of media type application/vnd.oci.image.layer.v1.tar+gzip,
// and an image config that carries the layer's diff ID. Neither the clock, nor
// the platform, the user, the path of the source or the order in which the file
// system lists it reaches the artifact: the same files and the same [Options]
// give the same digest on any machine.
//
// [Pack] writes to any ORAS content store. [Store] is the one to use when
// nothing else suggests itself; oras-go's oci.Store builds an OCI layout folder.
//
// Files are read and compressed on up to eight cores, in blocks whose borders
// and bytes do not depend on their number. The digest of a layer can change with
// the version of the compressor; that of its [Content] cannot. So a [Packer] can
// tell the content first, without compressing, and pack around a layer of the
// same content that exists already.
//
// [Unpack] and [UnpackFS] read back what was packed, and what other programs
// push for the same consumers. They trust nothing but the digest they are given.
package packager
