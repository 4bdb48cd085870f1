.PHONY: test bench compare

test:
	go test ./...

# Writes what golang.org/x/perf/cmd/benchstat reads. Trees of 200 and 500 MB are
# among them: add BENCHFLAGS=-short to leave them out.
bench:
	go test -run '^$$' -bench . -count 6 -timeout 2h $(BENCHFLAGS) ./... | tee bench.txt

# Takes half an hour, and the programs flux and oras if they are on PATH.
compare:
	cd bench && go run ./compare -json ../compare.json -o ../docs/benchmarks.md -svg ../docs/benchmarks.svg
