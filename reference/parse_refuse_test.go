package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/reference"
)

func TestParseRefuses(t *testing.T) {
	repository254 := strings.Repeat("a", 254)
	label64 := strings.Repeat("a", 64)
	host254 := strings.Repeat("a.", 126) + "aa"
	for _, tt := range []refusal{
		// Scheme.
		{
			"blank", "  ", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "  ": does not start with oci://`, hintScheme,
		},
		{
			"no scheme", "host/repo:v1", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "host/repo:v1": does not start with oci://`, hintScheme,
		},
		{
			"https", "https://host/repo", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "https://host/repo": does not start with oci://`, hintScheme,
		},
		{
			"http", "http://host/repo", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "http://host/repo": does not start with oci://`, hintScheme,
		},
		{
			"docker", "docker://host/repo", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "docker://host/repo": does not start with oci://`, hintScheme,
		},
		{
			"upper-case scheme", "OCI://host/repo", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "OCI://host/repo": does not start with oci://`, hintScheme,
		},
		{
			"one slash", "oci:/host/repo", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "oci:/host/repo": does not start with oci://`, hintScheme,
		},
		{
			"blank in front", " oci://host/repo", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in " oci://host/repo": does not start with oci://`, hintScheme,
		},

		// Host.
		{
			"scheme alone", "oci://", reference.ErrInvalidHost,
			`invalid host in "oci://": missing`, hintDomain,
		},
		{
			"no host", "oci:///repo", reference.ErrInvalidHost,
			`invalid host in "oci:///repo": missing`, hintDomain,
		},
		{
			"port without a host", "oci://:5000/repo", reference.ErrInvalidHost,
			`invalid host in "oci://:5000/repo": missing`, hintDomain,
		},
		{
			"two schemes", "oci://https://host/repo", reference.ErrInvalidPort,
			`invalid port in "oci://https://host/repo": missing`, hintPort,
		},
		{
			"underscore", "oci://host_a/repo", reference.ErrInvalidHost,
			`invalid host "host_a" in "oci://host_a/repo": "_" is not allowed`, hintDomain,
		},
		{
			"blank in the host", "oci://ho st/repo", reference.ErrInvalidHost,
			`invalid host "ho st" in "oci://ho st/repo": " " is not allowed`, hintDomain,
		},
		{
			"newline in the host", "oci://ho\nst/repo", reference.ErrInvalidHost,
			`invalid host "ho\nst" in "oci://ho\nst/repo": "\n" is not allowed`, hintDomain,
		},
		{
			"percent in the host", "oci://ho%2fst/repo", reference.ErrInvalidHost,
			`invalid host "ho%2fst" in "oci://ho%2fst/repo": "%" is not allowed`, hintDomain,
		},
		{
			"international domain name", "oci://münchen.example/repo", reference.ErrInvalidHost,
			`invalid host "münchen.example" in "oci://münchen.example/repo": "ü" is not allowed`, hintPunycode,
		},
		{
			"not UTF-8", "oci://h\xff/repo", reference.ErrInvalidHost,
			`invalid host "h\xff" in "oci://h\xff/repo": "\xff" is not allowed`, hintPunycode,
		},
		{
			"dot at the end", "oci://host./repo", reference.ErrInvalidHost,
			`invalid host "host." in "oci://host./repo": ends with a dot`, "remove the last dot",
		},
		{
			"two dots", "oci://a..b/repo", reference.ErrInvalidHost,
			`invalid host "a..b" in "oci://a..b/repo": empty label`, hintDomain,
		},
		{
			"hyphen in front", "oci://-a.b/repo", reference.ErrInvalidHost,
			`invalid host "-a.b" in "oci://-a.b/repo": label starts or ends with a hyphen`, hintDomain,
		},
		{
			"hyphen at the end of the last label", "oci://a.b-/repo", reference.ErrInvalidHost,
			`invalid host "a.b-" in "oci://a.b-/repo": label starts or ends with a hyphen`, hintDomain,
		},
		{
			"label of 64 bytes", "oci://a." + label64 + "/repo", reference.ErrInvalidHost,
			`invalid host "a.` + label64 + `" in "oci://a.` + label64 + `/repo": label longer than 63 bytes`, hintDomain,
		},
		{
			"host of 254 bytes", "oci://" + host254 + "/repo", reference.ErrInvalidHost,
			`invalid host "` + host254[:159] + `"… in "oci://` + host254[:153] + `"…: longer than 253 bytes`, hintDomain,
		},
		{
			"IPv6 without brackets", "oci://::1/repo", reference.ErrInvalidHost,
			`invalid host "::1" in "oci://::1/repo": more than one colon outside brackets`,
			`write an IPv6 address in brackets, such as [::1]:5000`,
		},
		{
			"IPv6 with a zone", "oci://[fe80::1%25eth0]/repo", reference.ErrInvalidHost,
			`invalid host "[fe80::1%25eth0]" in "oci://[fe80::1%25eth0]/repo": has a zone`, hintIPv6,
		},
		{
			"IPv4 in brackets", "oci://[127.0.0.1]/repo", reference.ErrInvalidHost,
			`invalid host "[127.0.0.1]" in "oci://[127.0.0.1]/repo": not an IPv6 address in brackets`, hintIPv6,
		},
		{
			"bracket left open", "oci://[::1/repo", reference.ErrInvalidHost,
			`invalid host "[::1" in "oci://[::1/repo": more than one colon outside brackets`,
			`write an IPv6 address in brackets, such as [::1]:5000`,
		},
		{
			"bracket alone", "oci://[/repo", reference.ErrInvalidHost,
			`invalid host "[" in "oci://[/repo": not an IPv6 address in brackets`, hintIPv6,
		},
		{
			"text behind the bracket", "oci://[::1]5000/repo", reference.ErrInvalidHost,
			`invalid host "[::1]5000" in "oci://[::1]5000/repo": not an IPv6 address in brackets`, hintIPv6,
		},

		// Port.
		{
			"port without digits", "oci://host:/repo", reference.ErrInvalidPort,
			`invalid port in "oci://host:/repo": missing`, hintPort,
		},
		{
			"port by name", "oci://host:http/repo", reference.ErrInvalidPort,
			`invalid port "http" in "oci://host:http/repo": not a number`, hintPort,
		},
		{
			"port 0", "oci://host:0/repo", reference.ErrInvalidPort,
			`invalid port "0" in "oci://host:0/repo": not between 1 and 65535`, hintPort,
		},
		{
			"port 65536", "oci://host:65536/repo", reference.ErrInvalidPort,
			`invalid port "65536" in "oci://host:65536/repo": not between 1 and 65535`, hintPort,
		},
		{
			"port 70000", "oci://host:70000/repo:v1", reference.ErrInvalidPort,
			`invalid port "70000" in "oci://host:70000/repo:v1": not between 1 and 65535`, hintPort,
		},
		{
			"port with a leading zero", "oci://host:080/repo", reference.ErrInvalidPort,
			`invalid port "080" in "oci://host:080/repo": starts with a zero`, hintPort,
		},
		{
			"port with a sign", "oci://host:+80/repo", reference.ErrInvalidPort,
			`invalid port "+80" in "oci://host:+80/repo": not a number`, hintPort,
		},
		{
			"port with a digit that is not ASCII", "oci://host:٣/repo", reference.ErrInvalidPort,
			`invalid port "٣" in "oci://host:٣/repo": not a number`, hintPort,
		},
		{
			"IPv6 and a bad port", "oci://[::1]:x/repo", reference.ErrInvalidPort,
			`invalid port "x" in "oci://[::1]:x/repo": not a number`, hintPort,
		},
		{
			"bad port in front of a digest", "oci://host:70000/repo@sha256:0", reference.ErrInvalidPort,
			`invalid port "70000" in "oci://host:70000/repo@sha256:0": not between 1 and 65535`, hintPort,
		},

		// Repository.
		{
			"host alone", "oci://host", reference.ErrInvalidRepository,
			`invalid repository in "oci://host": missing`, hintRepository,
		},
		{
			"host and slash", "oci://host/", reference.ErrInvalidRepository,
			`invalid repository in "oci://host/": missing`, hintRepository,
		},
		{
			"tag without a repository", "oci://host/:v1", reference.ErrInvalidRepository,
			`invalid repository in "oci://host/:v1": missing`, hintRepository,
		},
		{
			"upper case", "oci://host/Org/App:V1", reference.ErrInvalidRepository,
			`invalid repository "Org/App" in "oci://host/Org/App:V1": "O" is not allowed`, `write "org/app"`,
		},
		{
			"empty segment", "oci://host/repo//x", reference.ErrInvalidRepository,
			`invalid repository "repo//x" in "oci://host/repo//x": empty path segment`, hintRepository,
		},
		{
			"slash at the end", "oci://host/repo/", reference.ErrInvalidRepository,
			`invalid repository "repo/" in "oci://host/repo/": empty path segment`, hintSlash,
		},
		{
			"dot", "oci://host/./repo", reference.ErrInvalidRepository,
			`invalid repository "./repo" in "oci://host/./repo": misplaced ".", "_" or "-"`, hintRepository,
		},
		{
			"dot dot", "oci://host/repo/../x", reference.ErrInvalidRepository,
			`invalid repository "repo/../x" in "oci://host/repo/../x": misplaced ".", "_" or "-"`, hintRepository,
		},
		{
			"escaped dot dot", "oci://host/%2e%2e/x", reference.ErrInvalidRepository,
			`invalid repository "%2e%2e/x" in "oci://host/%2e%2e/x": "%" is not allowed`, hintRepository,
		},
		{
			"NUL", "oci://host/re\x00po", reference.ErrInvalidRepository,
			`invalid repository "re\x00po" in "oci://host/re\x00po": "\x00" is not allowed`, hintRepository,
		},
		{
			"one separator", "oci://host/_:v1", reference.ErrInvalidRepository,
			`invalid repository "_" in "oci://host/_:v1": misplaced ".", "_" or "-"`, hintRepository,
		},
		{
			"256 bytes with the registry", "oci://h/" + repository254, reference.ErrInvalidRepository,
			`invalid repository "` + repository254[:159] + `"… in "oci://h/` + repository254[:151] +
				`"…: longer than 255 bytes with its registry`, hintShorter,
		},

		// Tag.
		{
			"empty tag", "oci://host/repo:", reference.ErrInvalidTag,
			`invalid tag in "oci://host/repo:": missing`, "write a tag such as v1.0.0",
		},
		{
			"plus in the tag", "oci://host/repo:1.0.0+build.7", reference.ErrInvalidTag,
			`invalid tag "1.0.0+build.7" in "oci://host/repo:1.0.0+build.7": "+" is not allowed`, `write "1.0.0" without the build metadata: with a hyphen in front, version ranges would pass over it`,
		},
		{
			"two tags", "oci://host/repo:v1:v2", reference.ErrInvalidTag,
			`invalid tag "v1:v2" in "oci://host/repo:v1:v2": ":" is not allowed`, `write "v1-v2"`,
		},
		{
			"slash in the tag", "oci://host/repo:v1/x", reference.ErrInvalidTag,
			`invalid tag "v1/x" in "oci://host/repo:v1/x": "/" is not allowed`, `write "v1-x"`,
		},
		{
			"ESC in the tag", "oci://host/repo:v\x1b[1m", reference.ErrInvalidTag,
			`invalid tag "v\x1b[1m" in "oci://host/repo:v\x1b[1m": "\x1b" is not allowed`, `write "v-1m"`,
		},
		{
			"newline at the end", "oci://host/repo:v1\n", reference.ErrInvalidTag,
			`invalid tag "v1\n" in "oci://host/repo:v1\n": "\n" is not allowed`, `write "v1"`,
		},

		// Digest.
		{
			"tag and digest", "oci://host/repo:v1@sha256:0", reference.ErrInvalidOCIFormat,
			`invalid OCI format in "oci://host/repo:v1@sha256:0": has both a tag and a digest`, "remove one of them",
		},
		{
			"short digest", "oci://host/repo@sha256:abc", reference.ErrInvalidDigest,
			`invalid digest "sha256:abc" in "oci://host/repo@sha256:abc": not a sha256 or sha512 digest`, hintDigest,
		},
		{
			"long digest", "oci://host/repo@" + sha256Digest + "0", reference.ErrInvalidDigest,
			`invalid digest "` + sha256Digest + `0" in "oci://host/repo@` + sha256Digest + `0": not a sha256 or sha512 digest`, hintDigest,
		},
		{
			"sha512 of the length of sha256", "oci://host/repo@sha512:" + sha256Digest[7:], reference.ErrInvalidDigest,
			`invalid digest "sha512:` + sha256Digest[7:] + `" in "oci://host/repo@sha512:` + sha256Digest[7:] +
				`": not a sha256 or sha512 digest`, hintDigest,
		},
		{
			"upper-case digest", "oci://host/repo@sha256:" + strings.Repeat("A", 64), reference.ErrInvalidDigest,
			`invalid digest "sha256:` + strings.Repeat("A", 64) + `" in "oci://host/repo@sha256:` + strings.Repeat("A", 64) +
				`": not a sha256 or sha512 digest`, hintDigest,
		},
		{
			"upper-case algorithm", "oci://host/repo@SHA256:00", reference.ErrInvalidDigest,
			`invalid digest "SHA256:00" in "oci://host/repo@SHA256:00": not a sha256 or sha512 digest`, hintDigest,
		},
		{
			"md5", "oci://host/repo@md5:d41d8cd98f00b204e9800998ecf8427e", reference.ErrInvalidDigest,
			`invalid digest "md5:d41d8cd98f00b204e9800998ecf8427e" in "oci://host/repo@md5:d41d8cd98f00b204e9800998ecf8427e"` +
				`: not a sha256 or sha512 digest`, hintDigest,
		},
		{
			"algorithm alone", "oci://host/repo@md5:", reference.ErrInvalidDigest,
			`invalid digest "md5:" in "oci://host/repo@md5:": not a sha256 or sha512 digest`, hintDigest,
		},

		// Secrets.
		{
			"query", "oci://host/repo?token=hunter2", reference.ErrInvalidOCIFormat,
			`invalid OCI format: the text after "?" may be a secret`, hintQuery,
		},
		{
			"query behind another scheme", "https://host/repo?sig=hunter2", reference.ErrInvalidOCIFormat,
			`invalid OCI format: the text after "?" may be a secret`, hintQuery,
		},
		{
			"query behind a digest", "oci://host/repo@sha256:0?sig=hunter2", reference.ErrInvalidOCIFormat,
			`invalid OCI format: the text after "?" may be a secret`, hintQuery,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := reference.Parse(tt.input)
			tt.check(t, err)
			assert.Nil(t, r)
		})
	}
}
