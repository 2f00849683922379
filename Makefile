# What one does with Florin's sources. `make help` lists it.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Arguments for the program: make run ARGS="--listen 127.0.0.1:9090"
ARGS ?=
# The simulation's seed: make sim SEED=7
SEED ?=
# How long each fuzz test runs: make fuzz FUZZTIME=5m
FUZZTIME ?= 10s
# How long one package's tests may take.
TIMEOUT ?= 4m
# The same with services, whose servers share the machine with the tests.
SERVICES_TIMEOUT ?= 10m
# 1 installs the packages that services and their tests need; services' ports begin at FLORIN_SERVICES_PORT.
INSTALL ?=
export INSTALL

LINTER := bin/golangci-lint

# Searches the test files; finding nothing is no error.
GREP_TESTS := grep_tests() { \
	grep -rE --include='*_test.go' --exclude-dir={.git,.services,node_modules,tools} "$$@" || [ $$? -eq 1 ]; \
}; grep_tests

# with-tag runs the packages that have tests behind the build tag $(1); $(2) says what those tests need.
define with-tag
	@packages=$$($(GREP_TESTS) -l '^//go:build .*\b$(1)\b' . | xargs -r dirname | sort -u); \
	if [ -z "$$packages" ]; then echo "No test needs $(2): nothing to run."; exit; fi; \
	go test -tags $(1) -timeout $(SERVICES_TIMEOUT) $$packages
endef

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/florin
	go build -o bin/ ./cmd/florin

.PHONY: run
run: build ## build and start the service, its data in ./florin-data (ARGS="--listen ADDR")
	exec bin/florin serve $(ARGS)

.PHONY: test
test: ## run all tests that need nothing but Go
	go test -timeout $(TIMEOUT) ./...

.PHONY: race
race: ## run the same tests under the race detector
	go test -race -timeout 15m ./...

.PHONY: services
services: ## start PostgreSQL and PgBouncer in ./.services (INSTALL=1 installs them first, as root on Debian)
	@tools/services/services up

.PHONY: services-down
services-down: ## stop them; what they hold stays
	@tools/services/services down

.PHONY: services-status
services-status: ## say which of them run, and as what
	@tools/services/services status || true

.PHONY: test-services
test-services: ## run the tests that need a real database, broker or cache (INSTALL=1 installs what is missing)
	@tools/services/services install || { [ "$${CI:-}" != true ] && [ "$$INSTALL" != 1 ]; }
	$(call with-tag,services,a service of its own)

.PHONY: test-browser
test-browser: ## run the tests that need a browser
	$(call with-tag,browser,a browser)

.PHONY: lint
lint: $(LINTER) ## run the linters
	$(LINTER) run ./...

.PHONY: fmt
fmt: $(LINTER) ## format the sources
	$(LINTER) fmt ./...

.PHONY: generate
generate: ## write the generated files anew
	go generate ./...

.PHONY: verify
verify: ## all that must hold before a change is merged: build, vet, tidy, test, lint
	go build ./...
	go vet ./...
	go mod tidy -diff
	$(MAKE) test
	$(MAKE) lint

.PHONY: sim
sim: build ## run the deterministic simulation (SEED=7 repeats a run)
	bin/florin sim $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: bench
bench: build ## measure payments per second, with the ceilings (ARGS="--mode single")
	bin/florin bench $(ARGS)

.PHONY: fuzz
fuzz: ## run every fuzz test for FUZZTIME (10s) each
	@$(GREP_TESTS) -o '^func Fuzz[A-Za-z0-9_]*' . | sort -u | while IFS=: read -r file func; do \
		name=$${func#func }; \
		echo "== $$name in $${file%/*}, $(FUZZTIME)"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzzminimizetime 1s -fuzztime $(FUZZTIME) "$${file%/*}" < /dev/null; \
	done

.PHONY: clean
clean: ## remove what was built
	rm -rf bin

# The linter is built from its own module once, and again when its version changes.
$(LINTER): tools/go.mod tools/go.sum
	cd tools && go build -o ../$(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
