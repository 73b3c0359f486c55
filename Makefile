# Nexus: the project's targets. `make check` is what must hold before a change lands.
GO ?= go

.PHONY: build test check lint bench chaos planted kit fuzz audit

build: ## the one binary
	CGO_ENABLED=0 $(GO) build -o bin/nexus ./cmd/nexus

test: ## the README's test command
	$(GO) test ./...

lint: ## laws of the house, format, vet, staticcheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test ./scripts/lint

check: lint planted ## everything but benches and chaos
	$(GO) test -race ./...

kit: ## the openCypher TCK, totals by category
	$(GO) test ./graph/cypher/tck -run 'TestKit' -v | tail -60

planted: ## every planted bug, and the test that catches it
	$(GO) run ./scripts/planted/run

chaos: ## whole-product checks in full size: kills, histories, isolation, lanes; then planted bugs caught from outside
	NEXUS_FULL=1 NEXUS_PLANTED=1 $(GO) test -count=1 -timeout 60m -v ./scripts/chaos ./scripts/isolation

audit: ## authorization, isolation, canaries, vulnerabilities, static analysis and a minute of each fuzz target, in one table
	$(GO) run ./scripts/audit

bench: ## three real nodes and the client on this machine; docs/BENCHMARKS.md tells more
	$(GO) run ./scripts/bench

FUZZTIME ?= 30s
fuzz: ## every fuzz target in turn, FUZZTIME each
	@set -e; grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do \
	  for target in $$(grep -h '^func Fuzz' $$dir/*_test.go | sed 's/func \(Fuzz[A-Za-z0-9]*\).*/\1/'); do \
	    echo "== $$dir $$target"; $(GO) test "$$dir" -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) | tail -3; \
	  done; \
	done
