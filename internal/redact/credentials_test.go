package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/redact"
)

func TestHoldsCredential(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"user and password", "https://user:pw@host/app.git", true},
		{"token as the user", "https://ghp_x@github.com/org/app", true},
		{"token of Git over HTTP", "git+https://ghp_x@github.com/org/app", true},
		{"token of go-getter", "git::https://ghp_x@github.com/org/app", true},
		{"password without a user", "https://:pw@host:8443/app", true},
		{"password of numbers", "https://user:123@host/app", true},
		{"encoded password", "https://user:pw%40x@host/app", true},
		{"encoded at sign", "https://user:pw%40host/app", true},
		{"encoded in a query", "https://host/x?next=https%3A%2F%2Fuser:pw%40host", true},
		{"encoded twice", "pkg:generic/x?download_url=https%253A%252F%252Fuser%253Apw%2540host", true},
		{"escaped as in JSON", `{"url":"https:\/\/user:pw@host\/app"}`, true},
		{"another scheme", "oci://user:pw@host/app", true},
		{"database", "see postgres://user:pw@host/db", true},
		{"no scheme", "//user:pw@host/app", true},
		{"password for SSH", "ssh://git:pw@host/app", true},
		{"upper case", "HTTPS://user:pw@host/app", true},
		{"backslashes", `https:\\user:pw@host\app`, true},
		{"one slash", "https:/user:pw@host/app", true},
		{"three slashes", "https:///user:pw@host/app", true},
		{"at sign in the password", "https://user:pw@x@host/app", true},
		{"slash in the password", "https://user:pw/x@host/app", true},
		{"slash in the password of another scheme", "redis://:pw/x@host/app", true},
		{"blank in the password", "https://user:p w@host/app", true},
		{"quote in the password", `https://user:pw"x@host/app`, true},
		{"question mark in the password", "https://user:pw?x@host/app", true},
		{"number sign in the password", "https://user:pw#x@host/app", true},
		{"second URL", "https://host/ https://user:pw@host/", true},
		{"digest behind a token", "https://ghp_x@" + digest, true},
		{"signature of S3", "https://host/x?X-Amz-Date=1&X-Amz-Signature=abc", true},
		{"signature of Azure", "https://host/x?sv=1&sig=abc", true},
		{"token in the query", "https://host/x?token=abc", true},
		{"access token in the query", "https://host/x?access_token=abc&y=z", true},
		{"private token in the query", "from https://host/x?PRIVATE-TOKEN=abc today", true},
		{"access token in the fragment", "https://host/x#access_token=abc", true},
		{"key in the query", "https://host/x?api_key=abc", true},
		{"encoded query", "https://host/x?next=%2Fy%3Ftoken%3Dabc", true},
		{"query without a scheme", "github.com/org/app?token=abc", true},

		{"empty", "", false},
		{"address of mail", "contact: jane@example.com", false},
		{"address of mail without a blank", "contact:jane@example.com", false},
		{"name and address of mail", "Jane Doe <jane@example.com>", false},
		{"mailto", "mailto:jane@x", false},
		{"build", "build: 2024@main", false},
		{"build without a blank", "build:2024@main", false},
		{"package", "pkg:npm/%40angular/core@1.0", false},
		{"package with a query", "pkg:oci/app@sha256%3Aabc?arch=amd64&repository_url=ghcr.io/org", false},
		{"path with an at sign", "https://host/a:b@c", false},
		{"path with a scope", "https://host/@scope/app", false},
		{"path in an encoded form", "https://host/%40scope/a%3Ab%40c", false},
		{"path behind a port", "https://host:8080/app@v1", false},
		{"path behind an address", "https://[::1]:8080/a@b", false},
		{"path behind an address without a port", "http://[2001:db8::1]/a@b", false},
		{"query", "https://host/x?v=abc", false},
		{"query with an address of mail", "https://host/x?mail=jane@example.com", false},
		{"query without a path", "https://host?x=a@b", false},
		{"query with an empty token", "https://host/x?token=&y=z", false},
		{"query with a word that holds one", "https://host/x?tokens=2&design=x", false},
		{"fragment", "https://host#a@b", false},
		{"scp", "git@github.com:org/repo", false},
		{"SSH", "ssh://git@host/repo", false},
		{"SSH with a port", "git+ssh://git@host:22/repo", false},
		{"image", "nginx:1.29@" + digest, false},
		{"image with a scheme", "docker://nginx:1.29@" + digest, false},
		{"image with a scheme and a tag", "docker://nginx:1.29 by jane@example.com", false},
		{"revision", "main@sha1:0123456789abcdef", false},
		{"file", "file:///a:b@c", false},
		{"path with a drive", "C:/Users/a:b@c", false},
		{"port at the end of a clause", "see (http://localhost:8080), and ask jane@example.com", false},
		{"port that is a name", "https://host:PORT/x and jane@example.com", false},
		{"port of a list", `["http://a:1","jane@example.com"]`, false},
		{"empty user", "https://@host/", false},
		{"empty password", "ssh://git:@host/", false},
		{"question", "really? token=abc", false},
		{"comment", "// ask jane@example.com", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, redact.HoldsCredential(tt.text), tt.text)
		})
	}
}

// What the check does is bounded by the length of the text.
func FuzzHoldsCredential(f *testing.F) {
	for _, text := range []string{
		"", "@", "//", "://@", "https://", "https://@", "//:@", "//:", "%", "%4", "%25252540", "\xff", "\x00", "a@" + strings.Repeat("//x:y", 1000),
		strings.Repeat("/", 1000), strings.Repeat("@", 1000), strings.Repeat("//x:y", 1000) + " @", "https://host:2147483648/", "https://host:9223372036854775807/x@y", "https://host:-1/x@y",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		redact.HoldsCredential(text)
		if !redact.HoldsCredential(text + " https://user:password@host/") {
			t.Fatalf("%q hides a password", text)
		}
	})
}
