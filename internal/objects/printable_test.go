package objects

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestIsPrintable puts every byte at every position, among those at the edges.
func TestIsPrintable(t *testing.T) {
	edges := []byte{' ', '~', 'a', 0x7f, 0x1f, 0x80, 0, 0xff, '!', '}', '\n'}
	for b := range 256 {
		for place := range 8 {
			for range 50 {
				var bytes [8]byte
				for i := range bytes {
					bytes[i] = edges[rand.IntN(3+rand.IntN(len(edges)-2))] // mostly printable
				}
				bytes[place] = byte(b)
				want := true
				for _, c := range bytes {
					want = want && c >= ' ' && c <= '~'
				}
				require.Equal(t, want, isPrintable(binary.LittleEndian.Uint64(bytes[:])), "%q", bytes)
				want = true
				for _, c := range bytes {
					want = want && (c >= ' ' && c <= '~' || c == '\n')
				}
				require.Equal(t, want, oddBytes(binary.LittleEndian.Uint64(bytes[:])) == 0, "%q", bytes)
			}
		}
	}
}
