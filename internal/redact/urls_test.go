package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/redact"
)

func TestURLs(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a user and a password", "https://user:pw@host/path", "https://host/path"},
		{"a token", "see https://token@host and http://x", "see https://host and http://x"},
		{"a password for SSH", "ssh://git:pw@host/app", "ssh://host/app"},
		{"a query", "https://host/path?token=pw and more", "https://host/path and more"},
		{"go-getter", "git::https://u:pw@h/x", "git::https://h/x"},
		{"go-getter and SSH", "git::ssh://git:pw@h/x", "git::ssh://h/x"},
		{"upper case", "HTTPS://U:pw@h/x", "HTTPS://h/x"},
		{"one slash", "https:/u:pw@h/x", "https:/h/x"},
		{"backslashes", `https:\\u:pw@h\x`, `https:\\h\x`},
		{"escaped in JSON", `"https:\/\/u:pw@h\/x"`, `"https:\/\/h\/x"`},
		{"percent-encoded", "x?u=1 https%3A%2F%2Fu:pw%40h%2Fx", "x?u=1 https%3A%2F%2Fh%2Fx"},
		{"percent-encoded twice", "//u%253Apw%2540h/x", "//h/x"},
		{"an at sign in the password", "https://u:pw@pw@h/x", "https://h/x"},
		{"a slash in the password", "https://u:pw/pw@h/x", "https://h/x"},
		{"a quote in the password", `https://u:pw"pw@h/x`, `https://h/x`},
		{"several", `["https://u:pw@h/1","https://u:pw@h/2"]`, `["https://h/1","https://h/2"]`},

		{"without a scheme", "tok:pw@github.com/a/b", "github.com/a/b"},
		{"without a scheme, a slash in the password", "tok:pw/pw@github.com/a/b", "github.com/a/b"},
		{"without a scheme, an at sign in the password", "tok:pw@pw@github.com/a/b", "github.com/a/b"},
		{"without a scheme, a query", "github.com/a/b?token=pw x", "github.com/a/b x"},
		{"without a scheme, go-getter", "git::tok:pw@github.com/a/b", "git::github.com/a/b"},
		{"without a scheme, within JSON", `{"url":"tok:pw@github.com/a/b","mail":"jane@example.com"}`, `{"url":"github.com/a/b","mail":"jane@example.com"}`},
		{"without a scheme, a value", "--url=tok:pw@github.com/a/b", "--url=github.com/a/b"},
		{"without a scheme, a token", "pw@github.com/a/b", "github.com/a/b"},
		{"without a scheme, an empty user", ":pw@github.com/a/b", "github.com/a/b"},
		{"as for scp", "user:pw@host:path", "host:path"},
		{"numbers", "1:2@host:path", "host:path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, redact.URLs(tt.text))
			assert.Equal(t, tt.want, redact.URLs(tt.want), "nothing is left")
		})
	}
	for _, same := range []string{
		"", "no URL, but jane@example.com?", "Jane Doe <jane@example.com>", "mailto:jane@example.com",
		"ssh://git@host/app", "git+ssh://git@host:22/app", "git@github.com:org/app", "git@github.com/org/app", "git::git@github.com:org/app", "git::ssh://git@host/app",
		"https://host/@scope/app", "https://host:8080/app@v1", "localhost:5000/app@v1", "C:/Users/jane@example.com",
		"github.com/org/app@v1.2.3/file.go", "app@v1.2.3/file.go", "main@sha1:0123456789abcdef", "feature/x@sha1:0123456789abcdef",
		"nginx:1.29@sha256:" + strings.Repeat("0a", 32), "localhost:5000/org/app:v1@sha256:" + strings.Repeat("0a", 32),
		`{"mail":"jane@example.com"}`, "is it example.com/x? yes",
	} {
		assert.Equal(t, same, redact.URLs(same))
	}
}

func TestSource(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"user, password and query", "https://user:pw@host/app?token=pw", "https://host/app"},
		{"token", "https://pw@host/app.git", "https://host/app.git"},
		{"password for SSH", "ssh://git:pw@host/app", "ssh://host/app"},
		{"question mark in the password", "https://user:pw?pw@host/app", "https://host/app"},
		{"one slash", "https:/user:pw@host/app", "https:/host/app"},
		{"no scheme", "user:pw@host.example/app", "host.example/app"},
		{"as for scp", "user:pw@host:app", "host:app"},
		{"any query", "https://host/app?v=1", "https://host/app"},
		{"query with an at sign", "https://host?x=a@b", "https://host"},
		{"user for SSH", "ssh://git@host/app.git", "ssh://git@host/app.git"},
		{"host and path", "git@github.com:org/app", "git@github.com:org/app"},
		{"path with an at sign", "https://host/a:b@c", "https://host/a:b@c"},
		{"path behind an address", "https://[::1]:8080/a@b", "https://[::1]:8080/a@b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, redact.Source(tt.text))
		})
	}
}
