# Every target works from a clean clone with Go alone.

SHELL       := /bin/bash
BIN         := bin
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
CONTROLLER_GEN := sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0
SEEDS       ?= 1-1000
SEED        ?= 1
SUBJECT     ?= globalingressip
FOR         ?= 1m
SERVICES    ?= 10000
RACE        ?= ./faults/... ./model/... ./sim ./sim/apiserver/... ./sim/cluster ./controller ./scenarios
VERSION     ?= devel
REGISTRY    ?= localhost
INCIDENT    := scenarios/globalingressip/library/incident-3336.yaml
FORKS       := $(filter linux/amd64,$(shell go env GOOS)/$(shell go env GOARCH))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the two programs into bin/
	go build -o $(BIN)/ ./cmd/...

.PHONY: run
run: build ## the incident against the shipped controller and against the bug it is named after
	@echo "== the shipped controller"
	@$(BIN)/seatrial run $(INCIDENT)
	@echo
	@echo "== the controller as it was (submariner issue 3336); this one has to fail"
	@$(BIN)/seatrial run $(INCIDENT) --subject historical/3336; code=$$?; \
	if [ $$code -ne 1 ]; then echo "expected exit code 1, a violated property, and got $$code" >&2; exit 1; fi

.PHONY: modules
modules: build ## build what exact mode runs, into the user's cache; minutes the first time
	@# Side by side: the linker and the compiler to machine code keep one core busy.
	$(BIN)/seatrial replay --exact --seed 1 & module=$$!; \
	$(if $(FORKS),$(BIN)/seatrial replay --exact --engine fork --seed 1 || exit; )wait $$module

# go vet would go through every library, too, which takes a sixth of the time from empty
# caches; it stands in check.
.PHONY: test
test: modules ## all tests, a thousand generated seeds among them
	go test -vet=off -timeout 60m $(TESTFLAGS) ./...

.PHONY: race
race: ## the race detector, where goroutines share something: make race RACE=./sim
	go test -vet=off -race -short -timeout 60m $(RACE)

.PHONY: examples
examples: ## the examples: that mended ones pass (the docs show how the others fail)
	cd examples && go vet ./... && go test -vet=off ./copier/mended

.PHONY: exact
exact: modules racy ## exact mode at length: every subject, 100 seeds three times, and the racy controller
	go test -v ./internal/sweep -run 'ExactRun|Contention' -timeout 12h -exact-seeds 100 -exact-subjects all

.PHONY: racy
racy: build ## a race that native mode never shows and exact mode finds
	GOMAXPROCS=1 go test -count 100 ./internal/exact/racy
	$(call exactly,wasm,GOOS=wasip1 GOARCH=wasm)
	$(if $(FORKS),$(call exactly,fork,CGO_ENABLED=0))

# exactly runs seeds of the racy controller, $(1) the engine, $(2) what it is built for.
define exactly
export PATH="$$PWD/$(BIN):$$PATH"; flags="$$(seatrial exec --build-flags --engine $(1) ./internal/exact/racy)"; \
eval "$(2) go test -count 1 -exec 'seatrial exec --seeds 1-100' $$flags ./internal/exact/racy" 2>&1 | \
tee /dev/stderr | grep -q 'ports given twice'
endef

.PHONY: check
check: ## formatting, vet, staticcheck, the wasm build, then the tests
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	GOOS=wasip1 GOARCH=wasm go vet ./sim/... ./faults/... ./model/... ./controller/... ./scenarios/... ./internal/sweep ./internal/exact/...
	$(MAKE) generated
	$(MAKE) test

.PHONY: lint
lint: ## golangci-lint with .golangci.yml; minutes the first time
	go run $(GOLANGCI) run ./...

.PHONY: sweep
sweep: build ## generated plans: make sweep SEEDS=1-1000 SUBJECT=globalingressip
	$(BIN)/seatrial sweep --seeds $(SEEDS) --subject $(SUBJECT)

.PHONY: replay
replay: build ## one seed with every event: make replay SEED=7
	$(BIN)/seatrial replay --seed $(SEED) --subject $(SUBJECT) --trace

.PHONY: catalogue
catalogue: build ## runs to detection of every historical bug, into BUGS.md; takes hours
	$(BIN)/seatrial catalogue --write BUGS.md

.PHONY: detection
detection: ## how soon the search finds the corpus of public bugs, into docs/inside/detection.md; takes hours
	go test ./detection -run TestMeasure -timeout 0 -detection.ranges=10 -detection.mended=100 -detection.write=../docs/inside/detection.md

