package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/registry"
)

func TestProgress(t *testing.T) {
	layer := ocispec.Descriptor{Digest: digest.FromString("layer"), Size: 200}
	name := layer.Digest.String()
	for _, tt := range []struct {
		name        string
		events      []registry.Event
		plain, bars string
	}{
		{"done", []registry.Event{{Descriptor: layer, Bytes: 200}}, "sent " + name + ", 200 bytes\n", "sent " + name + ", 200 bytes\n"},
		{"skipped", []registry.Event{{Descriptor: layer, Bytes: 200, Skipped: true}}, "unchanged: " + name + ", 200 bytes\n", "unchanged: " + name + ", 200 bytes\n"},
		{"tag", []registry.Event{{Descriptor: layer, Bytes: 200, Tag: "v1"}}, "sent tag v1\n", "sent tag v1\n"},
		{
			"in transfer",
			[]registry.Event{{Descriptor: layer, Bytes: 50}, {Descriptor: layer, Bytes: 200}},
			"sent " + name + ", 200 bytes\n",
			"\r\x1b[K[" + strings.Repeat("#", 10) + strings.Repeat(".", 30) + "] 25 % of 200 bytes\r\x1b[Ksent " + name + ", 200 bytes\n",
		},
		{
			"retry",
			[]registry.Event{{Tag: "v1", Retry: &registry.Retry{Attempt: 2, Wait: 1234567 * time.Microsecond, Err: errors.New("broken")}}},
			"tag v1: attempt 2: broken; next attempt in 1.235s\n",
			"tag v1: attempt 2: broken; next attempt in 1.235s\n",
		},
		{
			"retry of a request without a name",
			[]registry.Event{{Retry: &registry.Retry{Attempt: 1, Err: errors.New("broken")}}},
			"the request: attempt 1: broken; next attempt in 0s\n",
			"the request: attempt 1: broken; next attempt in 0s\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for bar, want := range map[bool]string{false: tt.plain, true: tt.bars} {
				var out bytes.Buffer
				p := NewProgress(&out)
				assert.False(t, p.bar, "a buffer is not a terminal")
				p.bar = bar
				for _, e := range tt.events {
					p.Transfer(e, "sent")
				}
				p.Close()
				assert.Equal(t, want, out.String())
			}
		})
	}
}
