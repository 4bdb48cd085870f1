# A line of help for a target follows its name behind two #.
.DEFAULT_GOAL := help
SHELL := /bin/bash

tool := GOFLAGS= go tool -modfile=tools/go.mod
suite := ./internal/testing/registrysuite
fuzztime ?= 3000x
suite_timeout ?= 20m
# The modules of make vulnerabilities, below tools/. Those of the consumers take minutes.
scanned ?= .. ../bench .

# need fails with a sentence if a program is missing: $(call need,program,reason).
need = @command -v $(1) >/dev/null || { echo "make $@ needs $(1) on PATH: $(2)" >&2; exit 1; }

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: check test race lint vet fmt cover fuzz golden api licences vulnerabilities
check: test lint ## Run the tests and the linters: before each commit

test: ## Run the tests
	go test ./...

# The detector makes tests several times slower. The sizes and repeats that -short reduces
# are those of make test; what runs concurrently is the same.
race: ## Run the tests with the race detector, in random order, with -short
	$(call need,$(firstword $(shell go env CC)),the race detector uses cgo)
	go test -race -short -shuffle=on ./...

lint: vet ## Check formatting, modules, staticcheck and the import rules
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "run make fmt:" $$unformatted >&2; exit 1; }
	go mod tidy -diff
	go mod verify
	cd tools && go mod tidy -diff
	$(tool) staticcheck ./...
	$(tool) depguard ./...

# The systems differ in files, and 32 bits in the sizes of integers.
vet: ## Run go vet for linux with 32 bits, darwin and windows
	GOOS=linux GOARCH=386 go vet ./...
	GOOS=darwin go vet ./...
	GOOS=windows go vet ./...

fmt: ## Format all modules
	gofmt -w .

cover: ## Print the coverage of each package, and write cover.out
	go test -coverprofile=cover.out ./... | grep -v 'no test files'

# A number of runs and not a time: at the end of a time a slow run fails with
# "context deadline exceeded" and nothing else.
fuzz: ## Run each fuzz target for fuzztime=3000x
	@targets=$$(go test -list '^Fuzz' -json ./... | \
	  sed -n 's/.*"Package":"\([^"]*\)".*"Output":"\(Fuzz[A-Za-z]*\)\\n".*/\1 \2/p') && \
	[ -n "$$targets" ] || { echo "no fuzz targets found" >&2; exit 1; }; \
	while read -r package target; do \
	  go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(fuzztime) "$$package" || exit; \
	done <<<"$$targets"

golden: ## Rewrite the golden files: a changed content digest breaks a promise
	go test ./packager ./gitops -update
	git diff --stat -- testdata gitops/testdata

api: ## Report changes of the exported API since the last tag or the merge base
	$(call need,git,it checks out the revision to compare with)
	tools/api.sh

licences: ## List the licences of the modules that packages and tests use, and refuse others
	GOFLAGS= go test -C tools ./licences
	GOFLAGS= go run -C tools ./licences ..

vulnerabilities: ## Run govulncheck, if its database (GOVULNDB) can be reached
	GOFLAGS= go test -C tools ./vulnerabilities
	GOFLAGS= go run -C tools ./vulnerabilities $(scanned)

.PHONY: test-registries docs-registries test-consumers zot
# Sets report to a file with the results, and runs the suite with all registries.
run_suite = report=$$(mktemp) && trap 'rm -f "$$report"' EXIT && failed= && \
	{ OCI_TEST_REGISTRY_KIND=all OCI_TEST_REPORT=$$report go test -count=1 -timeout $(suite_timeout) -run Registries $(suite) || failed=1; }

test-registries: ## Run the suite with every available registry, and print a table
	@$(run_suite); go run $(suite)/table "$$report" && [ -z "$$failed" ]

docs-registries: ## Do the same, and write the table to docs/registries.md
	@$(run_suite); go run $(suite)/table "$$report" docs/registries.md && [ -z "$$failed" ]

test-consumers: ## Read pushed artifacts with Flux, Argo CD and go-containerregistry; builds them once, in minutes
	cd test/consumers && OCI_TEST_REGISTRY_KIND=all go test -count=1 ./...
	cd test/consumers/argocd && OCI_TEST_REGISTRY_KIND=all go test -count=1 ./...

zot: ## Start a zot for experiments, until interrupted
	go run ./internal/testing/registrytest/play zot-docker zot

.PHONY: bench bench-quick worst compare compare-quick
bench: ## Write bench.txt for benchstat; BENCHFLAGS=-short omits trees of 200 and 500 MB
	go test -run '^$$' -bench . -count 6 -timeout 2h $(BENCHFLAGS) ./... | tee bench.txt

bench-quick: ## Run each benchmark once, without large trees
	go test -short -run '^$$' -bench . -benchtime 1x ./...

worst: ## Measure the worst trees that the limits of collection allow, for half an hour
	cd bench && go run ./worst

compare: ## Compare with flux and oras for half an hour, and write docs/benchmarks.md; trees="DIR DIR" measures those too
	cd bench && go run ./compare $(foreach tree,$(trees),-tree $(abspath $(tree))) -json ../compare.json -o ../docs/benchmarks.md \
	  -targets ../docs/benchmark-targets.md -svg ../docs/benchmarks.svg

compare-quick: ## Test the comparison, and run it for a minute
	cd bench && go mod tidy -diff && go vet ./... && go test ./... && go run ./compare -quick
