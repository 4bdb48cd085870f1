package reference

import "strings"

const scheme = "oci://"

// Reference names an artifact in a registry. Only a value that [Parse] returned is
// known to be legal.
type Reference struct {
	// Host is a domain name as it was written, or an IPv6 address without brackets.
	Host string
	// Port is 0 when the reference has none.
	Port int32
	// Repository is the first segment of the path.
	Repository string
	// Variant is the rest of the path, "" when there is none.
	Variant string
	// Ref is a tag, a digest, or "" when the reference has neither.
	Ref string
}

// Parse takes apart a reference of the form
//
//	oci://<host>[:<port>]/<repository>[/<variant>][:<tag>|@<digest>]
//
// and checks each part; the package comment has the grammar. "" is no reference
// and gives nil, nil.
//
// The error is an [*Error]. Its kind is the first that applies of
// [ErrCredentialsInReference], [ErrInvalidOCIFormat] for a "?",
// [ErrInvalidOCIScheme], [ErrInvalidHost], [ErrInvalidPort],
// [ErrInvalidRepository], [ErrInvalidOCIFormat] for a tag together with a digest,
// [ErrInvalidTag] and [ErrInvalidDigest].
func Parse(s string) (*Reference, error) {
	if s == "" {
		return nil, nil
	}
	if err := screen(s); err != nil {
		return nil, err
	}
	rest, found := strings.CutPrefix(s, scheme)
	if !found {
		return nil, newError(ErrInvalidOCIScheme, "", "does not start with oci://",
			"write oci:// in front of the host, in lower case").in(s)
	}
	r, err := parse(rest)
	if err != nil {
		return nil, err.in(s)
	}
	return r, nil
}

// parse takes apart a reference without its scheme.
func parse(s string) (*Reference, *Error) {
	name, digest, hasDigest := strings.Cut(s, "@")
	authority, path, _ := strings.Cut(name, "/")
	path, tag, hasTag := strings.Cut(path, ":")

	host, port, err := parseAuthority(authority)
	if err != nil {
		return nil, err
	}
	if err = checkRepository(path); err != nil {
		return nil, err
	}
	if len(authority)+len("/")+len(path) > maxName {
		return nil, newError(ErrInvalidRepository, path, "longer than 255 bytes with its registry",
			"shorten the repository")
	}
	r := &Reference{Host: host, Port: port}
	r.Repository, r.Variant, _ = strings.Cut(path, "/")
	switch {
	case hasTag && hasDigest:
		return nil, newError(ErrInvalidOCIFormat, "", "has both a tag and a digest", "remove one of them")
	case hasTag:
		r.Ref, err = tag, checkTag(tag)
	case hasDigest:
		r.Ref, err = digest, checkDigest(digest)
	}
	return r, err
}

// checkDigest takes the algorithms registered in the OCI image specification 1.1
// that every reader knows.
func checkDigest(s string) *Error {
	algorithm, encoded, _ := strings.Cut(s, ":")
	size := -1
	switch algorithm {
	case "sha256":
		size = 64
	case "sha512":
		size = 128
	}
	if len(encoded) == size && checkBytes(encoded, digits+"abcdef") == "" {
		return nil
	}
	return newError(ErrInvalidDigest, s, "not a sha256 or sha512 digest",
		"write sha256: and 64, or sha512: and 128 lower-case hexadecimal digits")
}

// FullRepository returns the path that a registry knows as <name>: the
// repository, followed by "/" and the variant if there is one.
func (r *Reference) FullRepository() string {
	if r.Variant == "" {
		return r.Repository
	}
	return r.Repository + "/" + r.Variant
}

// Registry returns host[:port], with brackets around an IPv6 address.
func (r *Reference) Registry() string { return formatAuthority(r.Host, r.Port) }

// IsDigest reports whether Ref is a digest, rather than a tag or nothing.
func (r *Reference) IsDigest() bool { return strings.Contains(r.Ref, ":") }

// String returns the reference as [Parse] takes it; parsing it gives an equal
// Reference.
func (r *Reference) String() string {
	text := scheme + r.Registry() + "/" + r.FullRepository()
	switch {
	case r.Ref == "":
		return text
	case r.IsDigest():
		return text + "@" + r.Ref
	default:
		return text + ":" + r.Ref
	}
}
