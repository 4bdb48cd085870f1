// Package reference parses, checks and prints the names of OCI artifacts.
//
// A reference names an artifact, an endpoint names the registry alone:
//
//	oci://<host>[:<port>]/<repository>[/<variant>][:<tag>|@<digest>]
//	[http://|https://|oci://]<host>[:<port>][/]
//
// The scheme is exactly "oci://", in lower case. The first path segment is the
// repository, all others are the variant; together they are the <name> that a
// registry knows. Nothing is guessed, completed or rewritten: there is no
// default registry, no default tag, and no trimming of blanks. Illegal text is
// refused with an [*Error], which gives the reason and a hint.
//
// # Grammar
//
//   - host: labels of ASCII letters, digits and inner hyphens joined by dots
//     (RFC 1123 section 2.1, with the lengths of RFC 1035 section 2.3.4), or an
//     IPv6 address in brackets (RFC 3986 section 3.2.2) without a zone.
//   - port: 1 to 65535 in decimal, without a sign or leading zeros.
//   - repository and variant: <name> of the OCI distribution specification 1.1,
//     section "Pulling manifests", from 1 to 255 bytes. With the registry in
//     front the limit is 255 bytes as well, because many clients impose it.
//   - tag: <reference> as a tag, same section.
//   - digest: sha256 or sha512 as registered in the OCI image specification 1.1,
//     descriptor.md, section "Registered algorithms".
//
// # Secrets
//
// A password does not belong in a reference, but people put it there. Text with a
// possible password before an "@", or with a "?", is refused, and no error repeats
// any part of it.
//
// The package has no state and does no I/O. All functions and methods are pure
// and may be called concurrently. The time they take grows linearly with their
// input; the size of their messages does not.
package reference
