package casefold_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/casefold"
)

func TestKey(t *testing.T) {
	texts := []string{"", "a", "A", "k", "K", "\u212a", "ſ", "S", "s", "straße-ÄΣ", "straße-äς", "strasse", "İ", "i", "I", "ı"}
	for _, a := range texts {
		for _, b := range texts {
			assert.Equal(t, strings.EqualFold(a, b), casefold.Key(a) == casefold.Key(b), "%q and %q", a, b)
		}
	}
}
