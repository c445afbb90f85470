# Everything a contributor or CI runs. `make` alone lists it.
#
# Third-party programs (kubectl, krew, goreleaser, golangci-lint, the cluster's own)
# are pinned by hack/programs/*/go.mod and built on first use; Debian packages are
# installed, or named, by hack/need. Go modules are pinned by go.mod. Nothing else.

PLUGINS := $(patsubst plugins/%/main.go,%,$(wildcard plugins/kubectl-*/main.go))
PROGRAM := hack/programs/build

VERSION ?= $(or $(shell git describe --tags --match 'v*' --dirty 2>/dev/null),v0.0.0-dev)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null)
# The commit's date, not today's: the same commit always gives the same bytes.
DATE    ?= $(shell git log -1 --format=%cI 2>/dev/null)

CLI     := github.com/kubectl-suite/kubectl-suite/pkg/cli
LDFLAGS := -s -w -X $(CLI).version=$(VERSION) -X $(CLI).commit=$(COMMIT) -X $(CLI).date=$(DATE)

# What the tests start beside Go: a C compiler for -race, and real servers and a real browser.
TEST_PACKAGES := gcc libc6-dev redis-server redis-tools docker-registry skopeo chromium

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-18s%s\n", $$1, $$2}'

.PHONY: build
build: $(addprefix bin/,$(PLUGINS)) ## Build bin/kubectl-<plugin>, static and stripped

bin/%: FORCE
	@echo "building $@ $(VERSION)"
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $@ ./plugins/$*

.PHONY: FORCE
FORCE: # go's own cache knows better than make what is out of date

.PHONY: test
test: ## Run all tests that need no cluster, with the race detector; ends with counts
	@hack/need $(TEST_PACKAGES)
	go run ./hack/testcount -race -timeout=30m ./...

.PHONY: e2e
e2e: ## Bring a real cluster up, test the plugins on it, take it down (Linux, root)
	hack/e2e

.PHONY: demo
demo: ## Show the plugins at work without a cluster, in minutes
	@hack/need redis-server docker-registry
	@$(MAKE) --no-print-directory build
	@# The flags of build, so that what it compiled is not compiled again.
	@CGO_ENABLED=0 go run -trimpath ./hack/demo

.PHONY: bench
bench: ## Run the benchmarks
	@hack/need $(TEST_PACKAGES)
	go test -run '^$$' -bench . -benchmem ./pkg/... ./plugins/...
	go run ./hack/bench/redismem # in a real pod if TESTBED_KUBECONFIG is set
	go run ./hack/bench/regprune

.PHONY: lint
lint: ## Check formatting, go vet, linters and shell scripts
	hack/lint

.PHONY: cluster-up
cluster-up: ## Bring the test cluster up; prints the KUBECONFIG to export (Linux, root)
	hack/testbed/testbed up

.PHONY: cluster-down
cluster-down: ## Take the test cluster down
	hack/testbed/testbed down

.PHONY: release-snapshot
release-snapshot: ## Build dist/ for all platforms as a release would, without publishing
	hack/snapshot

.PHONY: krew-test
krew-test: ## Install the plugins with krew from dist/ and run them through kubectl
	hack/krew-test

.PHONY: clean
clean: ## Remove bin/ and dist/
	rm -rf bin dist
