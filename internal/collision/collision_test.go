package collision_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/collision"
)

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		name  string
		paths []string // sorted
		want  *collision.Collision
	}{
		{"no paths", nil, nil},
		{"none", []string{"a-b", "a.yaml", "a/b", "b/a"}, nil},
		{"case alone makes none", []string{"APP/a", "App/a", "a"}, nil},
		{"duplicate path", []string{"a.yaml", "a.yaml", "b.yaml"}, &collision.Collision{Path: "a.yaml", First: 0, Second: 1}},
		{"file where a directory has to be", []string{"a.yaml", "a.yaml/b/c.yaml"}, &collision.Collision{Path: "a.yaml", First: 0, Second: 1}},
		{"the same with others between", []string{"a", "a-b", "a.yaml", "a/b"}, &collision.Collision{Path: "a", First: 0, Second: 3}},
		{"further up", []string{"app/x/a.yaml", "app/x/a.yaml/b/c.yaml"}, &collision.Collision{Path: "app/x/a.yaml", First: 0, Second: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, collision.Find(tt.paths)) })
	}
}
