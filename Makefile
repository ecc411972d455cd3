# Loci. `make run` builds everything and opens the first notebook; `make test` runs every check. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VERSION := $(shell cat VERSION 2>/dev/null || echo 0.1.0)
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)$(shell git diff --quiet HEAD 2>/dev/null || echo +)
LDFLAGS := -s -w -X github.com/loci-lab/loci/app.Version=$(VERSION) -X github.com/loci-lab/loci/app.Commit=$(COMMIT)
GOFILES := go.mod go.sum $(shell find app backend experiments frontend/embed*.go main.go -type f 2>/dev/null)
PAGES := $(shell find frontend/src frontend/index.html frontend/public frontend/package.json frontend/vite.config.ts frontend/vite.report.config.ts -type f 2>/dev/null)

.PHONY: help run build workers desktop package test quick bench audit interop parity generate record clean
help: ## lists the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: bin/loci ## builds Loci and opens the first notebook, running, in the window or the browser
	bin/loci open experiments/memory-rewriting.md --run fast

build: bin/loci ## builds the command line program with its pages

WORKER := -trimpath -ldflags '-s -w -X main.Commit=$(COMMIT)'
PLATFORM := $(shell go env GOOS 2>/dev/null)-$(shell go env GOARCH 2>/dev/null)

bin/workers/worker-%: $(GOFILES)
	@build/setup check core
	GOOS=$(firstword $(subst -, ,$*)) GOARCH=$(lastword $(subst -, ,$*)) CGO_ENABLED=0 go build $(WORKER) -o $@ ./app/worker

workers: bin/workers/worker-linux-amd64 bin/workers/worker-linux-arm64 bin/workers/worker-darwin-arm64 ## builds the programs that carry runs out on other machines

bin/loci: $(GOFILES) frontend/dist/index.html bin/workers/worker-$(PLATFORM)
	@build/setup check core
	go build -trimpath -tags embed -ldflags '$(LDFLAGS)' -o bin/loci .

frontend/node_modules/.stamp: frontend/package.json frontend/package-lock.json
	@build/setup check core
	cd frontend && npm ci --no-audit --no-fund && touch node_modules/.stamp

frontend/dist/index.html: $(PAGES) frontend/node_modules/.stamp
	cd frontend && npm run build

desktop: bin/loci ## builds the window beside it (needs GTK 3 and WebKitGTK 4.1 on Linux)
	go build -trimpath -tags desktop,production,webkit2_41,embed -ldflags '$(LDFLAGS)' -o bin/loci-desktop .

package: desktop ## makes a Debian package of both programs, with icon, menu entry and file types
	build/package deb

test: ## runs every check: format, vet, staticcheck, race tests, pages, some fuzzing, browser and window
	build/test

quick: ## runs the Go tests without the race detector and the front end's unit tests
	go test ./... && cd frontend && npm test

bench: bin/loci ## measures speed against named peers (see README); makes a private Python environment where it can
	build/bench/setup && build/popgym/setup && bin/loci bench

interop: ## compares with transformers and the official SDK of the training protocol, where their packages install
	build/interop

parity: ## plays POPGym's Python package beside our tasks, where it installs: 1,000 episodes each must be equal
	build/popgym/parity

audit: ## looks the dependencies up in the vulnerability database (needs the network)
	go tool govulncheck ./...

generate: ## writes the generated files again: kernels, code identity, TypeScript types
	go generate ./...

clean: ## removes what was built
	rm -rf bin frontend/dist/assets frontend/dist/index.html frontend/node_modules build/out
