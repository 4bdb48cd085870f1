package reference

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxHost  = 253 // RFC 1035 section 2.3.4: 255 octets, of which text shows 253
	maxLabel = 63  // RFC 1035 section 2.3.4
)

// parseAuthority takes host[:port] apart. The host comes without brackets, the
// port is 0 when there is none.
func parseAuthority(s string) (string, int32, *Error) {
	address := strings.LastIndexByte(s, ']') + 1 // length of the part in brackets
	if strings.Count(s[address:], ":") > 1 {
		return "", 0, newError(ErrInvalidHost, s, "more than one colon outside brackets",
			"write an IPv6 address in brackets, such as [::1]:5000")
	}
	name, port, hasPort := strings.Cut(s[address:], ":")
	host, err := parseHost(s[:address] + name)
	if err != nil || !hasPort {
		return host, 0, err
	}
	number, err := parsePort(port)
	return host, number, err
}

// formatAuthority is the inverse of [parseAuthority].
func formatAuthority(host string, port int32) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(int(port))
}

func parseHost(s string) (string, *Error) {
	if strings.HasPrefix(s, "[") {
		return parseIPv6(s)
	}
	reason, hint := checkDomain(s)
	if reason != "" {
		return "", newError(ErrInvalidHost, s, reason, hint)
	}
	return s, nil
}

// parseIPv6 takes the brackets off an address.
func parseIPv6(s string) (string, *Error) {
	var reason string
	text, closed := strings.CutSuffix(s[1:], "]")
	address, err := netip.ParseAddr(text)
	switch {
	case err != nil || !closed || !address.Is6():
		reason = "not an IPv6 address in brackets"
	case address.Zone() != "":
		reason = "has a zone"
	default:
		return text, nil
	}
	return "", newError(ErrInvalidHost, s, reason, "write an address such as [::1]:5000")
}

// checkDomain returns the reason why s is not a domain name, or "".
func checkDomain(s string) (reason, hint string) {
	hint = "write letters, digits and inner hyphens, joined by dots"
	switch {
	case s == "":
		return "missing", hint
	case len(s) > maxHost:
		return "longer than 253 bytes", hint
	case strings.HasSuffix(s, "."):
		return "ends with a dot", "remove the last dot"
	case strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }):
		hint = "write an international domain name in punycode (xn--…)"
	}
	if reason = checkBytes(s, alphanum+".-"); reason != "" {
		return reason, hint
	}
	for label := range strings.SplitSeq(s, ".") {
		switch {
		case label == "":
			return "empty label", hint
		case len(label) > maxLabel:
			return "label longer than 63 bytes", hint
		case strings.Trim(label, "-") != label:
			return "label starts or ends with a hyphen", hint
		}
	}
	return "", ""
}

func parsePort(s string) (int32, *Error) {
	var reason string
	port, err := strconv.ParseUint(s, 10, 16)
	switch {
	case s == "":
		reason = "missing"
	case checkBytes(s, digits) != "":
		reason = "not a number"
	case err != nil || port == 0:
		reason = "not between 1 and 65535"
	case s[0] == '0':
		reason = "starts with a zero"
	default:
		return int32(port), nil
	}
	return 0, newError(ErrInvalidPort, s, reason, "remove the colon, or write a port such as :5000")
}