.PHONY: mutants
mutants: ## mistakes made by hand in the controller: which are found, and by what, into docs/globalingressip/mutants.md; takes an hour
	go run ./controller/mutants/measure -write docs/globalingressip/mutants.md

# Go spends up to a minute on making one new input smaller; a run is too slow
# for that, and seatrial shrink does it better.
FUZZ := scenarios/globalingressip:FuzzPlan scenarios/globalingressip:FuzzParse scenarios/globalingressip:FuzzSchema sim/apiserver:FuzzHandle sim/apiserver:FuzzBody

.PHONY: fuzz
fuzz: ## the native fuzz targets, one after the other: make fuzz FOR=10m
	@for target in $(FUZZ); do \
	  echo "== $$target"; \
	  go test ./$${target%%:*} -run '^$$' -fuzz "^$${target##*:}$$" -fuzztime $(FOR) -fuzzminimizetime 1x || exit 1; \
	done

.PHONY: differential
differential: ## random requests to the simulated server and to a real one: make differential FOR=10m
	cd differential && go run . -known known.json -for $(FOR) -seed $(SEED)

.PHONY: generate
generate: ## the CRD and the deep-copy functions, from controller/api
	go run $(CONTROLLER_GEN) object crd paths=./controller/api/... output:crd:dir=deploy/crds

.PHONY: generated
generated: ## are they up to date?
	@dir=$$(mktemp -d) && go run $(CONTROLLER_GEN) crd paths=./controller/api/... output:crd:dir=$$dir && \
	diff $$dir/submariner.io_globalingressips.yaml deploy/crds/submariner.io_globalingressips.yaml || \
	{ echo "deploy/crds is not what controller/api says: make generate"; exit 1; }; rm -r $$dir

.PHONY: e2e
e2e: ## the deployable controller on a real kube-apiserver (built from source, cached): make e2e ONLY=calm
	cd differential && go run ./e2e -run '$(ONLY)' ../scenarios/globalingressip/library e2e/scenarios

.PHONY: scale
scale: ## exported Services on a real kube-apiserver: make scale SERVICES=10000
	cd differential && go run ./e2e -scale $(SERVICES)

.PHONY: gallery
gallery: ## controllers that others wrote, in a module of their own
	cd scenarios/thirdparty && go test ./...
	cd scenarios/thirdparty/kubernetes136 && go test ./...

.PHONY: ginkgo
ginkgo: ## trials in specs of Ginkgo, in a module of their own
	cd testdata/ginkgo && go test -count=1 .
	cd testdata/ginkgo && ! GIVE_UP=1 go test -count=1 . -seatrial.failures=1 > gave-up.log
	cd testdata/ginkgo && grep -q 'like-twin: secrets default/site' gave-up.log && rm -r gave-up.log testdata

.PHONY: programs
programs: ## controllers as they ship, in virtual time: 100 seeds three times; minutes to build
	go test -v ./sim/program -timeout 4h -seeds 100

.PHONY: bench
bench: ## the figures of docs/inside/performance.md; beside another commit's: make bench BASE=main~1; REAL=1: beside a real kube-apiserver
	go run ./internal/bench $(if $(BASE),-base $(BASE)) $(if $(REAL),-real)

.PHONY: cover
cover: ## test coverage
	go test ./... -coverprofile=coverage.out -coverpkg=./...
	go tool cover -func=coverage.out | tail -1

.PHONY: release
release: ## what a tagged commit is released as, into out/release: make release VERSION=v0.6.0
	.ci/release $(VERSION)

.PHONY: images
images: ## container images of seatrial and the controller, by buildah: make images VERSION=v0.6.0 REGISTRY=ghcr.io/me
	buildah build --build-arg VERSION=$(VERSION) --target seatrial -t $(REGISTRY)/seatrial:$(VERSION) .
	buildah build --build-arg VERSION=$(VERSION) --target controller -t $(REGISTRY)/globalingressip-controller:$(VERSION) .
	buildah build --build-arg VERSION=$(VERSION) --target gateway -t $(REGISTRY)/globalingressip-controller-gateway:$(VERSION) .

.PHONY: install
install: build ## seatrial into GOBIN, and as a plugin of kubectl: kubectl seatrial
	install -D $(BIN)/seatrial $${GOBIN:-$$(go env GOPATH)/bin}/seatrial
	ln -sf seatrial $${GOBIN:-$$(go env GOPATH)/bin}/kubectl-seatrial

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN) out coverage.out

.PHONY: screenshots
screenshots: ## make the pictures of docs/ anew (needs Chromium)
	SEATRIAL_SCREENSHOTS=$(CURDIR)/docs/images go test -count=1 -run 'TestTheDocumentationsPictures' ./internal/report
