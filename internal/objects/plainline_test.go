package objects

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLineFinder puts every byte at every position, among those at the edges.
func TestLineFinder(t *testing.T) {
	edges := []byte{' ', '~', 'a', '\n', 0x7f, 0x1f, 0x80, 0, 0xff, '!', '}', '\n' + 1}
	for b := range 256 {
		for place := range 12 {
			for range 50 {
				var text [12]byte
				for i := range text {
					text[i] = edges[rand.IntN(4+rand.IntN(len(edges)-3))] // mostly printable
				}
				text[place] = byte(b)
				var ends []int
				odd, printable := false, true
				for i, c := range text {
					if c == '\n' {
						ends = append(ends, i)
					}
					odd = odd || (c < ' ' || c > '~') && c != '\n'
					printable = printable && (i >= 8 || c >= ' ' && c <= '~')
				}
				if text[len(text)-1] != '\n' {
					ends = append(ends, len(text))
				}
				var found lineFinder
				found.find(text[:])
				require.Equal(t, ends, found.ends, "%q", text)
				require.Equal(t, odd, found.odd, "%q", text)
				word := binary.LittleEndian.Uint64(text[:])
				require.Equal(t, printable, unprintable(word) == 0, "%q", text)
				at := bytes.IndexByte(text[:8], byte(b))
				if at < 0 {
					at = 8
				}
				require.Equal(t, at, bits.TrailingZeros64(equal(word, uint64(b)))/8, "%q", text)
				require.Equal(t, at, bits.TrailingZeros64(first(word, uint64(b)))/8, "%q", text)
			}
		}
	}
}
