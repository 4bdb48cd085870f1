package objects

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWords puts every byte at every position of a word, among those at the edges.
func TestWords(t *testing.T) {
	edges := []byte{' ', '~', 'a', '\n', 0x7f, 0x1f, 0x80, 0, 0xff, '!', '}', '\n' + 1}
	for b := range 256 {
		for place := range 8 {
			for range 50 {
				var text [8]byte
				for i := range text {
					text[i] = edges[rand.IntN(4+rand.IntN(len(edges)-3))] // mostly printable
				}
				text[place] = byte(b)
				printable := true
				for _, c := range text {
					printable = printable && c >= ' ' && c <= '~'
				}
				word := binary.LittleEndian.Uint64(text[:])
				require.Equal(t, printable, unprintable(word) == 0, "%q", text)
				at := bytes.IndexByte(text[:], byte(b))
				require.Equal(t, at, bits.TrailingZeros64(equal(word, uint64(b)))/8, "%q", text)
				require.Equal(t, at, bits.TrailingZeros64(first(word, uint64(b)))/8, "%q", text)
			}
		}
	}
}

// TestLineFinder compares the lines of random texts, with many line breaks and with few.
func TestLineFinder(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	alphabets := []string{"\n", "a\n", "a ~\n", "a", "abcdefghijklmnopqrstuvwxyz ~!}:#-\n", "a\t\n", "a\x7f\n", "\n\x80\xff", " \n\x1f", "a\x0b", "\r\n"}
	var found lineFinder
	for range fewer(50_000) {
		alphabet := alphabets[rng.IntN(len(alphabets))]
		text := make([]byte, 1+rng.IntN(1<<rng.IntN(13)))
		for i := range text {
			text[i] = alphabet[rng.IntN(len(alphabet))]
		}
		var want []int
		odd := false
		for i, c := range text {
			if c == '\n' {
				want = append(want, i)
			}
			odd = odd || (c < ' ' || c > '~') && c != '\n'
		}
		if text[len(text)-1] != '\n' {
			want = append(want, len(text))
		}
		found = lineFinder{ends: found.ends[:0]}
		var ends []int
		for found.read < len(text) {
			found.find(text)
			ends = append(ends, found.ends...)
		}
		require.Equal(t, want, ends, "%q", text)
		require.Equal(t, odd, found.odd, "%q", text)
	}
}
