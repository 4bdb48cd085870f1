.PHONY: test test-registries test-consumers zot bench compare

test:
	go test ./...

# The suite with every registry that is here: docs/testing.md. The table is for the
# README.
test-registries:
	@report=$$(mktemp) && trap 'rm -f "$$report"' EXIT && \
	OCI_TEST_REGISTRY_KIND=all OCI_TEST_REPORT=$$report go test -count=1 -timeout 20m -run Registries ./internal/testing/registrysuite; \
	go run ./internal/testing/registrysuite/table "$$report"

# What Flux, Argo CD and go-containerregistry make of what is pushed, with every
# registry that is here: docs/testing.md. Building Argo CD takes minutes, once.
test-consumers:
	cd test/consumers && OCI_TEST_REGISTRY_KIND=all go test -count=1 ./...
	cd test/consumers/argocd && OCI_TEST_REGISTRY_KIND=all go test -count=1 ./...

# A registry to play with, until it is interrupted.
zot:
	go run ./internal/testing/registrytest/play zot-docker zot

# Writes what golang.org/x/perf/cmd/benchstat reads. Trees of 200 and 500 MB are
# among them: add BENCHFLAGS=-short to leave them out.
bench:
	go test -run '^$$' -bench . -count 6 -timeout 2h $(BENCHFLAGS) ./... | tee bench.txt

# Takes half an hour, and the programs flux and oras if they are on PATH.
compare:
	cd bench && go run ./compare -json ../compare.json -o ../docs/benchmarks.md -svg ../docs/benchmarks.svg
