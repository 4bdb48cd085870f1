package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

// profile writes profiles to files whose paths start with prefix, until the caller calls
// stop: of the CPU, and of the heap each time that it has grown by a tenth.
func profile(prefix string) (stop func() error, err error) {
	if err := os.MkdirAll(filepath.Dir(prefix), 0o755); err != nil {
		return nil, err
	}
	cpu, err := os.Create(prefix + ".cpu")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		var largest uint64
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			if stats.HeapInuse > largest+largest/10 {
				largest = stats.HeapInuse
				if heap, err := os.Create(prefix + ".heap"); err == nil {
					_ = pprof.Lookup("heap").WriteTo(heap, 0) // the next one may succeed
					_ = heap.Close()
				}
			}
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	})
	return func() error {
		close(done)
		sampling.Wait()
		pprof.StopCPUProfile()
		return cpu.Close()
	}, nil
}
