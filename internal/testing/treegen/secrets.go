package treegen

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// valuePiece returns a value of a Secret.
func valuePiece(rng *rand.Rand) string {
	return base64.StdEncoding.EncodeToString([]byte(sentence(rng, 4+rng.IntN(8)))) + "\n"
}

// ciphertextPiece returns a value that SOPS encrypted.
func ciphertextPiece(rng *rand.Rand) string {
	return fmt.Sprintf("ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:str]\n", random(rng, 20+rng.IntN(60)), random(rng, 32), random(rng, 16))
}

// random returns n random bytes in base64.
func random(rng *rand.Rand, n int) string {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return base64.StdEncoding.EncodeToString(data)
}

// jsonFilePiece is filePiece as a string of JSON.
func jsonFilePiece(rng *rand.Rand) string {
	text, _ := json.Marshal(filePiece(rng)) // of a string
	return string(text)
}

// jsonContainerPiece returns the end of a container.
func jsonContainerPiece(rng *rand.Rand) string {
	var env []string
	for i := range 3 + rng.IntN(4) {
		env = append(env, fmt.Sprintf(`{"name": "%s_%d", "value": %q}`, strings.ToUpper(pick(rng, words)), i, sentence(rng, 2)))
	}
	return fmt.Sprintf(`"args": ["--%s"],
           "env": [%s],
           "resources": {"requests": {"cpu": "%dm", "memory": "%dMi"}}}`,
		pick(rng, words), strings.Join(env, ", "), 10*rng.IntN(100), 32*rng.IntN(64))
}
