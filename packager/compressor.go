package packager

import (
	"sync"

	"github.com/kubeoci/oci/internal/program"
)

// compressorVersion identifies the code that compresses, because another version of it may
// compress the same bytes otherwise. It is empty if that is not known.
var compressorVersion = sync.OnceValue(func() string { return program.Version("github.com/klauspost/compress") })
