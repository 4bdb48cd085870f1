package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/examples/internal/usagetest"
)

func TestHelp(t *testing.T) {
	o := push(t, "", nil, "-h")
	assert.Zero(t, o.status)
	assert.Empty(t, o.stderr)
	for _, want := range []string{"go run ./examples/push", "-ref oci://", "-password-stdin"} {
		assert.Contains(t, o.stdout, want)
	}
}

func TestCommandsInHelp(t *testing.T) {
	usagetest.Check(t, usage, "push", run)
}

func TestWrongUsage(t *testing.T) {
	const ref = "-ref=oci://localhost:1/shop:1"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown flag", []string{"-colour"}, "flag provided but not defined: -colour"},
		{"two directories", []string{"a", "b"}, "unexpected argument 2: flags come first"},
		{"flag after the directory", []string{flatTree, "-json"}, "unexpected argument 2"},
		{"unknown engine", []string{"-engine", "jenkins"}, "-engine: unknown GitOps engine"},
		{"invalid time", []string{"-created", "yesterday"}, `-created: "yesterday"`},
		{"annotation without a value", []string{"-annotation", "key"}, "want key=value"},
		{"duplicate annotation", []string{"-annotation", "k=1", "-annotation", "k=2"}, `duplicate key "k"`},
		{"zero timeout", []string{"-timeout", "0s"}, "-timeout"},
		{"digest as the destination", []string{"-ref", "oci://localhost/shop@sha256:" + strings.Repeat("0", 64)}, "want a tag, not a digest"},
		{"no tag", []string{"-ref", "oci://localhost/shop"}, "add the tag"},
		{"no scheme", []string{"-ref", "localhost:1/shop:1", flatTree}, "hint: write oci:// in front"},
		{"password in the reference", []string{"-ref", "oci://u:" + canary + "@host/shop:1"}, "credentials do not belong in a reference"},
		{"password as a value", []string{ref, "-username", "u", "-password-stdin=" + canary, flatTree}, "-password-stdin takes no value"},
		{"password as an argument", []string{ref, "-username", "u", "-password-stdin", canary, flatTree}, "unexpected argument 2"},
		{"user without a password", []string{ref, "-username", "u", flatTree}, "go together"},
		{"password without a user", []string{ref, "-password-stdin", flatTree}, "go together"},
		{"empty password", []string{ref, "-username", "u", "-password-stdin", flatTree}, "no password"},
		{"plain HTTP with a certificate", []string{ref, "-plain-http", "-ca-file", "ca.pem", flatTree}, "contradict"},
		{"no directory", []string{ref}, "want the directory to push"},
		{"empty reference", []string{"-ref", "", flatTree}, "-ref is empty: is a variable not set?"},
		{"empty directory name", []string{""}, "an argument is empty: is a variable not set?"},
		{"reference without -ref", []string{"oci://u:" + canary + "@host/shop:1"}, "write it after -ref"},
		{"URL as an annotation", []string{"-annotation", "https://u:" + canary + "@host"}, "want key=value"},
		{"zero time", []string{"-created", "0001-01-01T00:00:00Z", flatTree}, "-created"},
		{"illegal tag", []string{"-tag", "a+b", flatTree}, "error: -tag: invalid tag \"a+b\": \"+\" is not allowed\nhint: write \"a-b\"\n"},
		{"illegal pattern", []string{"-include", "a/b", flatTree}, "invalid include pattern"},
		{"illegal root", []string{"-root", "base", flatTree}, "base=../base"},
		{"root outside the tree", []string{"-root", "../x=" + flatTree, flatTree}, "stay inside the artifact"},
		{"illegal prefix", []string{"-prefix", "a/b", flatTree}, "invalid prefix"},
		{"reserved annotation", []string{"-annotation", "org.opencontainers.image.title=x", flatTree}, "Name sets it"},
		{"plain HTTP credentials over TLS", []string{ref, "-plain-http-credentials", "-insecure-skip-verify", flatTree}, "contradict"},
		{"unknown layout", []string{"-layout", "top", flatTree}, "-layout: unknown layout"},
		{"illegal revision", []string{"-revision", "a b", flatTree}, "hint: set -revision as Flux writes it"},
		{"path outside the tree", []string{"-path", "../x", flatTree}, "invalid path"},
		{"connection flag without a registry", []string{"-plain-http"}, "-plain-http needs -ref"},
		{"illegal pattern in a plan", []string{ref, "-plan", "-include", "a/b", flatTree}, "invalid include pattern"},
		{"illegal prefix in a plan without a registry", []string{"-plan", "-prefix", "a/b", flatTree}, "invalid prefix"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, "", nil, tt.args...)
			assert.Equal(t, 2, o.status)
			assert.Contains(t, o.stderr, tt.want)
			assert.NotContains(t, o.stderr, canary)
			assert.Empty(t, o.stdout)
		})
	}
	o := push(t, "", map[string]string{"SOURCE_DATE_EPOCH": "soon"}, flatTree)
	assert.Equal(t, 2, o.status)
	assert.Contains(t, o.stderr, "SOURCE_DATE_EPOCH")
}

func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"missing directory", []string{"no-such"}, `error: source path does not exist: "no-such"`},
		{"missing directory of a plan", []string{"-plan", "no-such"}, `error: source path does not exist: "no-such"`},
		{"missing certificates", []string{"-ref", "oci://localhost:1/shop:1", "-ca-file", "no-such.pem", flatTree}, "no-such.pem"},
		{"file without certificates", []string{"-ref", "oci://localhost:1/shop:1", "-ca-file", "main.go", flatTree}, "no certificate in PEM form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, "", nil, tt.args...)
			assert.Equal(t, 1, o.status)
			assert.Contains(t, o.stderr, tt.want)
			assert.NotContains(t, o.stderr, canary)
			assert.Empty(t, o.stdout)
		})
	}
}
