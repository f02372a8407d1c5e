# Targets for people; CI calls .ci/run, which calls `make check`.
GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 10s
export CGO_ENABLED = 0

.PHONY: build test check race lint fuzz bench bench-index ratios long cross golden clean

build: ## the binary for this machine
	$(GO) build -trimpath -o debrief ./cmd/debrief

test: ## all tests
	$(GO) test ./...

check: lint test cross ## what must pass before a change lands

race: ## all tests under the race detector (needs cgo)
	CGO_ENABLED=1 $(GO) test -race ./...

lint: ## formatting, vet, staticcheck, tidy module file, rule files
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these files"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	$(GO) run ./cmd/debrief rules lint

cross: ## static binaries for the three systems
	GOOS=linux GOARCH=amd64 $(GO) build -trimpath -o dist/debrief-linux-amd64 ./cmd/debrief
	GOOS=windows GOARCH=amd64 $(GO) build -trimpath -o dist/debrief-windows-amd64.exe ./cmd/debrief
	GOOS=darwin GOARCH=arm64 $(GO) build -trimpath -o dist/debrief-darwin-arm64 ./cmd/debrief

fuzz: ## every fuzz target for FUZZTIME
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "== $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$p || exit 1; \
	  done; \
	done

bench: ## all benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

ratios: ## decoders against other programs in one run, where these and a corpus are at hand
	$(GO) test -run '^$$' -bench 'Against|Ratio' -benchtime 3x ./ingest/cab ./parsers/evtx
	$(GO) test -run '^$$' -bench RatioCMTrace -benchtime 50x -cpu 1 ./parsers
	$(GO) test -run '^$$' -bench RatioParse -benchtime 3x -cpu 1 ./pipeline

bench-index: ## the archive against one bleve document an event, on a million events
	DEBRIEF_BENCH_EVENTS=1000000 $(GO) test -run '^$$' -bench 'AgainstBleve|Search' -benchtime 1x -timeout 30m ./index

golden: ## write the golden files anew; read the diff before you commit it
	$(GO) test ./parsers ./rules ./report ./timeline ./pipeline ./pipeline/nightly ./internal/synth ./ingest -update

clean:
	rm -rf debrief dist

long: ## the tests of a thousand bundles: batch killed at random moments, and judged anew
	DEBRIEF_LONG=1 $(GO) test ./pipeline -run 'BatchKilled|RejudgeIsCheap' -v -timeout 60m
